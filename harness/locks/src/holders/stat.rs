use super::proc::Proc;
use super::task::Task;
use rustix::io::Errno;

/// `PF_EXITING` of include/linux/sched.h.
const EXITING: u32 = 0x0000_0004;
/// `PF_KTHREAD` of include/linux/sched.h.
const KERNEL_THREAD: u32 = 0x0020_0000;

/// The facts in /proc/PID/stat (proc_pid_stat(5)) that a survey needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stat {
    /// The short name, without the parentheses.
    pub(super) comm: String,
    state: u8,
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    flags: u32,
    /// The number of threads of the process, including a main thread that has exited.
    pub(super) threads: u32,
    /// The start, in ticks of the clock since the boot.
    pub(super) started: u64,
}

impl Stat {
    /// The facts of a task.
    pub(super) fn of(task: Task, proc: &mut Proc) -> Result<Stat, Errno> {
        // An incomplete file is one of a task that has just exited.
        Stat::parse(proc.record(format_args!("{task}/stat"))?).ok_or(Errno::SRCH)
    }

    fn parse(text: &[u8]) -> Option<Stat> {
        // The name can contain spaces and parentheses.
        let open = text.iter().position(|byte| *byte == b'(')?;
        let close = text.iter().rposition(|byte| *byte == b')')?;
        let comm = String::from_utf8_lossy(text.get(open + 1..close)?).into_owned();
        let rest = std::str::from_utf8(text.get(close + 1..)?).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        // The state is field 3 in proc_pid_stat(5).
        let state = *fields.next()?.as_bytes().first()?;
        let mut fields = (4..).zip(fields);
        let mut field = |number| {
            let (_, word) = fields.find(|(at, _)| *at == number)?;
            Some(word)
        };
        Some(Stat {
            comm,
            state,
            parent: field(4)?.parse().ok()?,
            group: field(5)?.parse().ok()?,
            session: field(6)?.parse().ok()?,
            flags: field(9)?.parse().ok()?,
            threads: field(20)?.parse().ok()?,
            started: field(22)?.parse().ok()?,
        })
    }

    /// Returns whether it is a thread of the kernel, which has no descriptors.
    pub(super) fn is_kernel_thread(&self) -> bool {
        self.flags & KERNEL_THREAD != 0
    }

    /// Returns whether the task has exited. A zombie has no descriptors. If it is a main thread, other
    /// threads of its process can be alive.
    pub(super) fn has_exited(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x')
    }

    /// Returns whether the process has exited with all its threads.
    pub(super) fn has_ended(&self) -> bool {
        self.has_exited() && self.threads <= 1
    }

    /// Returns whether the task is on its way out and still in the kernel. It closes its descriptors
    /// there, and holds locks until it has closed them (`do_exit` in kernel/exit.c).
    pub(super) fn is_exiting(&self) -> bool {
        self.flags & EXITING != 0 && !self.has_exited()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(state: char, flags: u32, threads: u32) -> Stat {
        let text = format!(
            "812 (a (b) c) {state} 700 811 810 34816 812 {flags} 0 0 0 0 1 2 3 4 20 0 {threads} 0 5077 9 9"
        );
        Stat::parse(text.as_bytes()).expect("a stat")
    }

    #[test]
    fn a_stat_is_read_field_by_field() {
        let seen = stat('S', 0x400000, 3);
        assert_eq!(seen.comm, "a (b) c");
        assert_eq!((seen.parent, seen.group, seen.session), (700, 811, 810));
        assert_eq!((seen.threads, seen.started), (3, 5077));
        assert!(!seen.is_kernel_thread() && !seen.is_exiting() && !seen.has_exited());
        assert_eq!(Stat::parse(b"812 (cut) S 700"), None);
        assert_eq!(Stat::parse(b""), None);
    }

    #[test]
    fn a_task_that_exits_is_not_yet_a_zombie() {
        assert!(stat('D', EXITING, 1).is_exiting());
        let zombie = stat('Z', EXITING, 1);
        assert!(zombie.has_exited() && zombie.has_ended() && !zombie.is_exiting());
        let main_thread = stat('Z', EXITING, 2);
        assert!(main_thread.has_exited() && !main_thread.has_ended());
        assert!(stat('S', KERNEL_THREAD, 1).is_kernel_thread());
    }

    #[test]
    fn this_process_runs_a_program() {
        let mut proc = Proc::open().expect("/proc");
        let ours = Stat::of(Task::main(std::process::id() as i32), &mut proc).expect("our stat");
        assert_eq!(ours.parent, std::os::unix::process::parent_id() as i32);
        assert!(!ours.is_kernel_thread() && !ours.is_exiting() && ours.threads > 0, "{ours:?}");
        // No process has this number (PID_MAX_LIMIT is 2^22).
        assert_eq!(Stat::of(Task::main(1 << 23), &mut proc), Err(Errno::NOENT));
    }
}

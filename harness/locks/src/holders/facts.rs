use std::collections::HashMap;
use std::os::fd::RawFd;
use std::time::{Duration, SystemTime};

use rustix::io::Errno;

use super::HolderProcess;
use super::proc::Proc;
use super::stat::Stat;
use super::task::Task;
use crate::lock_table::{AnyLine, LockClass};
use crate::served::FileServer;

/// Known facts about processes. Each is read when it is first needed.
#[derive(Debug)]
pub(super) struct Facts {
    proc: Proc,
    processes: HashMap<Task, Option<HolderProcess>>,
    users: HashMap<u32, Option<String>>,
    parents: HashMap<i32, Option<Parent>>,
    exiting: Option<Vec<HolderProcess>>,
    servers: HashMap<i32, Option<FileServer>>,
}

/// The facts about a parent process.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parent {
    comm: String,
    session: i32,
}

impl Facts {
    pub(super) fn new(proc: Proc) -> Facts {
        let (processes, users, parents, servers) = Default::default();
        Facts { proc, processes, users, parents, exiting: None, servers }
    }

    /// The process of a task, with these descriptors in the task's table. `None` if it has exited with
    /// all its threads.
    pub(super) fn process(&mut self, task: Task, mut fds: Vec<RawFd>) -> Option<HolderProcess> {
        fds.sort_unstable();
        self.learn(task);
        let known = self.processes.get(&task)?.as_ref()?;
        Some(HolderProcess { fds, ..known.clone() })
    }

    /// Reads the facts about the process of a task.
    pub(super) fn learn(&mut self, task: Task) {
        if !self.processes.contains_key(&task) {
            let read = self.read(task);
            self.processes.insert(task, read);
        }
    }

    /// Adds what another thread has read.
    pub(super) fn absorb(&mut self, other: Facts) {
        self.processes.extend(other.processes);
        self.users.extend(other.users);
        self.parents.extend(other.parents);
    }

    /// The tasks that are on their way out and still in the kernel, among `bare` ones. They may hold
    /// locks of descriptors that they no longer show. They are looked for once.
    pub(super) fn exiting(&mut self, bare: &[Task]) -> Vec<HolderProcess> {
        if self.exiting.is_none() {
            self.exiting = Some(self.look_for_exiting(bare));
        }
        self.exiting.clone().unwrap_or_default()
    }

    fn look_for_exiting(&mut self, bare: &[Task]) -> Vec<HolderProcess> {
        let mut exiting = Vec::new();
        for &task in bare {
            let Ok(stat) = Stat::of(task, &mut self.proc) else { continue };
            if stat.is_exiting() {
                exiting.extend(self.process(task, Vec::new()));
            } else if task.thread().is_none() && stat.threads > 1 {
                // The main thread of a process exits first, if all of them are killed.
                let threads = self.proc.threads(task.pid).unwrap_or_default();
                let others = threads.into_iter().filter(|tid| *tid != task.pid);
                let others: Vec<Task> = others.map(|tid| Task { tid, ..task }).collect();
                exiting.extend(self.look_for_exiting(&others));
            }
        }
        exiting
    }

    /// The file server whose thread requested a lock for a client. `None` if a process requested it,
    /// or if that is not known.
    pub(super) fn server(&mut self, line: &AnyLine) -> Option<FileServer> {
        let Some(pid) = line.pid else {
            // No process has a delegation whose owner the kernel does not name.
            return (line.class == LockClass::Delegation).then_some(FileServer::Nfsd);
        };
        let proc = &mut self.proc;
        let read = || {
            let stat = Stat::of(Task::main(pid), proc).ok()?;
            stat.is_kernel_thread().then(|| FileServer::of_thread(&stat.comm))
        };
        *self.servers.entry(pid).or_insert_with(read)
    }

    fn read(&mut self, task: Task) -> Option<HolderProcess> {
        let Task { pid, .. } = task;
        let stat =
            Stat::of(Task::main(pid), &mut self.proc).ok().filter(|stat| !stat.has_ended())?;
        let uid = self.proc.user(Task::main(pid)).ok();
        let parent = self.parent(stat.parent);
        // The main thread may have exited, and has no command line then.
        let text = self.proc.record(format_args!("{task}/cmdline")).unwrap_or_default();
        let command = command(text);
        Some(HolderProcess {
            pid,
            thread: task.thread(),
            ppid: (stat.parent > 0).then_some(stat.parent),
            orphan: is_orphan(pid, &stat, parent.as_ref(), &mut self.proc),
            parent: parent.map(|parent| parent.comm),
            uid,
            user: uid.and_then(|uid| self.user(uid)),
            command,
            started: started(&stat),
            comm: stat.comm,
            fds: Vec::new(),
        })
    }

    /// The directory that the facts are read from.
    pub(super) fn proc(&mut self) -> &mut Proc {
        &mut self.proc
    }

    fn parent(&mut self, pid: i32) -> Option<Parent> {
        let proc = &mut self.proc;
        let read = || {
            let stat = Stat::of(Task::main(pid), proc).ok()?;
            Some(Parent { comm: stat.comm, session: stat.session })
        };
        self.parents.entry(pid).or_insert_with(read).clone()
    }

    fn user(&mut self, uid: u32) -> Option<String> {
        self.users.entry(uid).or_insert_with(|| user_name(uid)).clone()
    }
}

/// The name of a user, as getpwuid(3) returns it.
#[cfg(not(target_feature = "crt-static"))]
fn user_name(uid: u32) -> Option<String> {
    nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid))
        .ok()
        .flatten()
        .map(|user| user.name)
}

/// The name of a user in /etc/passwd. For other sources, a static glibc would load shared
/// libraries, which must have its own version; it crashes with others.
#[cfg(target_feature = "crt-static")]
fn user_name(uid: u32) -> Option<String> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let uid = uid.to_string();
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    })
}

/// Returns whether the process that started this one has exited, as far as this is visible.
///
/// A process starts in the session of its parent and leaves it only by setsid(2), which makes it
/// the leader of a new session. So if a process is not a session leader and its session differs
/// from that of its parent, it was reparented to the init process or to a subreaper. Within one
/// session, as in many containers, only children of init can be recognised: the leader of their
/// process group has exited.
fn is_orphan(pid: i32, stat: &Stat, parent: Option<&Parent>, proc: &mut Proc) -> bool {
    let Some(parent) = parent else { return false };
    if stat.session == pid {
        return false;
    }
    let mut group_lost =
        || stat.group != pid && Stat::of(Task::main(stat.group), proc) == Err(Errno::NOENT);
    parent.session != stat.session || (stat.parent == 1 && group_lost())
}

/// The start time in whole seconds. The kernel reports it no more precisely.
fn started(stat: &Stat) -> Option<SystemTime> {
    let boot = procfs::boot_time_secs().ok()?;
    let seconds = boot + stat.started / procfs::ticks_per_second().max(1);
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// The words of a command line, which need not be UTF-8.
fn command(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let text = text.trim_end_matches('\0');
    if text.is_empty() { Vec::new() } else { text.split('\0').map(str::to_owned).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The facts of this process with other numbers.
    fn stat(parent: i32, group: i32, session: i32) -> Stat {
        let mut proc = Proc::open().expect("/proc");
        let mut stat =
            Stat::of(Task::main(std::process::id() as i32), &mut proc).expect("our stat");
        (stat.parent, stat.group, stat.session) = (parent, group, session);
        stat
    }

    /// No process has this number (PID_MAX_LIMIT is 2^22).
    const GONE: i32 = 1 << 23;

    #[rstest::rstest]
    #[case::of_its_parents_session(stat(40, 50, 7), 7, false)]
    #[case::in_a_group_whose_founder_is_gone(stat(40, GONE, 7), 7, false)]
    #[case::founder_of_a_session(stat(1, 50, 50), 7, false)]
    #[case::handed_to_another_session(stat(40, 50, 7), 8, true)]
    #[case::handed_to_init(stat(1, 50, 7), 1, true)]
    #[case::handed_to_init_in_a_container(stat(1, GONE, 7), 7, true)]
    #[case::started_by_init_in_a_container(stat(1, 50, 7), 7, false)]
    fn an_orphan_is_told_by_its_parents_session(
        #[case] stat: Stat,
        #[case] session: i32,
        #[case] orphan: bool,
    ) {
        let parent = Parent { comm: "sh".to_owned(), session };
        let mut proc = Proc::open().expect("/proc");
        assert_eq!(is_orphan(50, &stat, Some(&parent), &mut proc), orphan);
    }

    #[test]
    fn a_process_is_known_by_its_command_user_and_start() {
        let task = Task::main(std::process::id() as i32);
        let mut facts = Facts::new(Proc::open().expect("/proc"));
        let known = facts.process(task, vec![7, 3]).expect("this process");
        assert_eq!(known.fds, [3, 7]);
        assert_eq!(known.thread, None);
        assert_eq!(known.command, std::env::args().collect::<Vec<_>>());
        assert_eq!(known.uid, Some(nix::unistd::Uid::effective().as_raw()));
        assert_eq!(known.ppid, Some(std::os::unix::process::parent_id() as i32));
        let age = known.started.expect("a start").elapsed().expect("in the past");
        assert!(age < Duration::from_secs(3600), "{age:?}");
        assert_eq!(facts.process(task, vec![5]).expect("this process").fds, [5]);
        assert_eq!(facts.process(Task::main(GONE), Vec::new()), None);
        assert_eq!(facts.exiting(&[Task::main(GONE)]), []);
    }
}

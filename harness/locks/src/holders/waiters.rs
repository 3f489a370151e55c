use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::os::fd::RawFd;

use nix::libc;

use super::descriptor::Descriptor;
use super::facts::Facts;
use super::proc::Proc;
use super::task::Task;
use super::{HolderProcess, OwnedLock, Waiter};
use crate::lock_table::{AnyLine, LockClass};
use crate::raw::compare_tables;

/// The waiters of a file, from the waiting lines of /proc/locks and the descriptors of the file.
///
/// The lines of POSIX and flock(2) locks contain the process. For OFD locks the kernel reports no
/// process. In that case, every thread in a call that waits for an OFD lock on a descriptor of this
/// file is listed.
pub(super) fn waiters(
    lines: &[AnyLine],
    descriptors: &[Descriptor],
    facts: &mut Facts,
) -> Vec<Waiter> {
    let ofd = lines.iter().filter(|line| line.class == LockClass::Ofd).count();
    let calls: Vec<Call> =
        if lines.is_empty() { Vec::new() } else { calls(descriptors, facts.proc()) };
    let waiting: Vec<&Call> = calls.iter().filter(|call| call.class == LockClass::Ofd).collect();
    let mut candidates: BTreeMap<Task, Vec<RawFd>> = BTreeMap::new();
    for call in &waiting {
        candidates.entry(call.task).or_default().push(call.fd);
    }
    let certain = waiting.len() == ofd && candidates.len() == 1;
    let named = |line: &AnyLine, facts: &mut Facts| -> Vec<HolderProcess> {
        let Some(pid) = line.pid else { return Vec::new() };
        let mut tables: BTreeMap<Task, Vec<RawFd>> = BTreeMap::new();
        for call in calls.iter().filter(|call| call.task.pid == pid && call.class == line.class) {
            tables.entry(call.task).or_default().push(call.fd);
        }
        let (task, fds) = tables.pop_first().unwrap_or((Task::main(pid), Vec::new()));
        facts.process(task, unique(fds)).into_iter().collect()
    };
    let mut waiters = Vec::new();
    for line in lines {
        let server = facts.server(line);
        let (processes, certain) = match line.class {
            _ if server.is_some() => (Vec::new(), false),
            LockClass::Ofd => {
                let each = candidates.iter();
                let each = each.filter_map(|(task, fds)| facts.process(*task, unique(fds.clone())));
                (each.collect(), certain)
            }
            _ => {
                let processes = named(line, facts);
                let known = !processes.is_empty();
                (processes, known)
            }
        };
        let lock = OwnedLock { class: line.class, kind: line.kind, range: line.range };
        waiters.push(Waiter { lock, processes, certain, server });
    }
    waiters
        .sort_by_key(|waiter| (waiter.processes.first().map(|process| process.pid), waiter.lock));
    waiters
}

/// A thread that waits in the kernel for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Call {
    /// A task with the thread's descriptor table.
    task: Task,
    fd: RawFd,
    class: LockClass,
}

/// The threads that wait for a lock on one of these descriptors.
fn calls(descriptors: &[Descriptor], proc: &mut Proc) -> Vec<Call> {
    let mut processes: BTreeMap<i32, Vec<(Task, RawFd)>> = BTreeMap::new();
    for descriptor in descriptors {
        let known = processes.entry(descriptor.task.pid).or_default();
        known.push((descriptor.task, descriptor.fd));
    }
    let mut calls = Vec::new();
    for (pid, known) in processes {
        for tid in proc.threads(pid).unwrap_or_default() {
            let text = proc.record(format_args!("{pid}/task/{tid}/syscall"));
            let Some((fd, class)) = text.ok().and_then(awaited) else { continue };
            let mut tasks = known.iter().filter(|(task, number)| {
                *number == fd && (task.tid == tid || shares_table(*task, tid))
            });
            if let Some(&(task, _)) = tasks.next() {
                calls.push(Call { task, fd, class });
            }
        }
    }
    calls
}

/// Returns whether a thread uses the descriptor table of a task. Without kcmp(2), threads of a process
/// count as sharing one.
fn shares_table(task: Task, tid: i32) -> bool {
    compare_tables(task.tid, tid).map_or(true, Ordering::is_eq)
}

/// Parses /proc/PID/task/TID/syscall: the number of the system call, then its arguments. Returns
/// the descriptor and the kind of lock if the call waits for a lock. Programs with another word
/// size have other call numbers and are not recognised.
fn awaited(text: &[u8]) -> Option<(RawFd, LockClass)> {
    let mut words = std::str::from_utf8(text).ok()?.split_ascii_whitespace();
    let call: libc::c_long = words.next()?.parse().ok()?;
    let mut argument = || i64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok();
    let fd = RawFd::try_from(argument()?).ok()?;
    let class = match (call, i32::try_from(argument()?).ok()?) {
        (libc::SYS_fcntl, libc::F_OFD_SETLKW) => LockClass::Ofd,
        (libc::SYS_fcntl, libc::F_SETLKW) => LockClass::Posix,
        (libc::SYS_flock, _) => LockClass::Flock,
        _ => return None,
    };
    Some((fd, class))
}

fn unique(mut fds: Vec<RawFd>) -> Vec<RawFd> {
    fds.sort_unstable();
    fds.dedup();
    fds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_waits_for_a_lock_is_told_by_its_number_and_arguments() {
        let text = |call: libc::c_long, command: libc::c_int| {
            format!("{call} 0x3 {command:#x} 0x7ffd1 0x0 0x0 0x0 0x7ffd2 0x7f3")
        };
        let of = |call, command| awaited(text(call, command).as_bytes());
        assert_eq!(of(libc::SYS_fcntl, libc::F_OFD_SETLKW), Some((3, LockClass::Ofd)));
        assert_eq!(of(libc::SYS_fcntl, libc::F_SETLKW), Some((3, LockClass::Posix)));
        assert_eq!(of(libc::SYS_flock, libc::LOCK_EX), Some((3, LockClass::Flock)));
        assert_eq!(of(libc::SYS_fcntl, libc::F_OFD_SETLK), None);
        assert_eq!(of(libc::SYS_read, libc::F_OFD_SETLKW), None);
        assert_eq!(awaited(b"running"), None);
        assert_eq!(awaited(b"-1 0x7ffd2 0x7f3"), None);
    }
}

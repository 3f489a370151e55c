use std::collections::BTreeMap;
use std::os::fd::RawFd;

use nix::libc;

use super::facts::Facts;
use super::scan::Descriptor;
use super::{HolderProcess, OwnedLock, Waiter};
use crate::lock_table::{AnyLine, LockClass};

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
    let calls: Vec<Call> = if lines.is_empty() { Vec::new() } else { calls(descriptors) };
    let waiting: Vec<&Call> = calls.iter().filter(|call| call.class == LockClass::Ofd).collect();
    let mut candidates: BTreeMap<i32, Vec<RawFd>> = BTreeMap::new();
    for call in &waiting {
        candidates.entry(call.pid).or_default().push(call.fd);
    }
    let certain = waiting.len() == ofd && candidates.len() == 1;
    let named = |line: &AnyLine, facts: &mut Facts| -> Vec<HolderProcess> {
        let fds = |pid: i32| {
            let its = calls.iter().filter(|call| call.pid == pid && call.class == line.class);
            unique(its.map(|call| call.fd).collect())
        };
        line.pid.and_then(|pid| facts.process(pid, fds(pid))).into_iter().collect()
    };
    let mut waiters = Vec::new();
    for line in lines {
        let (processes, certain) = match line.class {
            LockClass::Ofd => {
                let each = candidates.iter();
                let each = each.filter_map(|(pid, fds)| facts.process(*pid, unique(fds.clone())));
                (each.collect(), certain)
            }
            _ => {
                let processes = named(line, facts);
                let known = !processes.is_empty();
                (processes, known)
            }
        };
        let lock = OwnedLock { class: line.class, kind: line.kind, range: line.range };
        waiters.push(Waiter { lock, processes, certain });
    }
    waiters
        .sort_by_key(|waiter| (waiter.processes.first().map(|process| process.pid), waiter.lock));
    waiters
}

/// A thread that waits in the kernel for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Call {
    pid: i32,
    fd: RawFd,
    class: LockClass,
}

/// The threads that wait for a lock on one of these descriptors.
fn calls(descriptors: &[Descriptor]) -> Vec<Call> {
    let mut processes: BTreeMap<i32, Vec<RawFd>> = BTreeMap::new();
    for descriptor in descriptors {
        processes.entry(descriptor.pid).or_default().push(descriptor.fd);
    }
    let mut calls = Vec::new();
    for (pid, fds) in processes {
        let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { continue };
        for thread in threads.flatten() {
            let call = std::fs::read_to_string(thread.path().join("syscall"));
            if let Some((fd, class)) = call.ok().and_then(|text| awaited(&text))
                && fds.contains(&fd)
            {
                calls.push(Call { pid, fd, class });
            }
        }
    }
    calls
}

/// Parses /proc/PID/task/TID/syscall: the number of the system call, then its arguments. Returns
/// the descriptor and the kind of lock if the call waits for a lock. Programs with another word
/// size have other call numbers and are not recognised.
fn awaited(text: &str) -> Option<(RawFd, LockClass)> {
    let mut words = text.split_ascii_whitespace();
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
        let of = |call, command| awaited(&text(call, command));
        assert_eq!(of(libc::SYS_fcntl, libc::F_OFD_SETLKW), Some((3, LockClass::Ofd)));
        assert_eq!(of(libc::SYS_fcntl, libc::F_SETLKW), Some((3, LockClass::Posix)));
        assert_eq!(of(libc::SYS_flock, libc::LOCK_EX), Some((3, LockClass::Flock)));
        assert_eq!(of(libc::SYS_fcntl, libc::F_OFD_SETLK), None);
        assert_eq!(of(libc::SYS_read, libc::F_OFD_SETLKW), None);
        assert_eq!(awaited("running"), None);
        assert_eq!(awaited("-1 0x7ffd2 0x7f3"), None);
    }
}

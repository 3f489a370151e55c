use std::collections::HashMap;
use std::os::fd::RawFd;
use std::time::{Duration, SystemTime};

#[cfg(test)]
use nix::unistd::Uid;
use procfs::process::{Process as ProcProcess, Stat};

use super::HolderProcess;

/// `PF_KTHREAD` of include/linux/sched.h.
const KERNEL_THREAD: u32 = 0x0020_0000;

/// Returns whether a process runs a program and so can have open files. Kernel threads and
/// zombies cannot.
pub(super) fn is_program(pid: i32) -> bool {
    let stat = ProcProcess::new(pid).and_then(|process| process.stat());
    stat.is_ok_and(|stat| stat.flags & KERNEL_THREAD == 0 && !matches!(stat.state, 'Z' | 'X'))
}

/// Known facts about processes. Each is read when it is first needed.
#[derive(Debug, Default)]
pub(super) struct Facts {
    users: HashMap<u32, Option<String>>,
    parents: HashMap<i32, Option<Parent>>,
}

/// The facts about a parent process.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parent {
    comm: String,
    session: i32,
}

impl Facts {
    /// The process with these descriptors, or `None` if it has exited.
    pub(super) fn process(&mut self, pid: i32, mut fds: Vec<RawFd>) -> Option<HolderProcess> {
        let stat = ProcProcess::new(pid).and_then(|process| process.stat()).ok()?;
        if matches!(stat.state, 'Z' | 'X') {
            return None;
        }
        fds.sort_unstable();
        let uid = effective_uid(pid);
        let parent = self.parent(stat.ppid);
        Some(HolderProcess {
            pid,
            ppid: (stat.ppid > 0).then_some(stat.ppid),
            orphan: is_orphan(&stat, parent.as_ref()),
            parent: parent.map(|parent| parent.comm),
            uid,
            user: uid.and_then(|uid| self.user(uid)),
            command: command(pid),
            started: started(&stat),
            comm: stat.comm,
            fds,
        })
    }

    fn parent(&mut self, pid: i32) -> Option<Parent> {
        let read = || {
            let stat = ProcProcess::new(pid).and_then(|process| process.stat()).ok()?;
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
fn is_orphan(stat: &Stat, parent: Option<&Parent>) -> bool {
    let Some(parent) = parent else { return false };
    if stat.session == stat.pid {
        return false;
    }
    let group_lost = || stat.pgrp != stat.pid && ProcProcess::new(stat.pgrp).is_err();
    parent.session != stat.session || (stat.ppid == 1 && group_lost())
}

/// The start time in whole seconds. The kernel reports it no more precisely.
fn started(stat: &Stat) -> Option<SystemTime> {
    let boot = procfs::boot_time_secs().ok()?;
    let seconds = boot + stat.starttime / procfs::ticks_per_second().max(1);
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// The crate `procfs` returns an error for a command line that is not UTF-8.
fn command(pid: i32) -> Vec<String> {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_end_matches('\0');
    if text.is_empty() { Vec::new() } else { text.split('\0').map(str::to_owned).collect() }
}

/// Read from `status`, because /proc/PID of a process that is not dumpable belongs to root.
fn effective_uid(pid: i32) -> Option<u32> {
    let status = std::fs::read(format!("/proc/{pid}/status")).ok()?;
    let status = String::from_utf8_lossy(&status);
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The facts of this process with other numbers.
    fn stat(ppid: i32, group: i32, session: i32) -> Stat {
        let mut stat = ProcProcess::myself().and_then(|process| process.stat()).expect("our stat");
        (stat.pid, stat.ppid, stat.pgrp, stat.session) = (50, ppid, group, session);
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
        assert_eq!(is_orphan(&stat, Some(&parent)), orphan);
    }

    #[test]
    fn a_process_is_known_by_its_command_user_and_start() {
        let pid = std::process::id() as i32;
        let known = Facts::default().process(pid, vec![7, 3]).expect("this process");
        assert_eq!(known.fds, [3, 7]);
        assert_eq!(known.command, std::env::args().collect::<Vec<_>>());
        assert_eq!(known.uid, Some(Uid::effective().as_raw()));
        assert_eq!(known.ppid, Some(std::os::unix::process::parent_id() as i32));
        let age = known.started.expect("a start").elapsed().expect("in the past");
        assert!(age < Duration::from_secs(3600), "{age:?}");
        assert_eq!(Facts::default().process(GONE, Vec::new()), None);
    }

    #[test]
    fn threads_of_the_kernel_are_no_programs() {
        assert!(is_program(std::process::id() as i32));
        assert!(!is_program(GONE));
        let kernel = procfs::process::all_processes().expect("/proc").filter_map(|process| {
            let stat = process.and_then(|process| process.stat()).ok()?;
            (stat.comm == "kthreadd").then_some(stat.pid)
        });
        // In a container none is visible.
        kernel.for_each(|pid| assert!(!is_program(pid)));
    }
}

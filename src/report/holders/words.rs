//! Locks and processes in a few words each.

use imglock_core::{LockType, Mode};
use imglock_locks::{
    Danger, ForeignLock, Holder, HolderProcess, LockClass, LockProtocol, OwnedLock,
};

use crate::phrase::{either, list, printable};

/// `rw`, or `ro-share-rw, force-share or tool-ro`, or why there is no mode.
pub fn mode(holder: &Holder) -> String {
    let names: Vec<&str> = holder.modes().into_iter().map(Mode::name).collect();
    match (&names[..], holder.claim()) {
        ([], Some(_)) => "no mode has this claim".to_owned(),
        ([], None) => "no mode: these are not QEMU's locks".to_owned(),
        _ => either(names),
    }
}

/// The mode, or the lock of another protocol, in a word or two.
pub fn short_mode(holder: &Holder, size: u64) -> String {
    match (holder.modes().first(), holder.claim()) {
        (Some(_), _) => holder.modes().into_iter().map(Mode::name).collect::<Vec<_>>().join("|"),
        (None, Some(claim)) => format!("holds {} unshared {}", claim.held, claim.unshared()),
        (None, None) => {
            let exclusive = holder.locks.iter().any(|lock| lock.kind == Some(LockType::Write));
            let kind = if exclusive { "write" } else { "read" };
            format!("{kind} {}", holder.protocol(size))
        }
    }
}

/// The kinds of locks: `ofd, flock`.
pub fn classes(locks: &[OwnedLock]) -> String {
    let mut classes: Vec<LockClass> = locks.iter().map(|lock| lock.class).collect();
    classes.sort_unstable();
    classes.dedup();
    classes.into_iter().map(LockClass::name).collect::<Vec<_>>().join(", ")
}

/// The kind of the locks, and the program that takes such locks: `QEMU's lock bytes (ofd)`.
pub fn protocol(holder: &Holder, size: u64) -> String {
    protocol_of(&holder.locks, holder.protocol(size))
}

/// The same of any locks that follow a protocol.
pub fn protocol_of(all: &[OwnedLock], protocol: LockProtocol) -> String {
    let classes = classes(all);
    let locks = || all.iter().map(lock).collect::<Vec<_>>().join(", ");
    let first = all.first();
    let only = first.and_then(|lock| lock.kind);
    let (kind, access) = (kind(only), access(only));
    match protocol {
        LockProtocol::Qemu => format!("QEMU's lock bytes ({classes})"),
        LockProtocol::WholeFile => format!(
            "{kind} lock on the whole file ({classes}), as cloud-hypervisor takes it for a \
             {access} disk"
        ),
        LockProtocol::WholeImage => format!(
            "{kind} lock on bytes {}, the whole image ({classes}), as cloud-hypervisor takes it \
             for a {access} disk",
            first.map_or(String::new(), |lock| lock.range.to_string())
        ),
        LockProtocol::Flock => format!(
            "{} flock(2) on the whole file, as crosvm takes it for a {access} disk",
            if only == Some(LockType::Read) { "shared" } else { "exclusive" }
        ),
        LockProtocol::Lease => match only {
            Some(_) => format!("{kind} {classes}: an open(2) of the file waits"),
            None => format!("{classes} that its holder is asked to release"),
        },
        LockProtocol::ByteRange => format!("{}, of unknown meaning", locks()),
        LockProtocol::Mixed => format!("{}: several kinds at once", locks()),
    }
}

/// `write 0-eof (ofd)`; a lock that always covers the whole file has no range.
pub fn lock(lock: &OwnedLock) -> String {
    let kind = kind(lock.kind);
    match lock.class.backend() {
        Some(backend) => format!("{kind} {} ({backend})", lock.range),
        None => format!("{kind} {}", lock.class),
    }
}

/// `read 100-101, read 201`.
pub fn foreign(locks: &[ForeignLock]) -> String {
    let words = locks.iter().map(|lock| match lock.exact {
        true => format!("{} {}", lock.kind, lock.range),
        false => format!("{} somewhere in {}", lock.kind, lock.range),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The word before the meaning of a danger: what can be right is a note.
pub fn label(danger: Danger) -> &'static str {
    match danger {
        Danger::SeveralWriters => "Note",
        _ => "Danger",
    }
}

fn kind(kind: Option<LockType>) -> &'static str {
    kind.map_or("released", LockType::name)
}

fn access(kind: Option<LockType>) -> &'static str {
    if kind == Some(LockType::Read) { "read-only" } else { "writable" }
}

/// The processes as [`process`] writes them.
pub fn names(processes: &[HolderProcess]) -> Vec<String> {
    processes.iter().map(process).collect()
}

/// `pid 812 qemu-system-x86`, `pid 812 perl thread 815`.
pub fn process(process: &HolderProcess) -> String {
    let mut words = format!("pid {}", process.pid);
    if !name(process).is_empty() {
        words = format!("{words} {}", printable(name(process)));
    }
    match process.thread {
        Some(thread) => format!("{words} thread {thread}"),
        None => words,
    }
}

/// The kernel's short name, or the program's name if the kernel cut that off.
fn name(process: &HolderProcess) -> &str {
    let program = process.command.first().map_or("", String::as_str);
    let program = program.rsplit_once('/').map_or(program, |(_, name)| name);
    if program.starts_with(&process.comm) && !process.comm.is_empty() {
        program
    } else {
        &process.comm
    }
}

/// `root`, or `uid 1234`.
pub fn user(process: &HolderProcess) -> String {
    match (&process.user, process.uid) {
        (Some(name), _) => printable(name),
        (None, Some(uid)) => format!("uid {uid}"),
        (None, None) => "unknown".to_owned(),
    }
}

/// `pid 812`, `pids 812 and 813`.
pub fn pids(pids: &[i32]) -> String {
    let numbers: Vec<String> = pids.iter().map(i32::to_string).collect();
    match &numbers[..] {
        [one] => format!("pid {one}"),
        _ => format!("pids {}", list(&numbers)),
    }
}

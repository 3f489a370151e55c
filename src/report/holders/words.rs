//! Locks and those who have them, in a few words each.

use imglock_harness::holders::{Holder, OwnedLock, Process, Protocol};
use imglock_harness::image::{Mode, Permissions};
use imglock_harness::lock::LockType;
use imglock_harness::lock_table::LockClass;

use crate::phrase::printable;

/// `rw`, `ro-share-rw, force-share or tool-ro`, or what it is instead.
pub fn mode(holder: &Holder) -> String {
    let names: Vec<&str> = holder.modes().into_iter().map(Mode::name).collect();
    match (&names[..], holder.claim()) {
        ([], Some(_)) => "no mode makes this claim".to_owned(),
        ([], None) => "no mode: these are not QEMU's locks".to_owned(),
        _ => either(&names),
    }
}

/// The mode, or the foreign lock, in one word or two.
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

/// `consistent-read write`, or `nothing`.
pub fn permissions(set: Permissions) -> String {
    if set.is_empty() { "nothing".to_owned() } else { set.to_string() }
}

/// What kind of locks these are and who takes such: `QEMU's lock bytes (ofd)`.
pub fn protocol(holder: &Holder, size: u64) -> String {
    let classes: Vec<&str> = holder.classes().into_iter().map(LockClass::name).collect();
    let locks: Vec<String> = holder.locks.iter().map(lock).collect();
    let only = || (holder.locks.first().and_then(|lock| lock.kind), locks.join(", "));
    match holder.protocol(size) {
        Protocol::Qemu => format!("QEMU's lock bytes ({})", classes.join(", ")),
        Protocol::WholeFile => format!(
            "{} lock on the whole file ({}), as cloud-hypervisor takes it for a {} disk",
            kind(only().0),
            classes.join(", "),
            access(only().0)
        ),
        Protocol::WholeImage => format!(
            "{} lock on bytes {}, the whole image ({}), as cloud-hypervisor takes it for a {} disk",
            kind(only().0),
            holder.locks.first().map_or(String::new(), |lock| lock.range.to_string()),
            classes.join(", "),
            access(only().0)
        ),
        Protocol::Flock => format!(
            "{} flock(2) on the whole file, as crosvm takes it for a {} disk",
            if only().0 == Some(LockType::Read) { "shared" } else { "exclusive" },
            access(only().0)
        ),
        Protocol::Lease => match only().0 {
            Some(_) => {
                format!("{} {}: who opens the file waits", kind(only().0), classes.join(", "))
            }
            None => format!("{} that is being given up", classes.join(", ")),
        },
        Protocol::ByteRange => format!("{}, of unknown meaning", only().1),
        Protocol::Mixed => format!("{}: several kinds at once", only().1),
    }
}

/// `write 0-eof (ofd)`; what covers the whole file says only how.
pub fn lock(lock: &OwnedLock) -> String {
    let kind = kind(lock.kind);
    match lock.class.backend() {
        Some(backend) => format!("{kind} {} ({backend})", lock.range),
        None => format!("{kind} {}", lock.class),
    }
}

fn kind(kind: Option<LockType>) -> &'static str {
    kind.map_or("released", LockType::name)
}

fn access(kind: Option<LockType>) -> &'static str {
    if kind == Some(LockType::Read) { "read-only" } else { "writable" }
}

/// `pid 812 qemu-system-x86`.
pub fn process(process: &Process) -> String {
    match name(process) {
        "" => format!("pid {}", process.pid),
        name => format!("pid {} {}", process.pid, printable(name)),
    }
}

/// Its short name, or the program's, where that is the one the kernel cut off.
fn name(process: &Process) -> &str {
    let program = process.command.first().map_or("", String::as_str);
    let program = program.rsplit_once('/').map_or(program, |(_, name)| name);
    if program.starts_with(&process.comm) && !process.comm.is_empty() {
        program
    } else {
        &process.comm
    }
}

/// `user root`.
pub fn user(process: &Process) -> String {
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
        _ => format!("pids {}", and(&numbers)),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn and<T: AsRef<str>>(words: &[T]) -> String {
    joined(words, "and")
}

/// `a`, `a or b`, `a, b or c`.
pub fn either<T: AsRef<str>>(words: &[T]) -> String {
    joined(words, "or")
}

fn joined<T: AsRef<str>>(words: &[T], last: &str) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words[..] {
        [] => String::new(),
        [one] => one.to_owned(),
        [ref most @ .., end] => format!("{} {last} {end}", most.join(", ")),
    }
}

use std::io;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};

use super::FileKey;
use super::settled::read_until_settled;
use imglock_core::{Backend, ByteRange, LockType};

/// The kinds of locks in /proc/locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[strum(serialize_all = "lowercase")]
pub enum LockClass {
    /// A byte range, owned by an open file description (`F_OFD_SETLK`).
    Ofd,
    /// A byte range, owned by a descriptor table (`F_SETLK`).
    Posix,
    /// The whole file, owned by an open file description (flock(2)).
    Flock,
    /// A lease (`F_SETLEASE`). An opener of the file waits for its holder.
    Lease,
    /// A delegation: a lease that the kernel's NFS server gave to a client.
    Delegation,
}

impl LockClass {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The backend of a byte-range lock, or `None` for other kinds.
    pub fn backend(self) -> Option<Backend> {
        match self {
            LockClass::Ofd => Some(Backend::Ofd),
            LockClass::Posix => Some(Backend::Posix),
            LockClass::Flock | LockClass::Lease | LockClass::Delegation => None,
        }
    }
}

impl From<Backend> for LockClass {
    fn from(backend: Backend) -> LockClass {
        match backend {
            Backend::Ofd => LockClass::Ofd,
            Backend::Posix => LockClass::Posix,
        }
    }
}

/// One line of /proc/locks, or one `lock:` line of fdinfo, of any kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct AnyLine {
    /// The kind of lock.
    pub class: LockClass,
    /// Shared or exclusive. `None` for a lease that the kernel has asked its holder to release.
    pub kind: Option<LockType>,
    /// The process that requested it. `None` if the kernel reports none, as for an OFD lock. It owns a
    /// POSIX lock. A flock(2) lock may belong to other processes by now, and the process may be dead.
    pub pid: Option<i32>,
    /// The file.
    pub file: FileKey,
    /// The bytes. For locks that are not byte-range locks, the whole file.
    pub range: ByteRange,
    /// Whether the owner still waits for the lock.
    pub waiting: bool,
}

impl AnyLine {
    /// Parses one line, such as `1: FLOCK  ADVISORY  WRITE 652 00:14:16763 0 EOF`. Returns `None` for a
    /// file that no longer exists (`<none>`) and for an unknown kind of lock.
    pub fn parse(line: &str) -> Option<AnyLine> {
        let mut words = line.split_ascii_whitespace().skip(1).peekable();
        let arrow = words.next_if_eq(&"->").is_some();
        let class = match words.next()? {
            "OFDLCK" => LockClass::Ofd,
            "POSIX" => LockClass::Posix,
            "FLOCK" => LockClass::Flock,
            "LEASE" => LockClass::Lease,
            "DELEG" => LockClass::Delegation,
            _ => return None,
        };
        // BREAKER marks an opener that waits for the release of a lease.
        let waiting = arrow || words.next()? == "BREAKER";
        if arrow {
            words.next()?;
        }
        let kind = match words.next()? {
            "READ" => Some(LockType::Read),
            "WRITE" => Some(LockType::Write),
            "UNLCK" => None,
            _ => return None,
        };
        let pid = words.next()?.parse().ok().filter(|pid| *pid > 0);
        let file = FileKey::parse(words.next()?)?;
        let first = words.next()?.parse().ok()?;
        let last = match words.next()? {
            "EOF" => ByteRange::EOF,
            number => number.parse().ok()?,
        };
        Some(AnyLine { class, kind, pid, file, range: ByteRange::new(first, last), waiting })
    }
}

/// All locks on the files that `wanted` selects, in the order of /proc/locks. The waiters of a lock
/// follow it directly.
///
/// # Errors
/// If /proc/locks cannot be read.
pub fn lines_of(wanted: impl Fn(FileKey) -> bool) -> io::Result<Vec<AnyLine>> {
    read_until_settled(|line| AnyLine::parse(line).filter(|line| wanted(line.file)))
}

/// The locks in the fdinfo of a descriptor: those of its open file description, and the POSIX
/// locks that were set through it.
pub fn lines_of_fdinfo(text: &str) -> Vec<AnyLine> {
    text.lines().filter_map(|line| AnyLine::parse(line.strip_prefix("lock:")?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock_table::LockLine;

    const READ: Option<LockType> = Some(LockType::Read);
    const WRITE: Option<LockType> = Some(LockType::Write);

    #[rstest::rstest]
    #[case::ofd("1: OFDLCK ADVISORY  READ -1 fe:00:9 100 101", LockClass::Ofd, READ, None, false)]
    #[case::posix(
        "1: POSIX  ADVISORY  WRITE 7 fe:00:9 0 EOF",
        LockClass::Posix,
        WRITE,
        Some(7),
        false
    )]
    #[case::flock(
        "1: FLOCK  ADVISORY  WRITE 7 fe:00:9 0 EOF",
        LockClass::Flock,
        WRITE,
        Some(7),
        false
    )]
    #[case::waiting_flock(
        "1: -> FLOCK  ADVISORY  READ 7 fe:00:9 0 EOF",
        LockClass::Flock,
        READ,
        Some(7),
        true
    )]
    #[case::nested_waiter(
        "1:   -> OFDLCK ADVISORY  READ -1 fe:00:9 5 5",
        LockClass::Ofd,
        READ,
        None,
        true
    )]
    #[case::lease(
        "1: LEASE  ACTIVE    READ 7 fe:00:9 0 EOF",
        LockClass::Lease,
        READ,
        Some(7),
        false
    )]
    #[case::given_up(
        "1: LEASE  BREAKING  UNLCK 7 fe:00:9 0 EOF",
        LockClass::Lease,
        None,
        Some(7),
        false
    )]
    #[case::breaker(
        "1: -> LEASE  BREAKER   WRITE 7 fe:00:9 0 EOF",
        LockClass::Lease,
        WRITE,
        Some(7),
        true
    )]
    #[case::delegation(
        "1: DELEG  ACTIVE    READ 0 fe:00:9 0 EOF",
        LockClass::Delegation,
        READ,
        None,
        false
    )]
    fn a_line_of_any_kind_is_read(
        #[case] line: &str,
        #[case] class: LockClass,
        #[case] kind: Option<LockType>,
        #[case] pid: Option<i32>,
        #[case] waiting: bool,
    ) {
        let read = AnyLine::parse(line).expect("a lock");
        assert_eq!((read.class, read.kind, read.pid, read.waiting), (class, kind, pid, waiting));
        assert_eq!(read.file, FileKey::new(0xfe, 0, 9));
        let bytes = matches!(class, LockClass::Ofd | LockClass::Posix);
        assert_eq!(LockLine::of(read).is_some(), bytes);
    }

    #[rstest::rstest]
    #[case::of_a_file_that_is_gone("3: POSIX  ADVISORY  WRITE 652 <none>:0 0 EOF")]
    #[case::of_a_kind_to_come("3: UNKNOWN UNKNOWN  WRITE 652 fe:00:9 0 EOF")]
    #[case::cut_off("3: POSIX  ADVISORY")]
    #[case::empty("")]
    fn what_is_no_lock_of_a_file_is_left_out(#[case] line: &str) {
        assert_eq!(AnyLine::parse(line), None);
    }

    #[test]
    fn the_locks_of_fdinfo_are_its_lock_lines() {
        let text = "pos:\t0\nflags:\t0100002\nmnt_id:\t27\nino:\t9\n\
                    lock:\t1: OFDLCK ADVISORY  READ -1 fe:00:9 100 101\n\
                    lock:\t2: FLOCK  ADVISORY  WRITE 7 fe:00:9 0 EOF\n";
        let classes: Vec<LockClass> = lines_of_fdinfo(text).iter().map(|line| line.class).collect();
        assert_eq!(classes, [LockClass::Ofd, LockClass::Flock]);
    }
}

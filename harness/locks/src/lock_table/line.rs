use std::fs::File;
use std::io;
use std::os::fd::RawFd;
use std::os::unix::fs::FileExt;

use super::settled::read_until_settled;
use super::{AnyLine, FileKey};
use imglock_core::{Backend, ByteRange, LockType};

/// One line of /proc/locks, or one `lock:` line of fdinfo.
///
/// The crate `procfs` parses these lines as well. But it drops the `->` that marks a waiting lock,
/// and returns an error for leases and for files that no longer exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LockLine {
    /// OFD or POSIX.
    pub backend: Backend,
    /// Shared or exclusive.
    pub kind: LockType,
    /// The owner of a POSIX lock. `None` for an OFD lock, for which the kernel prints -1.
    pub pid: Option<i32>,
    /// The file.
    pub file: FileKey,
    /// The bytes.
    pub range: ByteRange,
    /// Whether the owner still waits for the lock.
    pub waiting: bool,
}

impl LockLine {
    /// Parses one line, such as `2: -> POSIX  ADVISORY  WRITE 812 fe:00:1043 0 EOF`. Returns `None` for
    /// other kinds of locks (flock, leases).
    pub fn parse(line: &str) -> Option<LockLine> {
        LockLine::of(AnyLine::parse(line)?)
    }

    /// A line of any kind as a byte-range lock, or `None` for other kinds.
    pub(super) fn of(line: AnyLine) -> Option<LockLine> {
        let AnyLine { class, kind, pid, file, range, waiting } = line;
        Some(LockLine { backend: class.backend()?, kind: kind?, pid, file, range, waiting })
    }
}

/// The byte-range locks of the system that `wanted` selects, in the order of /proc/locks.
pub(super) fn lines_where(wanted: impl Fn(&LockLine) -> bool) -> io::Result<Vec<LockLine>> {
    read_until_settled(|line| LockLine::parse(line).filter(|line| wanted(line)))
}

/// The fdinfo of one descriptor number of a process, open for repeated reading (fs/proc/fd.c).
///
/// Each reading shows the descriptor that has this number at that time, also after the number
/// was closed and reused, and after an exec. Reading again costs less than opening again.
#[derive(Debug)]
pub(super) struct DescriptorInfo(File);

impl DescriptorInfo {
    pub(super) fn open(pid: i32, fd: RawFd) -> io::Result<DescriptorInfo> {
        Ok(DescriptorInfo(File::open(format!("/proc/{pid}/fdinfo/{fd}"))?))
    }

    /// The locks of the open file description, and the POSIX locks that were set through it.
    ///
    /// # Errors
    /// If no descriptor has the number now, or the process has ended.
    pub(super) fn lines(&self) -> io::Result<Vec<LockLine>> {
        let mut text = Vec::new();
        let mut part = [0; 4096];
        loop {
            match self.0.read_at(&mut part, text.len() as u64)? {
                0 => break,
                length => text.extend_from_slice(&part[..length]),
            }
        }
        let text = String::from_utf8_lossy(&text);
        Ok(text.lines().filter_map(|line| LockLine::parse(line.strip_prefix("lock:")?)).collect())
    }
}

/// The locks on `file` for which a process waits (`->` lines).
///
/// # Errors
/// If /proc/locks cannot be read.
pub fn waiting_lines(file: FileKey) -> io::Result<Vec<LockLine>> {
    lines_where(|line| line.waiting && line.file == file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileKey = FileKey::new(0xfe, 0, 10010637);

    #[test]
    fn lines_of_proc_locks_are_read_as_the_kernel_prints_them() {
        let line = LockLine::parse("1: OFDLCK ADVISORY  READ -1 fe:00:10010637 100 101");
        let ofd = LockLine {
            backend: Backend::Ofd,
            kind: LockType::Read,
            pid: None,
            file: FILE,
            range: ByteRange::new(100, 101),
            waiting: false,
        };
        assert_eq!(line, Some(ofd));
        let line = LockLine::parse("12: -> POSIX  ADVISORY  WRITE 812 fe:00:10010637 0 EOF");
        let posix = LockLine {
            backend: Backend::Posix,
            kind: LockType::Write,
            pid: Some(812),
            range: ByteRange::new(0, ByteRange::EOF),
            waiting: true,
            ..ofd
        };
        assert_eq!(line, Some(posix));
    }

    #[rstest::rstest]
    #[case("1: FLOCK  ADVISORY  WRITE 652 00:14:16763 0 EOF")]
    #[case("2: LEASE  ACTIVE    READ  652 00:14:16763 0 EOF")]
    #[case("3: POSIX  ADVISORY  WRITE 652 <none>:0 0 EOF")]
    #[case("")]
    fn what_is_no_byte_range_lock_of_a_file_is_left_out(#[case] line: &str) {
        assert_eq!(LockLine::parse(line), None);
    }
}

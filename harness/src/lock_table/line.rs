use std::fs::File;
use std::io::{self, Read};
use std::os::fd::RawFd;

use super::{AnyLine, FileKey};
use crate::lock::{Backend, ByteRange, LockType};

/// One line of /proc/locks, or one `lock:` line of fdinfo.
///
/// Crate `procfs` parses these too, but drops the `->` that marks a waiting
/// lock and gives up on the lines of leases and of files that are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LockLine {
    /// OFD or POSIX.
    pub backend: Backend,
    /// Shared or exclusive.
    pub kind: LockType,
    /// The owner of a POSIX lock; the kernel prints -1 for an OFD lock.
    pub pid: Option<i32>,
    /// The file.
    pub file: FileKey,
    /// The bytes.
    pub range: ByteRange,
    /// Whether it is waited for.
    pub waiting: bool,
}

impl LockLine {
    /// Reads one line, such as `2: -> POSIX  ADVISORY  WRITE 812 fe:00:1043 0 EOF`.
    /// `None` for what is no byte-range lock (flock, leases).
    pub fn parse(line: &str) -> Option<LockLine> {
        AnyLine::parse(line)?.byte_range_lock()
    }
}

/// How often in a row a reading in several pieces must come out the same.
const AGREEING: usize = 3;
/// Give up hoping for that after so many readings, and take the last one.
const MOST_READINGS: usize = 50;

/// The byte-range locks of the system that `wanted` picks, in the kernel's
/// order.
///
/// The kernel hands /proc/locks out a page at a time and takes up the list by
/// its position, so a lock that anybody sets or drops between two pages makes
/// others show twice or not at all. One page is consistent. More than one is
/// read until it comes out the same several times in a row.
pub(super) fn lines_where(wanted: impl Fn(&LockLine) -> bool) -> io::Result<Vec<LockLine>> {
    read_until_settled(|line| LockLine::parse(line).filter(|line| wanted(line)))
}

/// As [`lines_where`], for lines read in any way.
pub(super) fn read_until_settled<T: PartialEq>(
    parse: impl Fn(&str) -> Option<T>,
) -> io::Result<Vec<T>> {
    let mut last: Option<Vec<T>> = None;
    let mut agreeing = 1;
    for _ in 0..MOST_READINGS {
        let (text, pages) = proc_locks()?;
        let lines: Vec<T> = text.lines().filter_map(&parse).collect();
        if pages <= 1 {
            return Ok(lines);
        }
        agreeing = if last.as_ref() == Some(&lines) { agreeing + 1 } else { 1 };
        if agreeing == AGREEING {
            return Ok(lines);
        }
        last = Some(lines);
    }
    Ok(last.unwrap_or_default())
}

/// The text of /proc/locks, and how many reads it took.
fn proc_locks() -> io::Result<(String, usize)> {
    let mut file = File::open("/proc/locks")?;
    let mut text = Vec::new();
    let mut page = [0; 16 * 1024];
    let mut pages = 0;
    loop {
        match file.read(&mut page)? {
            0 => return Ok((String::from_utf8_lossy(&text).into_owned(), pages)),
            length => text.extend_from_slice(&page[..length]),
        }
        pages += 1;
    }
}

/// The locks that fdinfo shows for one descriptor: those of its open file
/// description, and the POSIX locks that were set through it.
pub(super) fn descriptor_lines(pid: u32, fd: RawFd) -> io::Result<Vec<LockLine>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}"))?;
    Ok(text.lines().filter_map(|line| LockLine::parse(line.strip_prefix("lock:")?)).collect())
}

/// The locks on `file` that somebody waits for (`->` lines).
///
/// # Errors
/// When /proc/locks cannot be read.
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

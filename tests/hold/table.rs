//! The kernel's lock table.

use std::path::Path;

use imglock_core::{ByteRange, Mode, lock_bytes};
use imglock_locks::{FileKey, LockLine, LockTable};

/// The locks that fdinfo shows for the descriptors of a process, such as
/// `ofd read 100-101`.
pub fn locks_of(pid: i32) -> Vec<String> {
    let mut locks = Vec::new();
    for entry in std::fs::read_dir(format!("/proc/{pid}/fdinfo")).expect("it runs") {
        let path = entry.expect("an entry").path();
        // A descriptor may be closed meanwhile.
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let lines = text.lines().filter_map(|line| LockLine::parse(line.strip_prefix("lock:")?));
        locks.extend(lines.map(|line| format!("{} {} {}", line.backend, line.kind, line.range)));
    }
    locks.sort();
    locks
}

/// All locks on an image, of any owner.
///
/// The byte that identifies the file in the lock table does not count. While
/// another thread of the test starts a process, that process has a copy of the
/// descriptor.
pub fn locks_on(image: &Path) -> Vec<String> {
    let mut table = LockTable::default();
    table.add_image(FileKey::learn(image).expect("a file that can be locked"), 0);
    let locks = table.read(&[]).expect("/proc/locks");
    let locks = locks.iter().filter(|lock| lock.range.first < ByteRange::EOF - 1);
    locks.map(|lock| format!("{} {} {}", lock.backend, lock.kind, lock.range)).collect()
}

/// The lock bytes of a mode as the kernel shows them, neighbours merged.
pub fn locks_for(backend: &str, mode: Mode) -> Vec<String> {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for byte in lock_bytes(mode.claim()) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == byte => *last = byte,
            _ => ranges.push((byte, byte)),
        }
    }
    let range = |(first, last)| match first == last {
        true => format!("{first}"),
        false => format!("{first}-{last}"),
    };
    ranges.into_iter().map(|bytes| format!("{backend} read {}", range(bytes))).collect()
}

use std::collections::HashMap;
use std::fs::File;
use std::hash::Hash;
use std::io::{self, Read, Seek, SeekFrom};

/// The number of equal readings in a row that ends a reading in several pages.
const AGREEING: usize = 3;
/// After this number of readings, the majority decides.
const MOST_READINGS: usize = 48;
/// Where to cut the first page, in quarters of a page. All other pages then start earlier by the
/// same amount.
const CUTS: [usize; 4] = [4, 2, 1, 3];

/// The lines of /proc/locks that `parse` picks, in the kernel's order.
///
/// The kernel returns /proc/locks one page at a time and continues the list by position. If any
/// process sets or drops a lock between two pages, other locks appear twice or not at all. A single
/// page is consistent. A table of several pages is read until several readings in a row agree, with
/// the pages cut at other places each time: a lock that is set again and again could otherwise make
/// the same line appear twice each time. If the readings never agree, the majority of the readings
/// decides for each lock.
pub(super) fn read_until_settled<T: Copy + Eq + Hash>(
    parse: impl Fn(&str) -> Option<T>,
) -> io::Result<Vec<T>> {
    let mut readings: Vec<Vec<T>> = Vec::new();
    for reading in 0..MOST_READINGS {
        let (text, pages) = proc_locks(CUTS[reading % CUTS.len()])?;
        let lines = text.lines().filter_map(&parse).collect();
        if pages <= 1 {
            return Ok(lines);
        }
        readings.push(lines);
        let latest = &readings[readings.len().saturating_sub(AGREEING)..];
        if latest.len() == AGREEING && latest.windows(2).all(|two| two[0] == two[1]) {
            return Ok(readings.pop().unwrap_or_default());
        }
    }
    Ok(majority(&readings))
}

/// Each line as often as in the median reading, in the order of the last reading.
fn majority<T: Copy + Eq + Hash>(readings: &[Vec<T>]) -> Vec<T> {
    let mut left: HashMap<T, Vec<usize>> = HashMap::new();
    for (number, lines) in readings.iter().enumerate() {
        for line in lines {
            left.entry(*line).or_insert_with(|| vec![0; readings.len()])[number] += 1;
        }
    }
    let mut left: HashMap<T, usize> = left
        .into_iter()
        .map(|(line, mut counts)| {
            counts.sort_unstable();
            (line, counts[counts.len() / 2])
        })
        .collect();
    let mut lines = Vec::new();
    for line in readings.iter().rev().flatten() {
        if let Some(left) = left.get_mut(line).filter(|left| **left > 0) {
            *left -= 1;
            lines.push(*line);
        }
    }
    lines
}

/// The text of /proc/locks, and the number of read(2) calls. Only `quarters` quarters of the first
/// page are used; the next page starts there.
fn proc_locks(quarters: usize) -> io::Result<(String, usize)> {
    let mut file = File::open("/proc/locks")?;
    let mut text = Vec::new();
    let mut page = [0; 16 * 1024];
    let mut pages = 0;
    loop {
        match file.read(&mut page)? {
            0 => return Ok((String::from_utf8_lossy(&text).into_owned(), pages)),
            length => text.extend_from_slice(&page[..length]),
        }
        if pages == 0 && quarters < 4 {
            text.truncate(whole_lines(&text, text.len() * quarters / 4));
            file.seek(SeekFrom::Start(text.len() as u64))?;
        }
        pages += 1;
    }
}

/// The total length of the whole lines in the first `length` bytes of `text`.
fn whole_lines(text: &[u8], length: usize) -> usize {
    let end = text[..length].iter().rposition(|byte| *byte == b'\n');
    end.map_or(text.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::KernelLocks;
    use crate::lock_table::FileKey;
    use crate::lock_table::line::lines_where;
    use imglock_core::{Backend, LockType};

    #[rstest::rstest]
    #[case::all_agree(&["abc", "abc", "abc"], "abc")]
    #[case::twice_in_one(&["abc", "abbc", "abc"], "abc")]
    #[case::left_out_in_the_last(&["abc", "abc", "ab"], "abc")]
    #[case::two_that_look_alike(&["aab", "ab", "aab"], "aab")]
    #[case::only_in_one(&["ab", "abx", "ab"], "ab")]
    #[case::gone_half_way(&["abc", "ab", "ab"], "ab")]
    fn what_most_readings_have_is_taken(#[case] readings: &[&str], #[case] expected: &str) {
        let readings: Vec<Vec<char>> =
            readings.iter().map(|reading| reading.chars().collect()).collect();
        let mut taken = majority(&readings);
        taken.sort_unstable();
        assert_eq!(taken.iter().collect::<String>(), expected);
    }

    #[test]
    fn a_busy_system_shows_no_lock_twice_and_leaves_none_out() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let key = FileKey::learn(file.path()).expect("a key");
        let held: Vec<File> = (0..200).map(|byte| locked(file.path(), byte)).collect();
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let other = tempfile::NamedTempFile::new().expect("a file");
        let busy = std::thread::spawn(move || {
            while let Err(std::sync::mpsc::TryRecvError::Empty) = stopped.try_recv() {
                drop(locked(other.path(), 0));
            }
        });
        let all: Vec<i64> = (0..held.len() as i64).collect();
        let read = |_| {
            let lines = lines_where(|line| line.file == key).expect("/proc/locks");
            let mut bytes: Vec<i64> = lines.iter().map(|line| line.range.first).collect();
            bytes.sort_unstable();
            bytes
        };
        let wrong = (0..100).map(read).filter(|bytes| *bytes != all).count();
        drop(stop);
        busy.join().expect("a thread");
        assert_eq!(wrong, 0, "of 100 readings");
    }

    fn locked(path: &std::path::Path, byte: i64) -> File {
        use std::os::fd::AsFd;

        use imglock_core::{ByteLocks, RangeSpec};

        let file = File::open(path).expect("the file");
        let mut locks = KernelLocks::new(file.as_fd(), Backend::Ofd);
        locks.set(LockType::Read, RangeSpec::byte(byte)).expect("no conflict");
        file
    }
}

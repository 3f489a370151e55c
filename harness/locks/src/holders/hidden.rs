#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{Explanation, HolderProcess, OwnedLock};
use crate::ask::{ForeignLock, Inquiry};
use imglock_core::{ByteRange, LockType, Mode, Reading, lock_bytes};

/// Locks that the kernel reports when it is asked, and that no table of this host shows: their
/// owner is on another host, in another pid namespace, or known to a file server alone.
///
/// It can be one owner or several.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct HiddenHolder {
    /// The locks, in ascending order.
    pub locks: Vec<ForeignLock>,
    /// The locks that known owners have on the same file. On their bytes, a read lock of this holder
    /// is not visible: the kernel reports one lock of all that conflict.
    pub beside: Vec<OwnedLock>,
    /// The processes that the kernel or the file server names as owners, and that have the file open.
    pub processes: Vec<HolderProcess>,
    /// The possible explanations.
    pub could_be: Vec<Explanation>,
}

impl HiddenHolder {
    /// The meaning of its locks. A lock whose range is not exact has no meaning.
    pub fn reading(&self) -> Reading {
        let mut reading = Reading::default();
        self.locks.iter().for_each(|lock| match lock.exact {
            true => reading.add(lock.kind, lock.range),
            false => reading.other.push((lock.kind, lock.range)),
        });
        reading
    }

    /// Returns whether it is known to have a read lock on `byte`.
    pub(super) fn locks_byte(&self, byte: i64) -> bool {
        let on_byte = |lock: &ForeignLock| (lock.range.first..=lock.range.last).contains(&byte);
        self.locks.iter().any(|lock| lock.exact && lock.kind == LockType::Read && on_byte(lock))
    }

    /// The modes that explain the locks with the fewest lock bytes, if one mode can explain them: a
    /// mode that has all these bytes, and otherwise only bytes that known owners have locked too. The
    /// list is empty if there is no such mode, as for locks of another protocol.
    pub fn modes(&self) -> Vec<Mode> {
        let reading = self.reading();
        let seen = lock_bytes(reading.claim());
        if seen.is_empty()
            || reading.other.iter().any(|(kind, range)| concerns_lock_bytes(*kind, *range))
        {
            return Vec::new();
        }
        let masked = |byte: &i64| {
            self.beside.iter().any(|lock| (lock.range.first..=lock.range.last).contains(byte))
        };
        let explains = |mode: &Mode| {
            let bytes = lock_bytes(mode.claim());
            let has_all = seen.iter().all(|byte| bytes.contains(byte));
            has_all && bytes.iter().all(|byte| seen.contains(byte) || masked(byte))
        };
        let size = |mode: &Mode| lock_bytes(mode.claim()).len();
        let modes: Vec<Mode> = Mode::ALL.iter().copied().filter(explains).collect();
        let fewest = modes.iter().map(size).min();
        modes.into_iter().filter(|mode| Some(size(mode)) == fewest).collect()
    }
}

/// Returns whether a lock is of another protocol than QEMU's. A lock beside the lock bytes, such as
/// one of a file format, does not change the mode.
fn concerns_lock_bytes(kind: LockType, range: ByteRange) -> bool {
    kind == LockType::Write
        || range.overlaps(ByteRange::new(100, 103))
        || range.overlaps(ByteRange::new(200, 203))
}

/// The locks in the kernel's answers that `table`, the granted byte-range locks of /proc/locks, does not
/// explain.
pub(super) fn unexplained_by(table: &[OwnedLock], inquiry: &Inquiry) -> Vec<ForeignLock> {
    let mut hidden: Vec<ForeignLock> = inquiry
        .reported()
        .into_iter()
        .filter(|lock| !covers(table, lock.kind, lock.range))
        .collect();
    // The byte answers are exact where the walk is not.
    let exact: Vec<ForeignLock> = hidden.iter().copied().filter(|lock| lock.exact).collect();
    hidden.retain(|lock| lock.exact || !exact.iter().any(|other| lock.range.overlaps(other.range)));
    merged(hidden)
}

/// Returns whether locks that are at least as strong as `kind` cover all bytes of `range`.
fn covers(table: &[OwnedLock], kind: LockType, range: ByteRange) -> bool {
    let strong = |lock: &&OwnedLock| {
        let own = lock.kind;
        lock.class.backend().is_some() && (own == Some(LockType::Write) || own == Some(kind))
    };
    let mut ranges: Vec<ByteRange> = table.iter().filter(strong).map(|lock| lock.range).collect();
    ranges.sort_unstable();
    let mut next = range.first;
    for one in ranges {
        if one.first > next {
            break;
        }
        if one.last >= range.last {
            return true;
        }
        next = next.max(one.last + 1);
    }
    false
}

/// Neighbouring read locks of lock bytes as one lock, as the kernel shows them for one owner.
fn merged(locks: Vec<ForeignLock>) -> Vec<ForeignLock> {
    let mut merged: Vec<ForeignLock> = Vec::new();
    for lock in locks {
        match merged.last_mut() {
            Some(last)
                if (last.kind, last.pid, last.exact) == (lock.kind, lock.pid, lock.exact)
                    && lock.range.first <= last.range.last.saturating_add(1) =>
            {
                last.range.last = last.range.last.max(lock.range.last);
            }
            _ => merged.push(lock),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::inquire;
    use crate::lock_table::LockClass;

    fn foreign(kind: LockType, range: &str) -> ForeignLock {
        let range = range.parse().expect("a range");
        ForeignLock { kind, range, exact: true, pid: None }
    }

    fn owned(kind: LockType, range: &str) -> OwnedLock {
        OwnedLock {
            class: LockClass::Ofd,
            kind: Some(kind),
            range: range.parse().expect("a range"),
        }
    }

    fn holder(locks: &[&str], beside: &[&str]) -> HiddenHolder {
        HiddenHolder {
            locks: locks.iter().map(|range| foreign(LockType::Read, range)).collect(),
            beside: beside.iter().map(|range| owned(LockType::Read, range)).collect(),
            processes: Vec::new(),
            could_be: Vec::new(),
        }
    }

    #[rstest::rstest]
    #[case::whole_claim(&["100-101", "201"], &[], &[Mode::Rw])]
    #[case::a_byte_behind_that_of_a_known_reader(&["101", "201"], &["100"], &[Mode::Rw])]
    #[case::no_such_mode(&["101", "202"], &[], &[])]
    #[case::of_the_file_format_too(&["0-7", "100-101", "201"], &[], &[Mode::Rw])]
    #[case::of_another_protocol(&["0-eof"], &[], &[])]
    fn the_mode_with_the_fewest_bytes_explains_the_locks(
        #[case] locks: &[&str],
        #[case] beside: &[&str],
        #[case] modes: &[Mode],
    ) {
        assert_eq!(holder(locks, beside).modes(), modes);
    }

    #[test]
    fn what_the_table_shows_is_not_hidden() {
        use LockType::{Read, Write};
        let inquiry = Inquiry {
            backend: crate::Backend::Ofd,
            bytes: Vec::new(),
            met: vec![foreign(Read, "100-101"), foreign(Read, "201"), foreign(Write, "300-309")],
            gap: None,
        };
        let table = [owned(Read, "100"), owned(Read, "101-105"), owned(Write, "300-305")];
        let hidden = unexplained_by(&table, &inquiry);
        assert_eq!(hidden, [foreign(Read, "201"), foreign(Write, "300-309")]);
        // A read lock in the table does not explain a write lock.
        let weak = [table.as_slice(), &[owned(Read, "201"), owned(Read, "300-309")]].concat();
        assert_eq!(unexplained_by(&weak, &inquiry), [foreign(Write, "300-309")]);
        // flock(2) locks are another matter.
        let flock = OwnedLock {
            class: LockClass::Flock,
            kind: Some(Write),
            range: "0-eof".parse().expect("a range"),
        };
        assert_eq!(unexplained_by(&[flock], &inquiry).len(), 3);
    }

    #[test]
    fn bytes_of_one_claim_are_shown_as_the_kernel_would() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let mut holder = crate::Hold::open(file.path(), Mode::Qcow2Rw.claim(), crate::Locking::On)
            .expect("opened");
        holder.acquire().expect("no conflict");
        let fresh = std::fs::File::open(file.path()).expect("the file");
        let inquiry = inquire(
            &mut crate::KernelLocks::new(std::os::fd::AsFd::as_fd(&fresh), crate::Backend::Ofd),
            crate::Backend::Ofd,
            crate::ask::Manner::Whole,
        );
        let ranges: Vec<String> =
            unexplained_by(&[], &inquiry).iter().map(|lock| lock.range.to_string()).collect();
        assert_eq!(ranges, ["100-101", "103", "201", "203"]);
    }
}

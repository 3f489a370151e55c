//! Walks over real locks of the running kernel, and over the answers of servers that it does not have.

use std::fs::{File, OpenOptions};
use std::os::fd::{AsFd, AsRawFd};

use imglock_core::{Blocker, Errno};
use proptest::prelude::*;

use super::*;
use crate::lock::KernelLocks;

/// A lock call of one of several owners: the owner, the type, the first byte, the length (0: to the
/// end of the file).
type Call = (usize, LockType, i64, i64);

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let kind = prop_oneof![Just(LockType::Read), Just(LockType::Read), Just(LockType::Write)];
    let length = prop_oneof![8 => 1_i64..6, 1 => Just(0)];
    proptest::collection::vec((0_usize..4, kind, 96_i64..208, length), 0..12)
}

/// Opens the same file with a new description.
fn again(file: &File) -> File {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    OpenOptions::new().read(true).write(true).open(path).expect("the same file")
}

/// The types of lock that would conflict on `byte`, according to locks.
fn kinds_at(locks: impl Iterator<Item = (LockType, ByteRange)>, byte: i64) -> (bool, bool) {
    let (mut read, mut write) = (false, false);
    for (kind, _) in locks.filter(|(_, range)| (range.first..=range.last).contains(&byte)) {
        read |= kind == LockType::Read;
        write |= kind == LockType::Write;
    }
    (read, write)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// The kernel reports one lock for each question, and not in the order of the file. The walk
    /// must nevertheless know of every byte how it is locked.
    #[test]
    fn a_walk_knows_how_every_byte_is_locked(calls in calls(), backend in prop_oneof![Just(Backend::Ofd), Just(Backend::Posix)]) {
        let file = tempfile::tempfile().expect("a file");
        let owners: Vec<File> = (0..4).map(|_| again(&file)).collect();
        for (owner, kind, start, len) in calls {
            let mut locks = KernelLocks::new(owners[owner].as_fd(), backend);
            // A conflict with an earlier lock is no matter.
            let _ = locks.set(kind, RangeSpec::at(start, len));
        }
        let inquiry = inquire(&mut KernelLocks::new(file.as_fd(), Backend::Ofd), Backend::Ofd, Manner::Whole);
        prop_assert_eq!(inquiry.gap, None);
        for byte in 90..220 {
            let (read, write) = kinds_at(inquiry.reported().into_iter().map(|lock| (lock.kind, lock.range)), byte);
            let mut test = KernelLocks::new(file.as_fd(), Backend::Ofd);
            let conflicts = |kind, locks: &mut KernelLocks<'_>| locks.test(kind, RangeSpec::byte(byte)).expect("an answer").is_some();
            prop_assert_eq!(read || write, conflicts(LockType::Write, &mut test), "byte {}: {:?}", byte, &inquiry);
            prop_assert_eq!(write, conflicts(LockType::Read, &mut test), "byte {}: {:?}", byte, &inquiry);
        }
        for answers in &inquiry.bytes {
            let (read, write) = kinds_at(inquiry.met.iter().map(|lock| (lock.kind, lock.range)), answers.byte);
            prop_assert_eq!(matches!(answers.write, Answer::Conflict(_)), read || write);
            prop_assert_eq!(matches!(answers.read, Answer::Conflict(_)), write);
        }
    }
}

#[test]
fn nothing_is_locked_by_asking() {
    let file = tempfile::tempfile().expect("a file");
    let inquiry =
        inquire(&mut KernelLocks::new(file.as_fd(), Backend::Ofd), Backend::Ofd, Manner::Whole);
    assert!(inquiry.is_free(), "{inquiry:?}");
    let other = again(&file);
    assert!(
        inquire(&mut KernelLocks::new(other.as_fd(), Backend::Ofd), Backend::Ofd, Manner::Whole)
            .is_free()
    );
}

/// A server that answers questions in its own way.
struct Server<F>(F);

impl<F: Fn(LockType, RangeSpec) -> Result<Option<Blocker>, LockError>> ByteLocks for Server<F> {
    fn set(&mut self, _: LockType, _: RangeSpec) -> Result<(), LockError> {
        panic!("asking acquires nothing")
    }

    fn set_wait(&mut self, _: LockType, _: RangeSpec) -> Result<(), LockError> {
        panic!("asking acquires nothing")
    }

    fn unlock(&mut self, _: RangeSpec) -> Result<(), LockError> {
        panic!("asking releases nothing")
    }

    fn test(&mut self, kind: LockType, range: RangeSpec) -> Result<Option<Blocker>, LockError> {
        (self.0)(kind, range)
    }
}

/// The range of a question.
fn asked(range: RangeSpec) -> ByteRange {
    let last = if range.len == 0 { ByteRange::EOF } else { range.start + range.len - 1 };
    ByteRange::new(range.start, last)
}

/// A CIFS server tries the lock and reports only that it failed (`cifs_getlk`,
/// fs/smb/client/file.c).
#[test]
fn a_range_that_a_server_does_not_report_is_not_called_exact() {
    let locked = ByteRange::new(101, 101);
    let mut cifs = Server(|kind, range| {
        let range = asked(range);
        Ok((kind == LockType::Write && range.overlaps(locked)).then_some(Blocker {
            kind: LockType::Read,
            range,
            pid: None,
        }))
    });
    let inquiry = inquire(&mut cifs, Backend::Ofd, Manner::Whole);
    let file = ByteRange::new(0, ByteRange::EOF);
    let somewhere = ForeignLock { kind: LockType::Read, range: file, exact: false, pid: None };
    assert_eq!(inquiry.met, [somewhere]);
    let conflicts = inquiry.bytes.iter().filter(|answers| answers.write != Answer::Free);
    assert_eq!(conflicts.map(|answers| answers.byte).collect::<Vec<_>>(), [101]);
    assert!(inquiry.gap.is_none() && !inquiry.is_free());
    // Each of its answers takes the lock for a moment, so few questions are better.
    let sparing = inquire(&mut cifs, Backend::Ofd, Manner::Sparing);
    assert_eq!((sparing.gap, &sparing.met[..]), (Some(InquiryGap::LockBytesOnly), &[][..]));
    assert_eq!(sparing.bytes, inquiry.bytes);
}

#[test]
fn the_range_of_a_lock_on_the_whole_file_is_exact() {
    let file = tempfile::tempfile().expect("a file");
    let other = again(&file);
    KernelLocks::new(other.as_fd(), Backend::Ofd)
        .set(LockType::Write, RangeSpec::at(0, 0))
        .expect("no conflict");
    let inquiry =
        inquire(&mut KernelLocks::new(file.as_fd(), Backend::Ofd), Backend::Ofd, Manner::Whole);
    let [lock] = inquiry.met[..] else { panic!("{inquiry:?}") };
    assert!(lock.exact && lock.range == ByteRange::new(0, ByteRange::EOF), "{lock:?}");
}

/// A Ceph client reports a lock on the whole file as one on byte 0, whichever byte the question is about.
#[rstest::rstest]
#[case::alone(&[(LockType::Write, 0, 0)], &[(LockType::Write, 0, ByteRange::EOF)])]
#[case::read(&[(LockType::Read, 0, 0)], &[(LockType::Read, 0, ByteRange::EOF)])]
#[case::behind_another(
    &[(LockType::Read, 100, 2), (LockType::Read, 0, 0)],
    &[(LockType::Read, 0, ByteRange::EOF), (LockType::Read, 100, 101)],
)]
#[case::byte_0(&[(LockType::Write, 0, 1)], &[(LockType::Write, 0, 0)])]
fn a_lock_on_the_whole_file_is_found_over_ceph(
    #[case] calls: &[(LockType, i64, i64)],
    #[case] expected: &[(LockType, i64, i64)],
) {
    let file = tempfile::tempfile().expect("a file");
    let owners: Vec<File> = calls.iter().map(|_| again(&file)).collect();
    for (owner, (kind, start, length)) in owners.iter().zip(calls) {
        let mut locks = KernelLocks::new(owner.as_fd(), Backend::Ofd);
        locks.set(*kind, RangeSpec::at(*start, *length)).expect("no conflict");
    }
    let mut ceph = Server(|kind, range| {
        let blocker = KernelLocks::new(file.as_fd(), Backend::Ofd).test(kind, range)?;
        let reported = |range| if range == WHOLE { ByteRange::new(0, 0) } else { range };
        Ok(blocker.map(|blocker| Blocker { range: reported(blocker.range), ..blocker }))
    });
    let inquiry = inquire(&mut ceph, Backend::Ofd, Manner::Whole);
    assert_eq!(inquiry.gap, None);
    let found = inquiry.reported().into_iter();
    let found: Vec<_> = found.map(|lock| (lock.kind, lock.range.first, lock.range.last)).collect();
    assert_eq!(found, expected, "{inquiry:?}");
    assert!(inquiry.met.iter().all(|lock| lock.exact), "{inquiry:?}");
}

#[test]
fn a_question_that_fails_is_no_answer() {
    let mut broken = Server(|_, _| Err(LockError::Io));
    let inquiry = inquire(&mut broken, Backend::Ofd, Manner::Whole);
    assert_eq!(inquiry.gap, Some(InquiryGap::Failed(Errno::EIO)));
    assert!(!inquiry.is_free());
    assert_eq!(inquiry.about(LockType::Write, 201), Some(Answer::Failed(Errno::EIO)));
    assert_eq!(inquiry.about(LockType::Write, 7), None);
}

#[test]
fn an_answer_beside_the_question_is_no_answer() {
    let range = ByteRange::new(7, 7);
    let mut mad = Server(|_, _| Ok(Some(Blocker { kind: LockType::Write, range, pid: None })));
    assert_eq!(
        inquire(&mut mad, Backend::Ofd, Manner::Whole).gap,
        Some(InquiryGap::Failed(Errno::EPROTO))
    );
}

/// A server that splits each range for ever.
#[test]
fn a_walk_without_an_end_ends() {
    let mut endless = Server(|_, range| {
        let range = asked(range);
        let middle = range.first + (range.last - range.first) / 2;
        let range = ByteRange::new(middle, middle);
        Ok(Some(Blocker { kind: LockType::Write, range, pid: None }))
    });
    assert_eq!(inquire(&mut endless, Backend::Ofd, Manner::Whole).gap, Some(InquiryGap::ManyLocks));
}

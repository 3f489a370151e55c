//! Tests of the running kernel within one process, through several descriptors. Scenarios cover
//! the cases that need two processes.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom};
use std::os::fd::{AsFd, AsRawFd};

use rstest::rstest;

use super::LockType::{Read, Write};
use super::*;

const SIZE: u64 = 1000;

fn file() -> File {
    let file = tempfile::tempfile().expect("a temporary file");
    file.set_len(SIZE).expect("a file that grows");
    file
}

/// Opens the same file again, with a new open file description.
fn again(file: &File) -> File {
    opened(file, OpenOptions::new().read(true).write(true))
}

fn opened(file: &File, how: &OpenOptions) -> File {
    how.open(format!("/proc/self/fd/{}", file.as_raw_fd())).expect("the same file")
}

fn ofd(file: &File) -> KernelLocks<'_> {
    KernelLocks::new(file.as_fd(), Backend::Ofd)
}

fn posix(file: &File) -> KernelLocks<'_> {
    KernelLocks::new(file.as_fd(), Backend::Posix)
}

/// The range that the kernel stores for a lock on `range`.
fn seen(file: &File, range: RangeSpec) -> Option<ByteRange> {
    let (other, everything) = (again(file), RangeSpec::at(0, 0));
    ofd(file).set(Write, range).expect("no conflict");
    let blocker = ofd(&other).test(Read, everything).expect("an answer");
    blocker.map(|blocker| blocker.range)
}

#[rstest]
#[case::write_against_write(Write, Write, true)]
#[case::read_against_write(Write, Read, true)]
#[case::write_against_read(Read, Write, true)]
#[case::read_against_read(Read, Read, false)]
fn two_descriptions_exclude_each_other_unless_both_read(
    #[case] first: LockType,
    #[case] second: LockType,
    #[case] refused: bool,
) {
    let file = file();
    let other = again(&file);
    assert_eq!(ofd(&file).set(first, RangeSpec::at(5, 10)), Ok(()));
    let range = ByteRange::new(5, 14);
    let blocker = refused.then_some(Blocker { kind: first, range, pid: None });
    assert_eq!(ofd(&other).test(second, RangeSpec::at(0, 6)), Ok(blocker));
    let outcome = if refused { Err(LockError::WouldBlock { blocker }) } else { Ok(()) };
    assert_eq!(ofd(&other).set(second, RangeSpec::at(0, 6)), outcome);
}

const BLOCKER: Blocker = Blocker { kind: Write, range: ByteRange::new(7, 7), pid: None };

/// The answers of other kernels and servers, which a local file does not give.
#[rstest]
#[case::conflict(Err(Errno::EAGAIN), Ok(Some(BLOCKER)), Err(LockError::WouldBlock { blocker: Some(BLOCKER) }))]
#[case::conflict_that_has_gone(Err(Errno::EAGAIN), Ok(None), Err(LockError::WouldBlock { blocker: None }))]
#[case::conflict_on_cifs(Err(Errno::EACCES), Ok(Some(BLOCKER)), Err(LockError::WouldBlock { blocker: Some(BLOCKER) }))]
#[case::denied(Err(Errno::EACCES), Ok(None), Err(LockError::Denied))]
#[case::denied_twice(Err(Errno::EACCES), Err(LockError::Denied), Err(LockError::Denied))]
#[case::no_locks(Err(Errno::ENOLCK), Ok(Some(BLOCKER)), Err(LockError::NoLocks))]
#[case::granted(Ok(()), Ok(Some(BLOCKER)), Ok(()))]
fn a_denial_is_told_apart_from_a_conflict(
    #[case] call: Result<(), Errno>,
    #[case] test: Result<Option<Blocker>, LockError>,
    #[case] result: Result<(), LockError>,
) {
    assert_eq!(told_apart(|| call.map_err(LockError::from), || test.clone()), result);
}

#[test]
fn a_conflict_that_ended_between_call_and_test_is_no_denial() {
    let calls = std::cell::Cell::new(0);
    let attempt = || {
        calls.set(calls.get() + 1);
        if calls.get() == 1 { Err(LockError::Denied) } else { Ok(()) }
    };
    assert_eq!(told_apart(attempt, || Ok(None)), Ok(()));
}

#[test]
fn bytes_beside_a_lock_are_free() {
    let file = file();
    let other = again(&file);
    assert_eq!(ofd(&file).set(Write, RangeSpec::at(5, 10)), Ok(()));
    assert_eq!(ofd(&other).test(Write, RangeSpec::at(0, 5)), Ok(None));
    assert_eq!(ofd(&other).set(Write, RangeSpec::byte(15)), Ok(()));
}

#[test]
fn a_posix_lock_names_its_process() {
    let file = file();
    let other = again(&file);
    assert_eq!(posix(&file).set(Read, RangeSpec::byte(7)), Ok(()));
    let range = ByteRange::new(7, 7);
    let blocker = Some(Blocker { kind: Read, range, pid: Some(std::process::id().cast_signed()) });
    assert_eq!(ofd(&other).test(Write, RangeSpec::byte(7)), Ok(blocker));
    assert_eq!(ofd(&other).set(Write, RangeSpec::byte(7)), Err(LockError::WouldBlock { blocker }));
}

#[test]
fn a_process_never_stands_in_its_own_way_under_posix() {
    let file = file();
    let other = again(&file);
    assert_eq!(posix(&file).set(Write, RangeSpec::byte(7)), Ok(()));
    assert_eq!(posix(&other).test(Write, RangeSpec::byte(7)), Ok(None));
    assert_eq!(posix(&other).set(Write, RangeSpec::byte(7)), Ok(()));
}

#[rstest]
#[case(Backend::Ofd, false)]
#[case(Backend::Posix, true)]
fn closing_another_descriptor_drops_posix_locks_only(#[case] backend: Backend, #[case] free: bool) {
    let file = file();
    let witness = again(&file);
    assert_eq!(KernelLocks::new(file.as_fd(), backend).set(Write, RangeSpec::byte(0)), Ok(()));
    drop(again(&file));
    let blocker = ofd(&witness).test(Write, RangeSpec::byte(0)).expect("an answer");
    assert_eq!(blocker.is_none(), free);
}

#[test]
fn what_is_unlocked_is_free_and_the_rest_is_not() {
    let file = file();
    let other = again(&file);
    assert_eq!(ofd(&file).set(Write, RangeSpec::at(0, 0)), Ok(()));
    assert_eq!(ofd(&file).unlock(RangeSpec::byte(3)), Ok(()));
    assert_eq!(ofd(&other).test(Read, RangeSpec::byte(3)), Ok(None));
    let range = ByteRange::new(4, ByteRange::EOF);
    let blocker = Some(Blocker { kind: Write, range, pid: None });
    assert_eq!(ofd(&other).test(Write, RangeSpec::at(3, 2)), Ok(blocker));
}

/// Cases without a conflict. Scenarios cover the waiting.
#[rstest]
#[case(Backend::Ofd, None)]
#[case(Backend::Posix, Some(std::process::id().cast_signed()))]
fn a_lock_that_may_be_waited_for_has_the_same_owner(
    #[case] backend: Backend,
    #[case] pid: Option<i32>,
) {
    let file = file();
    let other = again(&file);
    assert_eq!(KernelLocks::new(file.as_fd(), backend).set_wait(Write, RangeSpec::byte(7)), Ok(()));
    let blocker = Some(Blocker { kind: Write, range: ByteRange::new(7, 7), pid });
    assert_eq!(ofd(&other).test(Read, RangeSpec::byte(7)), Ok(blocker));
}

#[rstest]
#[case::one_byte(RangeSpec::byte(100), ByteRange::new(100, 100))]
#[case::several(RangeSpec::at(100, 4), ByteRange::new(100, 103))]
#[case::to_the_end(RangeSpec::at(100, 0), ByteRange::new(100, ByteRange::EOF))]
#[case::backwards(RangeSpec::at(100, -10), ByteRange::new(90, 99))]
#[case::up_to_the_largest_offset(
    RangeSpec::at(i64::MAX - 1, 2),
    ByteRange::new(i64::MAX - 1, ByteRange::EOF)
)]
#[case::from_the_offset(
    RangeSpec { whence: Whence::Cur, start: 3, len: 2 },
    ByteRange::new(43, 44)
)]
#[case::before_the_offset(
    RangeSpec { whence: Whence::Cur, start: -40, len: 1 },
    ByteRange::new(0, 0)
)]
#[case::from_the_end(
    RangeSpec { whence: Whence::End, start: -1, len: 1 },
    ByteRange::new(999, 999)
)]
#[case::beyond_the_end(
    RangeSpec { whence: Whence::End, start: 0, len: 0 },
    ByteRange::new(1000, ByteRange::EOF)
)]
fn a_range_is_counted_as_flock_says(#[case] stated: RangeSpec, #[case] range: ByteRange) {
    let mut file = file();
    file.seek(SeekFrom::Start(40)).expect("an offset");
    assert_eq!(seen(&file, stated), Some(range));
}

#[rstest]
#[case::before_the_start(RangeSpec::at(-1, 1), LockError::Invalid)]
#[case::backwards_over_the_start(RangeSpec::at(5, -6), LockError::Invalid)]
#[case::beyond_the_largest_offset(RangeSpec::at(i64::MAX, 2), LockError::Other(Errno::EOVERFLOW))]
fn a_range_that_cannot_be_is_refused_by_every_call(
    #[case] range: RangeSpec,
    #[case] error: LockError,
    #[values(Backend::Ofd, Backend::Posix)] backend: Backend,
) {
    let file = file();
    let mut locks = KernelLocks::new(file.as_fd(), backend);
    assert_eq!(locks.set(Read, range), Err(error.clone()));
    assert_eq!(locks.set_wait(Read, range), Err(error.clone()));
    assert_eq!(locks.unlock(range), Err(error.clone()));
    assert_eq!(locks.test(Read, range), Err(error));
}

#[rstest]
#[case::reading(OpenOptions::new().read(true).clone(), Read, Write)]
#[case::writing(OpenOptions::new().write(true).clone(), Write, Read)]
fn a_descriptor_takes_only_what_it_is_open_for(
    #[case] how: OpenOptions,
    #[case] allowed: LockType,
    #[case] denied: LockType,
    #[values(Backend::Ofd, Backend::Posix)] backend: Backend,
) {
    let file = file();
    let one_way = opened(&file, &how);
    let mut locks = KernelLocks::new(one_way.as_fd(), backend);
    assert_eq!(locks.set(allowed, RangeSpec::byte(0)), Ok(()));
    assert_eq!(locks.set(denied, RangeSpec::byte(0)), Err(LockError::BadDescriptor));
    assert_eq!(locks.test(denied, RangeSpec::byte(0)), Ok(None), "a test needs no access");
}

/// Two locks of one type can be adjacent only because a lock of the other type was between them.
#[test]
fn a_lock_in_the_middle_of_another_type_parts_it() {
    let file = file();
    let other = again(&file);
    assert_eq!(ofd(&file).set(Read, RangeSpec::at(0, 10)), Ok(()));
    assert_eq!(ofd(&file).set(Write, RangeSpec::at(4, 2)), Ok(()));
    let met = |byte| ofd(&other).test(Write, RangeSpec::byte(byte)).expect("an answer");
    let blocker =
        |kind, first, last| Some(Blocker { kind, range: ByteRange::new(first, last), pid: None });
    assert_eq!(met(3), blocker(Read, 0, 3));
    assert_eq!(met(4), blocker(Write, 4, 5));
    assert_eq!(met(6), blocker(Read, 6, 9));
}

#[test]
fn the_best_backend_is_found_without_a_lock() {
    let file = tempfile::tempfile().expect("a temporary file");
    assert_eq!(best_backend(file.as_fd()), Backend::Ofd);
}

//! The order of the lock calls, recorded by a fake implementation.

use std::cell::RefCell;
use std::rc::Rc;

use imglock_core::{Blocker, ByteRange, Mode, Permission, Side};
use rstest::rstest;

use super::*;

/// The calls in their order, such as `read 100`, `test 201`, `unlock 101`.
#[derive(Default, Clone)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    /// Returns the calls since the last time.
    fn taken(&self) -> String {
        self.0.take().join(", ")
    }
}

/// Grants every lock and finds no conflict, except where a test configures it otherwise.
#[derive(Default)]
struct Recorder {
    name: &'static str,
    log: Log,
    taken: Vec<String>,
    failing: Vec<(String, LockError)>,
}

impl Recorder {
    fn called(name: &'static str, log: &Log) -> Recorder {
        Recorder { name, log: log.clone(), ..Recorder::default() }
    }

    /// Another owner holds a conflicting lock there.
    fn finds(mut self, call: &str) -> Recorder {
        self.taken.push(call.to_owned());
        self
    }

    fn fails(mut self, call: &str, error: LockError) -> Recorder {
        self.failing.push((call.to_owned(), error));
        self
    }

    fn call(&mut self, verb: &str, range: RangeSpec) -> Result<bool, LockError> {
        assert_eq!(range, RangeSpec::byte(range.start), "lock bytes are single bytes");
        let call = format!("{verb} {}", range.start);
        self.log.0.borrow_mut().push(format!("{}{call}", self.name));
        match self.failing.iter().find(|(failing, _)| *failing == call) {
            Some((_, error)) => Err(error.clone()),
            None => Ok(self.taken.contains(&call)),
        }
    }
}

impl ByteLocks for Recorder {
    fn set(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError> {
        self.call(kind.name(), range).map(drop)
    }

    fn set_wait(&mut self, _: LockType, _: RangeSpec) -> Result<(), LockError> {
        panic!("acquiring a claim never waits")
    }

    fn unlock(&mut self, range: RangeSpec) -> Result<(), LockError> {
        self.call("unlock", range).map(drop)
    }

    fn test(&mut self, kind: LockType, range: RangeSpec) -> Result<Option<Blocker>, LockError> {
        assert_eq!(kind, LockType::Write, "only a write lock conflicts with every read lock");
        let range_met = ByteRange::new(range.start, range.start);
        let blocker = Blocker { kind: LockType::Read, range: range_met, pid: None };
        Ok(self.call("test", range)?.then_some(blocker))
    }
}

/// A node that has acquired `mode`.
fn holder_of(mode: Mode) -> ByteClaims {
    let mut claims = ByteClaims::default();
    claims.change(&mut Recorder::default(), mode.claim()).expect("no conflict");
    claims
}

fn refused(side: Side, permission: Permission) -> Result<(), AcquireError> {
    Err(AcquireError::Refused(Refusal { side, permission }))
}

const EVERYTHING: Claim = Claim::new(Permissions::all(), Permissions::empty());

#[rstest]
#[case::nothing(Claim::NOTHING, "")]
#[case::a_reader(Mode::Ro.claim(), "read 100, read 201, test 200, test 101")]
#[case::a_writer(
    Mode::Rw.claim(),
    "read 100, read 101, read 201, test 200, test 201, test 101"
)]
#[case::who_shares_all(Mode::ShareRw.claim(), "read 100, read 101, test 200, test 201")]
#[case::who_only_keeps_others_out(
    Claim::new(Permissions::empty(), Permissions::WRITE.complement()),
    "read 201, test 101"
)]
#[case::an_owner_of_all(
    EVERYTHING,
    "read 100, read 101, read 102, read 103, read 200, read 201, read 202, read 203, \
     test 200, test 201, test 202, test 203, test 100, test 101, test 102, test 103"
)]
fn an_opener_locks_both_halves_before_it_tests_them(#[case] claim: Claim, #[case] calls: &str) {
    let log = Log::default();
    let mut claims = ByteClaims::default();
    assert_eq!(claims.change(&mut Recorder::called("", &log), claim), Ok(()));
    assert_eq!(log.taken(), calls);
    assert_eq!(claims.claim(), claim);
}

#[rstest]
#[case::more(Mode::Ro, Mode::Rw, "read 101, test 200, test 201, test 101")]
#[case::less(Mode::Rw, Mode::Ro, "unlock 101")]
#[case::less_of_both_halves(Mode::Qcow2Rw, Mode::Ro, "unlock 101, unlock 103, unlock 203")]
#[case::everything_back(Mode::Rw, Mode::None, "unlock 100, unlock 101, unlock 201")]
#[case::the_same_again(Mode::Rw, Mode::Rw, "")]
#[case::holding_less_and_sharing_less(
    Mode::ToolRw,
    Mode::Ro,
    "read 201, test 200, test 101, unlock 101"
)]
#[case::holding_more_and_sharing_more(
    Mode::Rw,
    Mode::Resize,
    "read 103, test 200, test 201, test 203, unlock 201"
)]
fn a_change_locks_only_what_is_new_and_then_unlocks_only_what_is_old(
    #[case] from: Mode,
    #[case] to: Mode,
    #[case] calls: &str,
) {
    let log = Log::default();
    let mut claims = holder_of(from);
    assert_eq!(claims.change(&mut Recorder::called("", &log), to.claim()), Ok(()));
    assert_eq!(log.taken(), calls);
    assert_eq!(claims.claim(), to.claim());
}

#[rstest]
#[case::over_what_it_wants(
    Recorder::default().finds("test 201"),
    refused(Side::Wanted, Permission::Write),
    "read 101, read 103, read 203, test 200, test 201, unlock 101, unlock 103, unlock 203"
)]
#[case::over_what_it_does_not_share(
    Recorder::default().finds("test 103"),
    refused(Side::Unshared, Permission::Resize),
    "read 101, read 103, read 203, test 200, test 201, test 203, test 101, test 103, \
     unlock 101, unlock 103, unlock 203"
)]
#[case::by_a_kernel_that_says_so_with_an_errno(
    Recorder::default().fails("test 200", LockError::WouldBlock { blocker: None }),
    refused(Side::Wanted, Permission::ConsistentRead),
    "read 101, read 103, read 203, test 200, unlock 101, unlock 103, unlock 203"
)]
#[case::because_a_byte_cannot_be_locked(
    Recorder::default().fails("read 203", LockError::NoLocks),
    Err(AcquireError::LockByte { byte: 203, error: LockError::NoLocks }),
    "read 101, read 103, read 203, unlock 101, unlock 103"
)]
#[case::because_the_first_byte_cannot_be_locked(
    Recorder::default().fails("read 101", LockError::BadDescriptor),
    Err(AcquireError::LockByte { byte: 101, error: LockError::BadDescriptor }),
    "read 101"
)]
#[case::because_a_byte_cannot_be_tested(
    Recorder::default().fails("test 101", LockError::Io),
    Err(AcquireError::Test {
        wanted: Refusal { side: Side::Unshared, permission: Permission::Write },
        error: LockError::Io,
    }),
    "read 101, read 103, read 203, test 200, test 201, test 203, test 101, \
     unlock 101, unlock 103, unlock 203"
)]
fn whoever_is_refused_goes_back_to_what_was_in_force(
    #[case] mut locks: Recorder,
    #[case] error: Result<(), AcquireError>,
    #[case] calls: &str,
) {
    let mut claims = holder_of(Mode::Ro);
    assert_eq!(claims.change(&mut locks, Mode::Qcow2Rw.claim()), error);
    assert_eq!(locks.log.taken(), calls);
    assert_eq!(claims, holder_of(Mode::Ro), "only the old claim is recorded");
}

#[test]
fn a_byte_that_cannot_be_unlocked_is_tried_again_at_the_next_change() {
    let mut claims = holder_of(Mode::Rw);
    let mut stuck = Recorder::default()
        .fails("unlock 101", LockError::NoLocks)
        .fails("unlock 201", LockError::NoLocks);
    assert_eq!(claims.change(&mut stuck, Claim::NOTHING), Ok(()));
    assert_eq!(stuck.log.taken(), "unlock 100, unlock 101, unlock 201");
    assert_eq!(claims.claim(), Claim::NOTHING, "the change is in force nevertheless");

    let mut locks = Recorder::default();
    assert_eq!(claims.change(&mut locks, Mode::Ro.claim()), Ok(()));
    assert_eq!(locks.log.taken(), "read 100, test 200, test 101, unlock 101");
    assert_eq!(claims, holder_of(Mode::Ro));
}

#[test]
fn a_reopen_takes_the_new_bytes_on_both_descriptors_and_tests_on_the_old_one() {
    let log = Log::default();
    let (mut old, mut new) = (Recorder::called("old ", &log), Recorder::called("new ", &log));
    let mut claims = holder_of(Mode::Ro);
    assert_eq!(claims.prepare_reopen(&mut old, &mut new, Mode::Rw.claim()), Ok(()));
    assert_eq!(
        log.taken(),
        "old read 101, old test 200, old test 201, old test 101, \
         new read 100, new read 101, new read 201"
    );
    assert_eq!(claims.claim(), Mode::Ro.claim(), "not before the commit");
    claims.commit(&mut new, Mode::Rw.claim());
    assert_eq!(log.taken(), "", "no byte to release");
    assert_eq!(claims, holder_of(Mode::Rw));
}

#[test]
fn a_reopen_with_less_tests_nothing_and_unlocks_on_the_new_descriptor() {
    let log = Log::default();
    let (mut old, mut new) = (Recorder::called("old ", &log), Recorder::called("new ", &log));
    let mut claims = holder_of(Mode::Rw);
    assert_eq!(claims.prepare_reopen(&mut old, &mut new, Mode::Ro.claim()), Ok(()));
    assert_eq!(log.taken(), "new read 100, new read 201");
    claims.commit(&mut new, Mode::Ro.claim());
    assert_eq!(
        log.taken(),
        "new unlock 101",
        "as QEMU does, though the byte was never locked there"
    );
    assert_eq!(claims, holder_of(Mode::Ro));
}

#[rstest]
#[case::on_the_old_descriptor(
    "test 201",
    "",
    "old read 101, old test 200, old test 201, old unlock 101"
)]
#[case::on_the_new_descriptor(
    "",
    "read 101",
    "old read 101, old test 200, old test 201, old test 101, new read 100, new read 101, \
     old unlock 101"
)]
fn a_reopen_that_fails_leaves_the_old_descriptor_as_it_was(
    #[case] taken_on_old: &str,
    #[case] failing_on_new: &str,
    #[case] calls: &str,
) {
    let log = Log::default();
    let mut old = Recorder::called("old ", &log).finds(taken_on_old);
    let mut new = Recorder::called("new ", &log).fails(failing_on_new, LockError::NoLocks);
    let mut claims = holder_of(Mode::Ro);
    assert!(claims.prepare_reopen(&mut old, &mut new, Mode::Rw.claim()).is_err());
    assert_eq!(log.taken(), calls);
    assert_eq!(claims, holder_of(Mode::Ro));
}

#[rstest]
#[case(Side::Wanted, Permission::Write, "Failed to get \"write\" lock", "write")]
#[case(
    Side::Unshared,
    Permission::ConsistentRead,
    "Failed to get shared \"consistent read\" lock",
    "shared consistent-read"
)]
#[case(
    Side::Wanted,
    Permission::WriteUnchanged,
    "Failed to get \"write unchanged\" lock",
    "write-unchanged"
)]
fn a_refusal_is_told_in_qemus_words_and_in_ours(
    #[case] side: Side,
    #[case] permission: Permission,
    #[case] qemu: &str,
    #[case] ours: &str,
) {
    let refusal = Refusal { side, permission };
    assert_eq!(AcquireError::Refused(refusal).to_string(), qemu);
    assert_eq!(refusal.to_string(), ours);
}

#[test]
fn a_byte_that_cannot_be_locked_is_named() {
    let error = AcquireError::LockByte { byte: 100, error: LockError::NoLocks };
    assert_eq!(error.to_string(), "Failed to lock byte 100: No locks available");
}

use rstest::rstest;

use super::*;
use imglock_core::{
    Backend, Claim,
    LockType::{Read, Write},
    Mode, held_byte, unshared_byte,
};
use imglock_locks::ByteClaims;
use imglock_scenario::TableLocks;

/// Surroundings without requests and without waiting processes.
struct Nobody;

impl Surroundings for Nobody {
    fn wait_forever(&self) {}

    fn is_waited_for(&self, _: RawFd) -> bool {
        false
    }
}

/// The number of a descriptor; doubles in memory need no file.
const FD: RawFd = 3;

/// The locks as another owner sees them, and the locks of this owner.
struct Double {
    memory: Memory,
    file: TableLocks,
}

impl Double {
    fn new() -> Double {
        Double { memory: Memory::default(), file: TableLocks::new(Backend::Ofd) }
    }

    /// Locks of an owner with a fault.
    fn planted(&self, fault: Fault, purpose: Purpose) -> Faulty<'_, TableLocks> {
        let views = (self.file.in_another_process(), self.file.in_another_process());
        Faulty::new(fault, purpose, &self.memory, FD, views, &Nobody)
    }
}

fn held(locks: &Faulty<'_, TableLocks>) -> String {
    let lines = locks.locks.held().into_iter().map(|(kind, range)| format!("{kind} {range}"));
    lines.collect::<Vec<_>>().join(", ")
}

#[rstest]
#[case(Fault::EndOneTooFar, RangeSpec::at(5, 10), "write 5-15")]
#[case(Fault::EndOneTooFar, RangeSpec::at(5, 0), "write 5-eof")]
#[case(Fault::EndOneShort, RangeSpec::at(5, 10), "write 5-13")]
#[case(Fault::EndOneShort, RangeSpec::byte(5), "write 5")]
#[case(Fault::StartOneTooFar, RangeSpec::at(5, 10), "write 6-15")]
#[case(Fault::ZeroIsOneByte, RangeSpec::at(5, 0), "write 5")]
#[case(Fault::WhenceIgnored, RangeSpec { whence: imglock_core::Whence::End, start: 5, len: 2 }, "write 5-6")]
#[case(Fault::OffsetCut, RangeSpec::at((1 << 32) + 5, 2), "write 5-6")]
#[case(Fault::WriteBecomesRead, RangeSpec::byte(5), "read 5")]
#[case(Fault::WrongByte, RangeSpec::byte(101), "write 111")]
#[case(Fault::WrongByte, RangeSpec::byte(201), "write 201")]
#[case(Fault::UnlockIgnored, RangeSpec::byte(5), "write 5")]
fn a_lock_is_taken_as_the_fault_has_it(
    #[case] fault: Fault,
    #[case] asked: RangeSpec,
    #[case] taken: &str,
) {
    let double = Double::new();
    let mut locks = double.planted(fault, Purpose::Lock);
    locks.set(Write, asked).expect("no conflicting lock");
    assert_eq!(held(&locks), taken);
}

#[rstest]
#[case(Fault::NoCheck, "write 0-4, write 10-19")]
#[case(Fault::UnlockIgnored, "write 0-19")]
#[case(Fault::UnlockDropsEverything, "")]
#[case(Fault::UnlockDropsTheRest, "write 0-4")]
#[case(Fault::EndOneTooFar, "write 0-4, write 10-19")]
fn unlocking_drops_what_the_fault_says(#[case] fault: Fault, #[case] left: &str) {
    let double = Double::new();
    let mut locks = double.planted(fault, Purpose::Lock);
    locks.locks.set(Write, RangeSpec::at(0, 20)).expect("no conflicting lock");
    locks.unlock(RangeSpec::at(5, 5)).expect("it can be unlocked");
    assert_eq!(held(&locks), left);
}

#[rstest]
#[case(Fault::NoCheck, "read 0")]
#[case(Fault::DowngradeIgnored, "write 0")]
fn a_write_lock_becomes_a_read_lock_or_not(#[case] fault: Fault, #[case] left: &str) {
    let double = Double::new();
    let mut locks = double.planted(fault, Purpose::Lock);
    locks.set(Write, RangeSpec::byte(0)).expect("no conflicting lock");
    locks.set(Read, RangeSpec::byte(0)).expect("no conflicting lock");
    assert_eq!(held(&locks), left);
}

#[test]
fn an_upgrade_that_is_not_atomic_loses_what_it_had() {
    for (fault, left) in [(Fault::NoCheck, "read 0"), (Fault::UpgradeNotAtomic, "")] {
        let double = Double::new();
        let mut other = double.file.in_another_process();
        other.set(Read, RangeSpec::byte(0)).expect("readers share");
        let mut locks = double.planted(fault, Purpose::Lock);
        locks.set(Read, RangeSpec::byte(0)).expect("readers share");
        locks.set(Write, RangeSpec::byte(0)).expect_err("the other one reads");
        assert_eq!(held(&locks), left, "{fault}");
    }
}

#[test]
fn only_eight_locks_have_room() {
    let double = Double::new();
    let mut locks = double.planted(Fault::OnlyEightLocks, Purpose::Lock);
    for byte in 0..9 {
        locks.set(Read, RangeSpec::byte(10 * byte)).expect("it is said to be taken");
        locks.set(Read, RangeSpec::byte(10 * byte)).expect("it is said to be taken");
    }
    assert_eq!(locks.locks.held().len(), 8);
    locks.unlock(RangeSpec::byte(0)).expect("it can be unlocked");
    locks.set(Read, RangeSpec::byte(80)).expect("it is taken");
    assert_eq!(locks.locks.held().len(), 8);
    assert!(held(&locks).ends_with("read 80"), "{}", held(&locks));
}

#[rstest]
#[case(Fault::NoCheck, "Some((Write, 0-9, None))")]
#[case(Fault::TestSeesNothing, "None")]
#[case(Fault::TestNamesWrongRange, "Some((Write, 0-10, None))")]
#[case(Fault::TestNamesWrongType, "Some((Read, 0-9, None))")]
fn a_test_names_what_the_fault_makes_of_it(#[case] fault: Fault, #[case] named: &str) {
    let double = Double::new();
    let mut other = double.file.in_another_process();
    other.set(Write, RangeSpec::at(0, 10)).expect("no conflicting lock");
    let mut locks = double.planted(fault, Purpose::Lock);
    let blocker = locks.test(Read, RangeSpec::byte(3)).expect("an answer");
    let blocker = blocker.map(|b| (b.kind, b.range, b.pid));
    let told = match blocker {
        Some((kind, range, pid)) => format!("Some(({kind:?}, {range}, {pid:?}))"),
        None => "None".to_owned(),
    };
    assert_eq!(told, named);
}

#[test]
fn the_asking_process_is_named_as_the_owner() {
    let double = Double::new();
    let mut other = double.file.in_another_process();
    other.set(Write, RangeSpec::byte(0)).expect("no conflicting lock");
    let mut locks = double.planted(Fault::TestNamesWrongOwner, Purpose::Lock);
    let blocker = locks.test(Read, RangeSpec::byte(0)).expect("an answer").expect("a blocker");
    assert_eq!(blocker.pid, Some(std::process::id().cast_signed()));
}

#[rstest]
#[case(Fault::NoCheck, Read, true, true)]
#[case(Fault::TestAsksToRead, Read, false, true)]
#[case(Fault::TestSeesOwnLock, Read, true, true)]
fn a_test_meets_whom_the_fault_lets_it_meet(
    #[case] fault: Fault,
    #[case] other_has: LockType,
    #[case] reader: bool,
    #[case] writer: bool,
) {
    let double = Double::new();
    let mut other = double.file.in_another_process();
    let mut locks = double.planted(fault, Purpose::Lock);
    for (kind, meets) in [(other_has, reader), (Write, writer)] {
        other.set(kind, RangeSpec::byte(0)).expect("no conflicting lock");
        let met = locks.test(Write, RangeSpec::byte(0)).expect("an answer").is_some();
        assert_eq!(met, meets, "{fault} {kind}");
    }
}

#[test]
fn an_owner_meets_its_own_lock() {
    for (fault, meets) in [(Fault::NoCheck, false), (Fault::TestSeesOwnLock, true)] {
        let double = Double::new();
        let mut locks = double.planted(fault, Purpose::Lock);
        locks.set(Read, RangeSpec::byte(0)).expect("no conflicting lock");
        let met = locks.test(Write, RangeSpec::byte(0)).expect("an answer").is_some();
        assert_eq!(met, meets, "{fault}");
    }
}

#[test]
fn readers_keep_each_other_out_and_a_refusal_is_a_grant() {
    let double = Double::new();
    let mut other = double.file.in_another_process();
    other.set(Read, RangeSpec::byte(0)).expect("no conflicting lock");
    let mut locks = double.planted(Fault::CompatibleLockRefused, Purpose::Lock);
    assert!(matches!(
        locks.set(Read, RangeSpec::byte(0)),
        Err(LockError::WouldBlock { blocker: Some(_) })
    ));
    let mut locks = double.planted(Fault::ConflictingLockGranted, Purpose::Lock);
    assert_eq!(locks.set(Write, RangeSpec::byte(0)), Ok(()));
    assert_eq!(held(&locks), "");
}

/// A double cannot wait; the test sees only the effects without a wait.
#[rstest]
#[case(Fault::NoCheck, Err(LockError::Interrupted))]
#[case(Fault::NeverWaits, Ok(()))]
#[case(Fault::DeadlockInvented, Err(LockError::Deadlock))]
fn a_wait_ends_as_the_fault_has_it(#[case] fault: Fault, #[case] end: Result<(), LockError>) {
    let double = Double::new();
    let mut other = double.file.in_another_process();
    other.set(Write, RangeSpec::byte(0)).expect("no conflicting lock");
    let mut locks = double.planted(fault, Purpose::Lock);
    assert_eq!(locks.set_wait(Write, RangeSpec::byte(0)), end);
    assert_eq!(held(&locks), "");
    assert_eq!(locks.set_wait(Write, RangeSpec::byte(1)), Ok(()), "no conflicting lock");
}

/// Whether a second opener that requests `wanted` beside a holder is granted.
fn beside(fault: Fault, holder: Claim, wanted: Claim) -> bool {
    let double = Double::new();
    let mut other = double.file.in_another_process();
    ByteClaims::default().change(&mut other, holder).expect("no conflicting lock");
    let mut locks = double.planted(fault, Purpose::Open);
    ByteClaims::default().change(&mut locks, wanted).is_ok()
}

#[rstest]
#[case::sound(Fault::LockExpires, false, false)]
#[case(Fault::NoCheck, true, true)]
#[case(Fault::UnsharedNotChecked, true, false)]
#[case(Fault::HeldNotChecked, false, true)]
#[case(Fault::ChangeNotChecked, false, false)]
#[case(Fault::CheckBeforeLock, false, false)]
fn an_opener_is_let_in_where_it_does_not_look(
    #[case] fault: Fault,
    #[case] reader_beside_a_writer_that_shares_nothing: bool,
    #[case] writer_beside_a_reader: bool,
) {
    let permissions = |text: &str| text.parse().expect("permissions");
    // First only the wanted permissions conflict, then only the unshared ones.
    let shares_nothing = Claim::new(permissions("write"), permissions("-"));
    let wants = Claim::new(permissions("consistent-read"), permissions("all"));
    assert_eq!(beside(fault, shares_nothing, wants), reader_beside_a_writer_that_shares_nothing);
    let holds = Claim::new(permissions("consistent-read"), permissions("all"));
    let does_not_share = Claim::new(permissions("write"), permissions("write"));
    assert_eq!(beside(fault, holds, does_not_share), writer_beside_a_reader);
}

/// Of two openers that test first and lock afterwards, both are granted.
#[rstest]
#[case(Fault::LockExpires, false)]
#[case(Fault::CheckBeforeLock, true)]
fn two_that_look_before_they_lock_are_both_granted(#[case] fault: Fault, #[case] both: bool) {
    let double = Double::new();
    let claim = Mode::Rw.claim();
    let mut first = double.planted(fault, Purpose::Open);
    let mut second = double.planted(fault, Purpose::Open);
    assert!(ByteClaims::default().change(&mut first, claim).is_ok());
    assert_eq!(ByteClaims::default().change(&mut second, claim).is_ok(), both);
    first.settle();
    second.settle();
    assert_eq!(held(&first), "read 100-101, read 201");
    assert_eq!(held(&second) == held(&first), both);
}

#[test]
fn who_lets_go_for_a_moment_has_everything_before_and_after() {
    let double = Double::new();
    let mut locks = double.planted(Fault::LetsGoForAMoment, Purpose::Open);
    ByteClaims::default().change(&mut locks, Mode::Rw.claim()).expect("no conflicting lock");
    let before = held(&locks);
    locks.settle();
    assert_eq!((before.as_str(), held(&locks)), ("read 100-101, read 201", before.clone()));
}

#[rstest]
#[case(Fault::LockExpires, "read 100")]
#[case(Fault::RollbackForgotten, "read 100-101, read 201")]
fn a_refused_change_is_rolled_back_or_not(#[case] fault: Fault, #[case] left: &str) {
    let double = Double::new();
    let permissions = |text: &str| text.parse().expect("permissions");
    let reads = Claim::new(permissions("consistent-read"), permissions("all"));
    let mut other = double.file.in_another_process();
    ByteClaims::default().change(&mut other, Mode::ShareRw.claim()).expect("no conflicting lock");
    let mut locks = double.planted(fault, Purpose::Change);
    let mut claims = ByteClaims::default();
    claims.change(&mut locks, reads).expect("all share reading");
    claims.change(&mut locks, Mode::Rw.claim()).expect_err("the other one writes");
    assert_eq!(held(&locks), left);
}

#[rstest]
#[case(Fault::LockExpires, "")]
#[case(Fault::OldClaimKept, "read 100-101, read 201")]
fn a_claim_that_is_given_up_goes_or_stays(#[case] fault: Fault, #[case] left: &str) {
    let double = Double::new();
    let mut locks = double.planted(fault, Purpose::Change);
    let mut claims = ByteClaims::default();
    claims.change(&mut locks, Mode::Rw.claim()).expect("no conflicting lock");
    claims.change(&mut locks, Claim::NOTHING).expect("giving up is never refused");
    assert_eq!(held(&locks), left);
}

#[test]
fn some_bytes_are_not_locked() {
    let double = Double::new();
    for (fault, purpose, left) in [
        (Fault::UnsharedNotLocked, Purpose::Open, "read 100-101"),
        (Fault::ReopenTakesNothing, Purpose::Reopen, ""),
        (Fault::ReopenTakesNothing, Purpose::Open, "read 100-101, read 201"),
    ] {
        let mut locks = double.planted(fault, purpose);
        let mut claims = ByteClaims::default();
        claims.change(&mut locks, Mode::Rw.claim()).expect("no conflicting lock");
        assert_eq!(held(&locks), left, "{fault}");
        claims.change(&mut locks, Claim::NOTHING).expect("giving up is never refused");
    }
}

#[test]
fn the_hundredth_opener_does_not_look() {
    let double = Double::new();
    let mut other = double.file.in_another_process();
    ByteClaims::default().change(&mut other, Mode::Rw.claim()).expect("no conflicting lock");
    let granted: Vec<u32> = (1..=200)
        .filter(|_| {
            let mut locks = double.planted(Fault::HundredthNotChecked, Purpose::Open);
            let is_let_in = ByteClaims::default().change(&mut locks, Mode::Rw.claim()).is_ok();
            let _ = locks.locks.unlock(RangeSpec::at(0, 0));
            is_let_in
        })
        .collect();
    assert_eq!(granted, [100, 200]);
}

#[test]
fn lock_bytes_are_told_by_their_numbers() {
    let held = Mode::ALL[0].claim().shared.each().map(held_byte);
    assert!(held.into_iter().all(|byte| is_held_byte(RangeSpec::byte(byte))));
    let unshared = imglock_core::Permissions::all().each().map(unshared_byte);
    assert!(unshared.into_iter().all(|byte| is_unshared_byte(RangeSpec::byte(byte))));
    for range in [RangeSpec::byte(99), RangeSpec::byte(104), RangeSpec::at(100, 2)] {
        assert!(!is_held_byte(range) && !is_unshared_byte(range), "{range}");
    }
}

//! QEMU's protocol ([`ByteClaims`]) on a lock table in memory: the locks after a grant and after a
//! refusal.

use rstest::rstest;

use crate::model::TableLocks;
use imglock_core::{
    Access, Backend, ByteLocks, Claim, LockError, LockType, Mode, Permission, RangeSpec, Refusal,
    Side,
};
use imglock_locks::{AcquireError, ByteClaims};

/// Opens the image in a new process and acquires `mode`.
fn opener(image: &TableLocks, mode: Mode) -> (TableLocks, ByteClaims) {
    let (mut locks, mut claims) = (image.in_another_process(), ByteClaims::default());
    claims.change(&mut locks, mode.claim()).expect("no conflict");
    (locks, claims)
}

/// The locked bytes, such as `100-101 201`. Every lock must be a read lock.
fn bytes(locks: &TableLocks) -> String {
    let held = locks.held();
    assert!(held.iter().all(|(kind, _)| *kind == LockType::Read), "QEMU acquires only read locks");
    held.iter().map(|(_, range)| range.to_string()).collect::<Vec<_>>().join(" ")
}

#[rstest]
#[case::over_what_it_wants(Mode::Ro, Mode::Rw, Side::Wanted, Permission::Write)]
#[case::over_what_it_does_not_share(Mode::ShareRw, Mode::Ro, Side::Unshared, Permission::Write)]
#[case::over_the_first_of_two(Mode::Create, Mode::CommitSource, Side::Unshared, Permission::Write)]
fn the_second_is_refused_and_leaves_no_byte(
    #[case] first: Mode,
    #[case] second: Mode,
    #[case] side: Side,
    #[case] permission: Permission,
    #[values(Backend::Ofd, Backend::Posix)] backend: Backend,
) {
    let (holder, _) = opener(&TableLocks::new(backend), first);
    let before = holder.held();
    let (mut locks, mut claims) = (holder.in_another_process(), ByteClaims::default());
    let refusal = Refusal { side, permission };
    assert_eq!(claims.change(&mut locks, second.claim()), Err(AcquireError::Refused(refusal)));
    assert_eq!(bytes(&locks), "");
    assert_eq!(holder.held(), before, "the holder keeps its locks");
}

#[test]
fn a_refused_upgrade_keeps_what_it_had() {
    let (holder, _) = opener(&TableLocks::new(Backend::Ofd), Mode::Ro);
    let (mut locks, mut claims) = opener(&holder, Mode::Ro);
    assert!(claims.change(&mut locks, Mode::Rw.claim()).is_err());
    assert_eq!((bytes(&locks).as_str(), claims.claim()), ("100 201", Mode::Ro.claim()));
    holder.close();
    assert_eq!(claims.change(&mut locks, Mode::Rw.claim()), Ok(()), "no conflict is left");
    assert_eq!(bytes(&locks), "100-101 201");
    assert_eq!(claims.change(&mut locks, Claim::NOTHING), Ok(()));
    assert_eq!(bytes(&locks), "");
}

/// This is how QEMU loses its locks in a normal start: the close of the old descriptor drops them, and
/// the commit only uses its own records.
#[rstest]
#[case(Backend::Ofd, "100-101 201")]
#[case(Backend::Posix, "")]
fn a_reopen_loses_every_posix_lock(#[case] backend: Backend, #[case] left: &str) {
    let (mut old, mut claims) = opener(&TableLocks::new(backend), Mode::Ro);
    let mut new = old.in_the_same_process();
    assert_eq!(claims.prepare_reopen(&mut old, &mut new, Mode::Rw.claim()), Ok(()));
    assert_eq!(bytes(&new), "100-101 201");
    old.close();
    claims.commit(&mut new, Mode::Rw.claim());
    assert_eq!((bytes(&new).as_str(), claims.claim()), (left, Mode::Rw.claim()));
}

#[test]
fn a_refused_reopen_keeps_the_old_descriptor_and_takes_nothing_on_the_new_one() {
    let (holder, _) = opener(&TableLocks::new(Backend::Ofd), Mode::Ro);
    let (mut old, mut claims) = opener(&holder, Mode::Ro);
    let mut new = old.in_the_same_process();
    assert!(claims.prepare_reopen(&mut old, &mut new, Mode::Rw.claim()).is_err());
    assert_eq!((bytes(&old).as_str(), bytes(&new).as_str()), ("100 201", ""));
}

#[test]
fn a_foreign_write_lock_is_met_by_the_lock_itself() {
    let image = TableLocks::new(Backend::Ofd);
    let mut stranger = image.in_another_process();
    stranger.set(LockType::Write, RangeSpec::byte(201)).expect("no conflict");
    let (mut locks, mut claims) = (image.in_another_process(), ByteClaims::default());
    let blocker = locks.test(LockType::Read, RangeSpec::byte(201)).expect("an answer");
    let error = LockError::WouldBlock { blocker };
    let error = Err(AcquireError::LockByte { byte: 201, error });
    assert_eq!(claims.change(&mut locks, Mode::Rw.claim()), error);
    assert_eq!(bytes(&locks), "");
}

#[test]
fn a_descriptor_that_cannot_be_read_takes_none_of_qemus_locks() {
    let mut locks = TableLocks::new(Backend::Ofd).with_access(Access::WriteOnly);
    let error = AcquireError::LockByte { byte: 101, error: LockError::BadDescriptor };
    let mut claims = ByteClaims::default();
    assert_eq!(claims.change(&mut locks, Mode::BackupTarget.claim()), Err(error));
}

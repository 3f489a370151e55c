use serde::{Deserialize, Serialize};
use strum::{Display, EnumMessage, EnumString, IntoStaticStr, VariantArray};

use imglock_core::Backend;

/// A fault in lock calls, or in a program that makes them.
///
/// The first line of each variant's documentation is its [`Fault::meaning`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(Display, EnumMessage, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Fault {
    /// A lock is reported as granted although another owner's lock conflicts with it.
    ConflictingLockGranted,
    /// Two read locks conflict with each other.
    CompatibleLockRefused,
    /// A read lock is acquired as a write lock.
    ReadBecomesWrite,
    /// A write lock is acquired as a read lock.
    WriteBecomesRead,
    /// A lock that changes its type is released first and then acquired anew.
    UpgradeNotAtomic,
    /// A write lock stays a write lock when its owner asks for a read lock instead.
    DowngradeIgnored,
    /// A lock ends one byte too late.
    EndOneTooFar,
    /// A lock of several bytes ends one byte too early.
    EndOneShort,
    /// A lock begins one byte too late.
    StartOneTooFar,
    /// Length 0 means one byte instead of all bytes to the end of the file, however large it grows.
    ZeroIsOneByte,
    /// A range is relative to the start of the file, even with SEEK_CUR or SEEK_END.
    WhenceIgnored,
    /// A range begins at its offset truncated to 32 bits.
    OffsetCut,
    /// Locks go to a private file of each process instead of the image.
    WrongFile,
    /// Locks belong to the process although the open file description should own them.
    OwnerByPid,
    /// A process has room for eight locks; a ninth is reported as granted but not acquired.
    OnlyEightLocks,
    /// A lock expires after a millisecond.
    LockExpires,
    /// Unlocking does nothing.
    UnlockIgnored,
    /// Unlocking a range releases all locks of its owner.
    UnlockDropsEverything,
    /// Unlocking a range also releases all bytes after it.
    UnlockDropsTheRest,
    /// A test for a conflicting lock always reports that the range is free.
    TestSeesNothing,
    /// A test for a write lock is answered as a test for a read lock.
    TestAsksToRead,
    /// A test reports the asking owner's own lock as a conflict.
    TestSeesOwnLock,
    /// A test reports the conflicting lock with a wrong range.
    TestNamesWrongRange,
    /// A test reports the asking process as the owner of the conflicting lock.
    TestNamesWrongOwner,
    /// A test reports the conflicting lock with the other type.
    TestNamesWrongType,
    /// A call that should wait for a lock reports at once that it was granted.
    NeverWaits,
    /// A call that waits for a lock never returns.
    NeverWoken,
    /// A call that waited for a lock reports that it was granted, but has no lock.
    WokenWithoutLock,
    /// The first waiter releases its lock again and queues behind all other waiters.
    WokenTwice,
    /// A signal does not end the wait for a lock.
    SignalIgnored,
    /// A wait is refused as a deadlock although it closes no cycle.
    DeadlockInvented,
    /// A wait that closes a cycle is not refused.
    DeadlockMissed,
    /// An opener tests for others first and acquires its lock bytes afterwards.
    CheckBeforeLock,
    /// An opener does not test for others at all.
    NoCheck,
    /// An opener does not test for others that hold a permission it does not share.
    HeldNotChecked,
    /// An opener does not test for others that do not share a permission it wants.
    UnsharedNotChecked,
    /// An opener that changes its claim does not test for others.
    ChangeNotChecked,
    /// An opener does not test for others every hundredth time.
    HundredthNotChecked,
    /// An opener does not lock the bytes of permissions that it does not share.
    UnsharedNotLocked,
    /// An opener that only reads locks no bytes and does not test for others.
    ReadersNotLocked,
    /// The bytes of held permissions are locked ten bytes after their right place.
    WrongByte,
    /// An opener releases its bytes for a moment after it has tested for others.
    LetsGoForAMoment,
    /// A refused change keeps the bytes that it has locked.
    RollbackForgotten,
    /// A reduced claim keeps the bytes that it no longer needs.
    OldClaimKept,
    /// A refused opener reports that it was granted.
    RefusalHidden,
    /// A refusal reports `write` instead of `shared write`, and the other way round.
    RefusalMisnamed,
    /// Reopening acquires no locks on the new descriptor.
    ReopenTakesNothing,
    /// A refused open leaves its descriptor open.
    RefusedOpenKept,
    /// A closed image stays open and therefore locked.
    KeptAfterClose,
    /// The locks of a process remain after its exit.
    KeptAfterDeath,
    /// Closing a descriptor releases the locks of all other descriptors of that file.
    CloseDropsAll,
    /// A forked child releases the locks that it shares with its parent.
    ForkDropsLocks,
    /// Executing another program closes no descriptor.
    CloexecIgnored,
    /// Executing another program releases the locks of descriptors that stay open.
    ExecDropsLocks,
}

/// The place where a fault is planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Display)]
#[serde(rename_all = "kebab-case")]
pub enum FaultPlace {
    /// In a call that acquires or releases a lock.
    #[strum(serialize = "lock calls")]
    Lock,
    /// In the call that tests for a conflicting lock.
    #[strum(serialize = "test calls")]
    Test,
    /// In the call that waits for a lock.
    #[strum(serialize = "waiting")]
    Wait,
    /// In an opener's steps to acquire and change its claim.
    #[strum(serialize = "claims")]
    Claim,
    /// In a process's use of descriptors, and in its start and end.
    #[strum(serialize = "processes")]
    Process,
}

impl Fault {
    /// Every fault, grouped by place.
    pub const ALL: &[Fault] = Fault::VARIANTS;

    /// The name that flags and reports use.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// One sentence that describes the fault.
    pub fn meaning(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }

    /// The place where it is planted.
    pub fn place(self) -> FaultPlace {
        match self {
            fault if fault < Fault::TestSeesNothing => FaultPlace::Lock,
            fault if fault < Fault::NeverWaits => FaultPlace::Test,
            fault if fault < Fault::CheckBeforeLock => FaultPlace::Wait,
            fault if fault < Fault::RefusedOpenKept => FaultPlace::Claim,
            _ => FaultPlace::Process,
        }
    }

    /// Why it has no effect on `backend`; `None` where it has one.
    pub fn pointless_on(self, backend: Backend) -> Option<&'static str> {
        match (self, backend) {
            (Fault::CloseDropsAll, Backend::Posix) => Some("every close drops POSIX locks"),
            (Fault::ForkDropsLocks, Backend::Posix) => {
                Some("a child shares no POSIX locks with its parent")
            }
            (Fault::ReopenTakesNothing, Backend::Posix) => {
                Some("POSIX locks are lost when the old descriptor is closed")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_says_in_one_sentence_what_is_wrong() {
        for fault in Fault::ALL {
            let meaning = fault.meaning();
            assert!(meaning.ends_with('.') && !meaning.contains('\n'), "{fault}: {meaning:?}");
            assert_eq!(meaning.matches(". ").count(), 0, "{fault}: {meaning:?}");
            assert_eq!(fault.name().parse(), Ok(*fault));
        }
        let mut meanings: Vec<&str> = Fault::ALL.iter().map(|fault| fault.meaning()).collect();
        meanings.sort_unstable();
        meanings.dedup();
        assert_eq!(meanings.len(), Fault::ALL.len(), "two faults have the same meaning");
    }

    #[test]
    fn faults_of_one_place_stand_together() {
        assert!(Fault::ALL.is_sorted_by_key(|fault| fault.place()));
        for place in [
            FaultPlace::Lock,
            FaultPlace::Test,
            FaultPlace::Wait,
            FaultPlace::Claim,
            FaultPlace::Process,
        ] {
            assert!(Fault::ALL.iter().any(|fault| fault.place() == place), "{place}");
        }
    }

    #[test]
    fn every_fault_makes_a_difference_somewhere() {
        for fault in Fault::ALL {
            let pointless = Backend::ALL.iter().all(|one| fault.pointless_on(*one).is_some());
            assert!(!pointless, "{fault}");
        }
    }
}

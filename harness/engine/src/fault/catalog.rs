use serde::{Deserialize, Serialize};
use strum::{Display, EnumMessage, EnumString, IntoStaticStr, VariantArray};

use imglock_core::Backend;

/// Something that can be wrong with locks, or with a program that takes them.
///
/// What each variant says of itself is what [`Fault::meaning`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(Display, EnumMessage, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Fault {
    /// A lock is said to be granted although another owner's is in the way.
    ConflictingLockGranted,
    /// Two read locks keep each other out.
    CompatibleLockRefused,
    /// A read lock is taken as a write lock.
    ReadBecomesWrite,
    /// A write lock is taken as a read lock.
    WriteBecomesRead,
    /// A lock that changes its type is let go first, and then taken anew.
    UpgradeNotAtomic,
    /// A write lock stays one when a read lock is asked for in its place.
    DowngradeIgnored,
    /// A lock reaches one byte too far.
    EndOneTooFar,
    /// A lock of several bytes ends one byte too early.
    EndOneShort,
    /// A lock begins one byte too late.
    StartOneTooFar,
    /// Length 0 is taken as one byte instead of as far as the file will ever reach.
    ZeroIsOneByte,
    /// A range is counted from the file's start, whatever it says.
    WhenceIgnored,
    /// A range begins where its offset does when that is cut to 32 bits.
    OffsetCut,
    /// Locks go to a file of each process's own instead of the image.
    WrongFile,
    /// Locks belong to the process although the open file is to own them.
    OwnerByPid,
    /// A process has room for eight locks; a ninth is said to be taken and is not.
    OnlyEightLocks,
    /// A lock is gone after a millisecond.
    LockExpires,
    /// Unlocking does nothing.
    UnlockIgnored,
    /// Unlocking a range drops all that its owner has.
    UnlockDropsEverything,
    /// Unlocking a range drops what is behind it, too.
    UnlockDropsTheRest,
    /// Who asks whether a range is free is always told so.
    TestSeesNothing,
    /// Who asks for a writer is answered as if it asked for a reader.
    TestAsksToRead,
    /// An owner meets its own lock.
    TestSeesOwnLock,
    /// The lock in the way is named with a wrong range.
    TestNamesWrongRange,
    /// The lock in the way is named with the asking process as its owner.
    TestNamesWrongOwner,
    /// The lock in the way is named with the other type.
    TestNamesWrongType,
    /// Who wants to wait for a lock is told at once that it has it.
    NeverWaits,
    /// Who waits for a lock never hears of it again.
    NeverWoken,
    /// Who waited for a lock is told that it has it, and has not.
    WokenWithoutLock,
    /// The first who waited for a lock gives it back and queues again, behind all others.
    WokenTwice,
    /// A signal does not end the wait for a lock.
    SignalIgnored,
    /// A wait is refused as a deadlock that is none.
    DeadlockInvented,
    /// A wait that closes a cycle is not refused.
    DeadlockMissed,
    /// An opener looks for others first, and takes its lock bytes then.
    CheckBeforeLock,
    /// An opener does not look for others at all.
    NoCheck,
    /// An opener does not look for others that hold what it does not share.
    HeldNotChecked,
    /// An opener does not look for others that do not share what it wants.
    UnsharedNotChecked,
    /// An opener that changes its claim does not look for others.
    ChangeNotChecked,
    /// An opener does not look for others each hundredth time.
    HundredthNotChecked,
    /// An opener does not lock the bytes of what it does not share.
    UnsharedNotLocked,
    /// An opener that only reads locks nothing and looks for nobody.
    ReadersNotLocked,
    /// What is held is locked ten bytes behind where it must be.
    WrongByte,
    /// An opener lets go of its bytes for a moment after it has looked for others.
    LetsGoForAMoment,
    /// A refused change keeps the bytes that it has locked.
    RollbackForgotten,
    /// A claim that is reduced keeps the bytes that it no longer needs.
    OldClaimKept,
    /// An opener that was refused is told that it was granted.
    RefusalHidden,
    /// A refusal says `write` for `shared write`, and the other way round.
    RefusalMisnamed,
    /// Reopening takes nothing on the new descriptor.
    ReopenTakesNothing,
    /// A refused open leaves its descriptor open.
    RefusedOpenKept,
    /// A closed image stays open, and so locked.
    KeptAfterClose,
    /// A process that is gone leaves its locks behind.
    KeptAfterDeath,
    /// Closing a descriptor drops the locks of every other one of that file.
    CloseDropsAll,
    /// A forked child drops the locks that it shares with its parent.
    ForkDropsLocks,
    /// Executing another program closes nothing.
    CloexecIgnored,
    /// Executing another program drops the locks of what stays open.
    ExecDropsLocks,
}

/// Where a fault is planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Display)]
#[serde(rename_all = "kebab-case")]
pub enum FaultPlace {
    /// In a call that takes or drops a lock.
    #[strum(serialize = "lock calls")]
    Lock,
    /// In the call that asks who is in the way.
    #[strum(serialize = "test calls")]
    Test,
    /// In the call that waits.
    #[strum(serialize = "waiting")]
    Wait,
    /// In the way an opener acquires and changes its claim.
    #[strum(serialize = "claims")]
    Claim,
    /// In what a process does with descriptors, and at its birth and death.
    #[strum(serialize = "processes")]
    Process,
}

impl Fault {
    /// Every fault, those of one place together.
    pub const ALL: &[Fault] = Fault::VARIANTS;

    /// The word that flags and reports use.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// One sentence that says what is wrong.
    pub fn meaning(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }

    /// Where it is planted.
    pub fn place(self) -> FaultPlace {
        match self {
            fault if fault < Fault::TestSeesNothing => FaultPlace::Lock,
            fault if fault < Fault::NeverWaits => FaultPlace::Test,
            fault if fault < Fault::CheckBeforeLock => FaultPlace::Wait,
            fault if fault < Fault::RefusedOpenKept => FaultPlace::Claim,
            _ => FaultPlace::Process,
        }
    }

    /// Why it makes no difference on `backend`; `None` where it does.
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
        assert_eq!(meanings.len(), Fault::ALL.len(), "two faults say the same");
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

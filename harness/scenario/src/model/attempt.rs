use std::collections::BTreeSet;

use imglock_core::{Claim, LockType, Refusal, Side, held_byte, lock_bytes, unshared_byte};

/// One lock call of a change of claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// Read-locks a lock byte.
    Lock(i64),
    /// Tests a lock byte with a write lock. Any lock of another owner there leads to the refusal.
    Test(i64, Refusal),
}

impl Call {
    /// The byte of the call, and the type of lock.
    pub(super) fn asks(self) -> (i64, LockType) {
        match self {
            Call::Lock(byte) => (byte, LockType::Read),
            Call::Test(byte, _) => (byte, LockType::Write),
        }
    }
}

/// A change of claim that has not finished.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) node: String,
    pub(super) goal: Claim,
    /// The remaining calls.
    pub(super) calls: Vec<Call>,
    /// Whether a refusal closes the node.
    pub(super) opening: bool,
    /// The bytes that were locked before the pause. Only its actor knows them; a copy of the node that
    /// is made meanwhile does not.
    pub(super) taken: BTreeSet<i64>,
}

impl Attempt {
    pub(super) fn new(node: &str, goal: Claim, calls: Vec<Call>) -> Attempt {
        let (node, taken) = (node.to_owned(), BTreeSet::new());
        Attempt { node, goal, calls, opening: false, taken }
    }
}

/// The lock bytes of a claim.
pub(super) fn bytes_of(claim: Claim) -> BTreeSet<i64> {
    lock_bytes(claim).into_iter().collect()
}

/// All calls that change `old` to `new` if the bytes `tracked` are already locked. A change that only
/// releases permissions needs none. Any other change locks every byte that either claim needs, then
/// tests the bytes that can conflict with `new`.
pub(super) fn calls(tracked: &BTreeSet<i64>, old: Claim, new: Claim) -> Vec<Call> {
    let takes_more = !(new.held - old.held).is_empty();
    let shares_less = !(old.shared - new.shared).is_empty();
    if !takes_more && !shares_less {
        return Vec::new();
    }
    let both = &bytes_of(old) | &bytes_of(new);
    let locks = (&both - tracked).into_iter().map(Call::Lock);
    let wanted = new.held.each().map(|permission| {
        Call::Test(unshared_byte(permission), Refusal { side: Side::Wanted, permission })
    });
    let unshared = new.unshared().each().map(|permission| {
        Call::Test(held_byte(permission), Refusal { side: Side::Unshared, permission })
    });
    locks.chain(wanted).chain(unshared).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use imglock_core::{Mode, Permission};

    fn shown(calls: &[Call]) -> String {
        let each: Vec<String> = calls
            .iter()
            .map(|call| match call {
                Call::Lock(byte) => format!("lock {byte}"),
                Call::Test(byte, refusal) => format!("test {byte} or {refusal}"),
            })
            .collect();
        each.join(", ")
    }

    #[test]
    fn opening_locks_ascending_then_tests_wanted_before_unshared() {
        assert_eq!(
            shown(&calls(&BTreeSet::new(), Claim::NOTHING, Mode::Rw.claim())),
            "lock 100, lock 101, lock 201, test 200 or consistent-read, test 201 or write, \
             test 101 or shared write",
        );
    }

    #[test]
    fn a_change_locks_only_what_is_missing_and_tests_everything() {
        let old = Mode::Ro.claim();
        let new = Mode::Rw.claim();
        assert_eq!(
            shown(&calls(&bytes_of(old), old, new)),
            "lock 101, test 200 or consistent-read, test 201 or write, test 101 or shared write",
        );
    }

    #[rstest::rstest]
    #[case(Mode::Rw, Mode::Ro)]
    #[case(Mode::Rw, Mode::Rw)]
    #[case(Mode::Rw, Mode::ShareRw)]
    #[case(Mode::StreamTop, Mode::None)]
    fn giving_up_asks_nobody(#[case] old: Mode, #[case] new: Mode) {
        assert_eq!(calls(&bytes_of(old.claim()), old.claim(), new.claim()), []);
    }

    #[test]
    fn lock_bytes_are_numbered_as_documented() {
        for (i, permission) in (0..).zip(Permission::ALL) {
            assert_eq!((held_byte(permission), unshared_byte(permission)), (100 + i, 200 + i));
        }
    }
}

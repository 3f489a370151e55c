//! The expected outcome of a claim, by set algebra alone. This module uses
//! neither the code that acquires claims nor the model.

use super::{Arrangement, OpenerProcesses};
use imglock_core::{Backend, Claim, Outcome, Permissions, Refusal, Side};

/// The expected outcome of `claim` while `holders` have the image open.
///
/// The refusal names the first wanted permission that a holder does not share;
/// without one, the first unshared permission that a holder has.
///
/// Openers of one process are one owner of POSIX locks, so they never conflict.
pub fn expected(arrangement: Arrangement, holders: &[Claim], claim: Claim) -> Outcome {
    if (arrangement.backend, arrangement.processes) == (Backend::Posix, OpenerProcesses::One) {
        return Outcome::Granted;
    }
    let union = |of: fn(&Claim) -> Permissions| {
        holders.iter().map(of).fold(Permissions::empty(), Permissions::union)
    };
    let (taken, unshared) = (union(|holder| holder.held), union(|holder| holder.unshared()));
    let first = |side, among: Permissions| {
        among.each().next().map(|permission| Outcome::Refused(Refusal { side, permission }))
    };
    first(Side::Wanted, claim.held & unshared)
        .or_else(|| first(Side::Unshared, claim.unshared() & taken))
        .unwrap_or(Outcome::Granted)
}

#[cfg(test)]
mod tests {
    use super::super::cases::EVERY_CLAIM;
    use super::*;

    const APART: Arrangement =
        Arrangement { backend: Backend::Ofd, processes: OpenerProcesses::Several };

    fn claim(held: &str, shared: &str) -> Claim {
        let set = |text: &str| text.parse().expect("permissions");
        Claim::new(set(held), set(shared))
    }

    #[test]
    fn a_pair_is_refused_exactly_when_it_conflicts() {
        for first in EVERY_CLAIM {
            for second in EVERY_CLAIM {
                let granted = expected(APART, &[first], second) == Outcome::Granted;
                assert_eq!(granted, !first.conflicts_with(second), "{first} / {second}");
            }
        }
    }

    #[test]
    fn a_third_one_is_refused_exactly_when_it_conflicts_with_one_of_two() {
        // Every 17th and every 11th claim: all permissions and sides, in little
        // time.
        for first in EVERY_CLAIM.into_iter().step_by(17) {
            for second in EVERY_CLAIM.into_iter().step_by(11) {
                for third in EVERY_CLAIM {
                    let granted = expected(APART, &[first, second], third) == Outcome::Granted;
                    let conflict = first.conflicts_with(third) || second.conflicts_with(third);
                    assert_eq!(granted, !conflict, "{first} / {second} / {third}");
                }
            }
        }
    }

    #[rstest::rstest]
    #[case::what_is_wanted_first(
        &[("write resize", "consistent-read")],
        ("write", "-"),
        "refused write"
    )]
    #[case::then_what_is_not_shared(&[("write resize", "all")], ("write", "-"), "refused shared write")]
    #[case::the_lowest_number_of_what_is_wanted(
        &[("-", "write-unchanged")],
        ("resize write-unchanged write", "all"),
        "refused write"
    )]
    #[case::the_lowest_number_of_what_is_not_shared(
        &[("resize write-unchanged", "all")],
        ("-", "-"),
        "refused shared write-unchanged"
    )]
    #[case::the_lowest_number_of_both_holders(
        &[("-", "consistent-read write write-unchanged"), ("-", "write write-unchanged resize")],
        ("consistent-read resize", "all"),
        "refused consistent-read"
    )]
    #[case::wanted_from_the_second_before_unshared_from_the_first(
        &[("consistent-read", "all"), ("-", "consistent-read write write-unchanged")],
        ("resize", "-"),
        "refused resize"
    )]
    #[case::nothing_in_common(&[("write", "consistent-read")], ("consistent-read", "write"), "granted")]
    #[case::nothing_taken_or_kept(&[("all", "-")], ("-", "all"), "granted")]
    #[case::no_holder(&[], ("all", "-"), "granted")]
    fn the_permission_that_is_named_comes_first(
        #[case] holders: &[(&str, &str)],
        #[case] opener: (&str, &str),
        #[case] outcome: &str,
    ) {
        let holders: Vec<Claim> =
            holders.iter().map(|(held, shared)| claim(held, shared)).collect();
        let opener = claim(opener.0, opener.1);
        for backend in Backend::ALL {
            let apart = Arrangement { backend, ..APART };
            assert_eq!(expected(apart, &holders, opener).to_string(), outcome, "{backend}");
        }
        let ofd = Arrangement { processes: OpenerProcesses::One, ..APART };
        assert_eq!(expected(ofd, &holders, opener).to_string(), outcome);
        let posix = Arrangement { backend: Backend::Posix, ..ofd };
        assert_eq!(expected(posix, &holders, opener), Outcome::Granted);
    }
}

//! The result of a row, computed from answers made by hand.

use super::super::OpenerProcesses;
use super::*;
use imglock_core::{Backend, LockType, Mode, Permission, Refusal, Side, TableLock};

const APART: Arrangement =
    Arrangement { backend: Backend::Ofd, processes: OpenerProcesses::Several };
const TOGETHER: Arrangement = Arrangement { processes: OpenerProcesses::One, ..APART };

fn refused(side: Side, permission: Permission) -> Tried {
    Tried::Refused(Refusal { side, permission })
}

/// A writer holds the image. A second writer and an opener that shares
/// everything try to open it.
fn row(tried: [Tried; 2]) -> Judged {
    let claims = [Mode::Rw.claim(), Mode::ForceShare.claim()];
    let holders = [Mode::Rw.claim()];
    let held = Some(locks_of(APART, &holders));
    judge(APART, &holders, &claims, &Seen::Row { tried: tried.to_vec(), held, left: Vec::new() })
}

#[test]
fn what_the_algebra_says_is_no_difference() {
    let judged = row([refused(Side::Wanted, Permission::Write), Tried::Granted]);
    assert_eq!(judged, Judged { granted: 1, refused: 1, other: 0, differences: Vec::new() });
}

#[rstest::rstest]
#[case::granted(Tried::Granted, "granted")]
#[case::over_another_permission(
    refused(Side::Wanted, Permission::ConsistentRead),
    "refused consistent-read"
)]
#[case::over_the_other_half(refused(Side::Unshared, Permission::Write), "refused shared write")]
#[case::something_else(Tried::Other("EBADF".parse().expect("one")), "EBADF")]
fn another_outcome_is_a_difference(#[case] tried: Tried, #[case] actual: &str) {
    let judged = row([tried, Tried::Granted]);
    let [difference] = judged.differences.as_slice() else { panic!("{judged:?}") };
    assert_eq!(difference.holders, [Mode::Rw.claim()]);
    assert_eq!(difference.claim, Some(Mode::Rw.claim()));
    let [expected, actual] = ["refused write", actual].map(|text| text.parse().expect("one"));
    assert_eq!(difference.departure, ClaimDeparture::Outcome { expected, actual });
    assert_eq!(judged.lasting(), None);
}

#[test]
fn a_refusal_without_a_conflict_is_a_difference() {
    let write = refused(Side::Wanted, Permission::Write);
    let judged = row([write, refused(Side::Unshared, Permission::Write)]);
    assert_eq!(judged.differences.len(), 1);
    assert_eq!((judged.granted, judged.refused), (0, 2));
}

#[test]
fn a_holder_that_was_not_let_in_is_the_opener_of_the_difference() {
    let holders = [Mode::ShareRw.claim(), Mode::NbdRw.claim()];
    let outcome: Outcome = "refused resize".parse().expect("one");
    let seen = Seen::NoRow { holder: 1, outcome: outcome.clone() };
    let alone = Tried::Alone { holder: 1, outcome: outcome.clone() };
    let inside = Seen::Row { tried: vec![alone.clone(), alone], held: None, left: Vec::new() };
    for (arrangement, seen) in [(APART, seen), (TOGETHER, inside)] {
        let claims = [Mode::Ro.claim(), Mode::None.claim()];
        let judged = judge(arrangement, &holders, &claims, &seen);
        let expected = ClaimDifference {
            arrangement,
            holders: vec![holders[0]],
            claim: Some(holders[1]),
            departure: ClaimDeparture::Outcome {
                expected: Outcome::Granted,
                actual: outcome.clone(),
            },
        };
        assert_eq!(judged.differences, [expected]);
        assert_eq!((judged.granted, judged.refused, judged.other), (0, 0, 0));
    }
}

#[rstest::rstest]
#[case::one_is_missing(|table: &mut Vec<TableLock>| drop(table.pop()))]
#[case::one_too_many(|table: &mut Vec<TableLock>| table.push(table[0].clone()))]
#[case::somebody_elses(|table: &mut Vec<TableLock>| table[0].holders.clear())]
#[case::another_kind(|table: &mut Vec<TableLock>| table[0].kind = LockType::Write)]
#[case::another_byte(|table: &mut Vec<TableLock>| table[0].range.last += 1)]
fn locks_that_are_not_just_the_holders_are_a_difference(#[case] change: fn(&mut Vec<TableLock>)) {
    let holders = [Mode::ShareRw.claim(), Mode::NbdRw.claim()];
    for backend in Backend::ALL {
        let arrangement = Arrangement { backend, ..APART };
        let mut held = locks_of(arrangement, &holders);
        change(&mut held);
        let seen = Seen::Row { tried: vec![Tried::Granted; 2], held: Some(held), left: Vec::new() };
        let claims = [Mode::None.claim(); 2];
        let judged = judge(arrangement, &holders, &claims, &seen);
        assert!(matches!(judged.lasting(), Some(ClaimDeparture::Held { .. })), "{judged:?}");
        assert_eq!(
            judged.differences[0].claim, None,
            "the row does not tell which of the two it was"
        );
        let one = judge(arrangement, &holders, &claims[..1], &seen);
        assert_eq!(one.differences[0].claim, Some(claims[0]));
    }
}

#[test]
fn locks_that_are_left_are_a_difference() {
    let left = locks_of(APART, &[Mode::Ro.claim()]);
    let seen = Seen::Row { tried: vec![Tried::Granted], held: None, left: left.clone() };
    let judged = judge(TOGETHER, &[], &[Mode::Ro.claim()], &seen);
    assert_eq!(judged.lasting(), Some(&ClaimDeparture::Left { actual: left }));
}

#[test]
fn no_answer_is_a_difference() {
    let seen = Seen::Silence { why: "the process died".to_owned() };
    let judged = judge(APART, &[Mode::Ro.claim()], &[Mode::Ro.claim(), Mode::Rw.claim()], &seen);
    assert!(matches!(judged.lasting(), Some(ClaimDeparture::Silence { .. })));
    assert_eq!(judged.differences.len(), 1);
}

#[test]
fn each_holder_has_its_own_locks() {
    let holders = [Mode::Rw.claim(), Mode::None.claim(), Mode::CommitSource.claim()];
    let told = |backend| {
        let locks = locks_of(Arrangement { backend, ..APART }, &holders);
        locks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let ofd = "ofd read 100 image 0 by vm3.disk; ofd read 100-101 image 0 by vm1.disk; \
               ofd read 200-201 image 0 by vm3.disk; ofd read 201 image 0 by vm1.disk; \
               ofd read 203 image 0 by vm3.disk";
    assert_eq!(told(Backend::Ofd), ofd);
    let posix = ofd.replace("ofd", "posix").replace(".disk", "");
    assert_eq!(told(Backend::Posix), posix);
}

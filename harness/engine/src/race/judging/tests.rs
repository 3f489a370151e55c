use crate::process::StopToken;
use crate::race::RaceProof;
use crate::run::SessionOptions;
use imglock_core::{Backend, Hazard, Mode, Permission, Refusal, Side};
use imglock_scenario::{OpenAnswer, OpeningEnd};

use super::*;

/// An opener that was granted the image and held it from `from` to `until`.
fn granted(opener: usize, mode: Mode, from: u64, until: u64) -> RaceTurn {
    let end = Some(OpeningEnd::Closed { from_ns: until, until_ns: until + 5 });
    turn(opener, mode, from, OpenAnswer::Granted, end)
}

fn refused(opener: usize, mode: Mode, at: u64) -> RaceTurn {
    let refusal = Refusal { side: Side::Wanted, permission: Permission::Write };
    turn(opener, mode, at, OpenAnswer::Refused(Some(refusal)), None)
}

fn turn(
    opener: usize,
    mode: Mode,
    at: u64,
    answer: OpenAnswer,
    end: Option<OpeningEnd>,
) -> RaceTurn {
    let answer = Some((at, answer));
    let stay = Opening { opener, claim: mode.claim(), attempt_ns: at - 5, answer, end };
    RaceTurn { mode, stay, proof: RaceProof::default(), failure: None }
}

fn counting(mut turn: RaceTurn, counted_from: u64) -> RaceTurn {
    turn.proof.counted_from = Some(counted_from);
    turn
}

/// Judges one batch of a race of two openers, which are one process or two.
fn judged(backend: Backend, sharing: usize, turns: &[RaceTurn], counter: u64) -> RaceSum {
    let plan = RacePlan { openers: 2, sharing, ..RacePlan::new(backend) };
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let mut sum = RaceSum::new(&plan, &SessionOptions::new("/".into(), stop));
    let openers = plan.openers_by_process();
    Judging::new(&plan, &openers).judge(turns, Some(counter), &mut sum);
    sum
}

fn breaches(sum: &RaceSum) -> Vec<(Breach, u64, Sightings)> {
    sum.breaches.iter().map(|tally| (tally.kind, tally.rounds, tally.seen)).collect()
}

const fn seen(claims: u64, data: u64, history: u64) -> Sightings {
    Sightings { claims, data, history }
}

#[test]
fn what_is_as_it_must_be_is_counted() {
    let turns = [
        // One after the other, without a conflict.
        counting(granted(0, Mode::Rw, 10, 20), 0),
        counting(granted(1, Mode::Rw, 40, 50), 1),
        // Refused while the other opener holds the image.
        counting(granted(0, Mode::Rw, 110, 190), 2),
        refused(1, Mode::Rw, 150),
        // Both are refused: they came at the same time.
        refused(0, Mode::Rw, 250),
        refused(1, Mode::Rw, 252),
    ];
    let sum = judged(Backend::Ofd, 0, &turns, 3);
    assert!(sum.holds() && sum.hazards.is_empty(), "{sum:?}");
    assert_eq!((sum.rounds, sum.contested, sum.nobody_won, sum.refusals), (3, 2, 1, 3));
    assert_eq!(sum.winners, [1, 1, 1]);
    assert_eq!((sum.counts, sum.lost_updates), (3, 0));
}

#[test]
fn two_at_the_same_time_are_a_breach() {
    let both = [granted(0, Mode::Rw, 10, 50), granted(1, Mode::Ro, 30, 60)];
    let sum = judged(Backend::Ofd, 0, &both, 0);
    assert_eq!(breaches(&sum), [(Breach::TwoHolders, 1, seen(0, 0, 1))]);
    assert_eq!(sum.breaches[0].first.round, 0);
    assert!(matches!(sum.breaches[0].first.matter, Some(HistoryMatter::TwoHolders { .. })));
    assert_eq!(sum.breaches[0].first.turns, both);
}

#[test]
fn what_two_witnesses_tell_of_is_one_breach() {
    let mut both = [granted(0, Mode::Rw, 10, 50), granted(1, Mode::Ro, 30, 60)];
    both[1].proof = RaceProof { against_entering: 0b01, changed: true, ..RaceProof::default() };
    let sum = judged(Backend::Ofd, 0, &both, 0);
    assert_eq!(breaches(&sum), [(Breach::TwoHolders, 1, seen(1, 1, 1))]);
}

#[test]
fn of_one_process_under_posix_they_are_a_hazard() {
    let both =
        [counting(granted(0, Mode::Rw, 10, 50), 0), counting(granted(1, Mode::Rw, 30, 60), 0)];
    let sum = judged(Backend::Posix, 2, &both, 1);
    assert!(sum.holds(), "{:?}", breaches(&sum));
    let hazards: Vec<_> = sum.hazards.iter().map(|one| (one.kind, one.rounds, one.seen)).collect();
    assert_eq!(hazards, [(Hazard::SameOwner, 1, seen(0, 1, 1))]);
    assert_eq!(sum.lost_updates, 1);
    // Openers of one process are separate owners under OFD, and two processes
    // are separate owners under POSIX.
    for (backend, sharing) in [(Backend::Ofd, 2), (Backend::Posix, 0)] {
        let sum = judged(backend, sharing, &both, 1);
        assert_eq!(breaches(&sum), [(Breach::TwoHolders, 1, seen(0, 1, 1))], "{backend}");
        assert!(sum.hazards.is_empty());
    }
}

#[test]
fn a_claim_that_was_seen_is_a_breach_whatever_the_clock_says() {
    let mut turns = [granted(0, Mode::Rw, 10, 20), granted(1, Mode::Rw, 40, 50)];
    turns[1].proof.against_leaving = 0b01;
    let sum = judged(Backend::Ofd, 0, &turns, 0);
    assert_eq!(breaches(&sum), [(Breach::TwoHolders, 1, seen(1, 0, 0))]);
    let Some(HistoryMatter::TwoHolders { first, second }) = &sum.breaches[0].first.matter else {
        panic!("{:?}", sum.breaches[0].first.matter)
    };
    assert_eq!((first.opener, second.opener), (0, 1));
}

#[test]
fn a_lost_count_is_a_breach_even_when_nobody_saw_anybody() {
    let turns = [
        counting(granted(0, Mode::Rw, 10, 20), 0),
        counting(granted(1, Mode::Rw, 40, 50), 0),
        counting(granted(0, Mode::Rw, 110, 120), 1),
        refused(1, Mode::Rw, 112),
    ];
    let sum = judged(Backend::Ofd, 0, &turns, 2);
    assert_eq!(breaches(&sum), [(Breach::LostUpdate, 1, seen(0, 1, 0))]);
    assert_eq!((sum.counts, sum.lost_updates, sum.breaches[0].first.round), (3, 1, 0));
}

#[test]
fn data_that_changed_is_a_breach() {
    let mut turns = [granted(0, Mode::Ro, 10, 20), granted(1, Mode::Ro, 40, 50)];
    turns[0].proof.changed = true;
    let sum = judged(Backend::Ofd, 0, &turns, 0);
    assert_eq!(breaches(&sum), [(Breach::ChangedData, 1, seen(0, 1, 0))]);
    // Only the openers write to the image.
    turns[0].proof.changed = false;
    let sum = judged(Backend::Ofd, 0, &turns, 7);
    assert_eq!(breaches(&sum), [(Breach::ChangedData, 1, seen(0, 1, 0))]);
}

#[test]
fn a_refusal_without_anybody_in_the_way_is_a_breach() {
    let turns = [
        granted(0, Mode::Rw, 10, 20),
        refused(1, Mode::Rw, 40),
        granted(0, Mode::ShareRw, 110, 190),
        refused(1, Mode::ToolRw, 150),
    ];
    let sum = judged(Backend::Ofd, 0, &turns, 0);
    assert_eq!(breaches(&sum), [(Breach::UnjustifiedRefusal, 2, seen(0, 0, 2))]);
}

#[test]
fn a_call_that_fails_is_a_breach_and_says_so() {
    let mut turns = [granted(0, Mode::Ro, 10, 20), refused(1, Mode::Rw, 15)];
    turns[1].failure = Some("No locks available".into());
    let sum = judged(Backend::Ofd, 0, &turns, 0);
    assert_eq!(breaches(&sum), [(Breach::FailedCall, 1, seen(0, 0, 0))]);
    let words = sum.breaches[0].first.words.as_deref();
    assert_eq!(words, Some("opener 2: No locks available"));
}

#[test]
fn a_count_is_missed_in_the_round_in_which_it_was_lost() {
    let round = |counted: &[u64]| -> Vec<RaceTurn> {
        (0..3)
            .map(|opener| {
                let turn = granted(opener, Mode::Rw, 10, 20);
                counted.get(opener).map_or(turn.clone(), |from| counting(turn, *from))
            })
            .collect()
    };
    let rounds = |counted: &[&[u64]]| -> Vec<RaceTurn> {
        counted.iter().flat_map(|counted| round(counted)).collect()
    };
    let fine = rounds(&[&[0, 1], &[], &[2], &[5, 3, 4]]);
    assert_eq!(miscounts(&fine, 3, 0, 6), []);
    // The third opener counts on, and the second one overwrites its count.
    let lost = rounds(&[&[0], &[1, 1, 2], &[], &[2]]);
    assert_eq!(miscounts(&lost, 3, 0, 3), [(1, 2)]);
    // The last round's loss shows in the final counter.
    assert_eq!(miscounts(&rounds(&[&[0], &[1, 1]]), 3, 0, 2), [(1, 1)]);
    // Another program counted, in the middle or before the beginning.
    assert_eq!(miscounts(&rounds(&[&[0], &[4]]), 3, 0, 5), [(0, -3)]);
    assert_eq!(miscounts(&rounds(&[&[4]]), 3, 0, 5), [(0, -4)]);
    assert_eq!(miscounts(&rounds(&[&[]]), 3, 0, 1), [(0, -1)]);
}

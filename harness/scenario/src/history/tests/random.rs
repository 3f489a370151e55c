//! The judge accepts histories that are possible, and finds faults that are added to them.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::naive::{Tally, naive, offends};
use super::openers::{HistoryImage, Turn};
use crate::history::{
    HistoryMatter, HistoryOpener, HistoryTerms, HistoryVerdict, OpenAnswer, Opening, OpeningEnd,
    judge_history,
};
use imglock_core::{Backend, Mode};

/// The number of histories, for acceptance and for each kind of fault.
const CASES: u32 = 10_000;
const WRONG: u32 = 2_000;

/// A history that is possible.
#[derive(Debug, Clone)]
struct Real {
    backend: Backend,
    openers: Vec<HistoryOpener>,
    stays: Vec<Opening>,
}

impl Real {
    fn terms(&self) -> HistoryTerms<'_> {
        HistoryTerms {
            openers: &self.openers,
            backend: self.backend,
            complete: true,
            resolution_ns: 1,
        }
    }
}

/// Four openers in two, three or four processes, and the order of their calls.
fn real(backend: impl Strategy<Value = Backend>) -> impl Strategy<Value = Real> {
    let processes = prop::sample::select(vec![[0, 1, 2, 3], [0, 0, 1, 2], [0, 0, 1, 1]]);
    let turns = prop::collection::vec(any::<u16>(), 20..140);
    (backend, processes, turns).prop_map(|(backend, processes, turns)| {
        let mut image = HistoryImage::new(backend, &processes);
        for bits in turns {
            image.turn(turn(bits));
        }
        image.finish();
        Real { backend, openers: image.openers, stays: image.stays }
    })
}

/// Drawing one number is much faster than drawing each part.
fn turn(bits: u16) -> Turn {
    const MODES: [Mode; 8] = [
        Mode::Rw,
        Mode::Rw,
        Mode::Ro,
        Mode::ShareRw,
        Mode::CommitSource,
        Mode::Create,
        Mode::None,
        Mode::MirrorTarget,
    ];
    Turn {
        opener: usize::from(bits & 3),
        claim: MODES[usize::from(bits >> 2 & 7)].claim(),
        stays: bits >> 5 & 7 != 0,
        dies: bits >> 8 & 63 == 0,
        later_ns: 2 + u64::from(bits >> 14),
    }
}

fn either() -> impl Strategy<Value = Backend> {
    prop::sample::select(&Backend::ALL[..])
}

/// Runs a test on many histories. The test returns whether the history was suitable. The run fails
/// if too few were suitable.
fn on_many(
    cases: u32,
    at_least: u32,
    backend: impl Strategy<Value = Backend> + 'static,
    test: impl Fn(&Real, usize) -> Result<bool, TestCaseError>,
) {
    let tried = Cell::new(0);
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let result = runner.run(&(real(backend), any::<prop::sample::Index>()), |(real, choice)| {
        if test(&real, choice.index(1 << 20))? {
            tried.set(tried.get() + 1);
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(tried.get() >= at_least, "only {} of {cases} were suitable", tried.get());
}

#[test]
fn what_can_have_been_is_accepted() {
    let (refused, hazards) = (Cell::new(0_u64), Cell::new(0));
    on_many(CASES, CASES, either(), |real, _| {
        let judgement = judge_history(&real.stays, &real.terms());
        prop_assert_eq!(&judgement.verdict, &HistoryVerdict::Valid);
        prop_assert!(real.backend == Backend::Posix || judgement.hazards.is_empty());
        refused.set(refused.get() + judgement.counts.refused);
        hazards.set(hazards.get() + judgement.hazards.len());
        Ok(true)
    });
    assert!(refused.get() > u64::from(CASES), "too few refusals: {refused:?}");
    assert!(hazards.get() > 1_000, "too few lost POSIX locks: {hazards:?}");
}

/// A clock with a coarse resolution, or slightly different clocks, may lead to the verdict unknown, but
/// not to invalid.
#[test]
fn a_bad_clock_accuses_nobody() {
    let doubts = [Cell::new(0), Cell::new(0)];
    on_many(1_000, 1_000, either(), |real, choice| {
        // The calls of openers are at most some hundred thousand nanoseconds apart.
        let (kind, off) = (choice % 2, 2 + choice as u64 / 2 % 50_000);
        let stays: Vec<Opening> = real
            .stays
            .iter()
            .map(|stay| {
                stamped(stay, |ns| match kind {
                    _ if ns == u64::MAX => ns,
                    0 => ns / off * off,
                    _ => ns + off * (stay.opener as u64 % 2),
                })
            })
            .collect();
        let judgement = judge_history(&stays, &HistoryTerms { resolution_ns: off, ..real.terms() });
        prop_assert_eq!(judgement.contradictions, 0);
        doubts[kind].set(doubts[kind].get() + judgement.unclear);
        Ok(true)
    });
    assert!(doubts.iter().all(|count| count.get() > 20), "too few unknown verdicts: {doubts:?}");
}

fn stamped(stay: &Opening, clock: impl Fn(u64) -> u64) -> Opening {
    Opening {
        attempt_ns: clock(stay.attempt_ns),
        answer: stay.answer.map(|(at, answer)| (clock(at), answer)),
        end: stay.end.map(|end| match end {
            OpeningEnd::Closed { from_ns, until_ns } => {
                OpeningEnd::Closed { from_ns: clock(from_ns), until_ns: clock(until_ns) }
            }
            OpeningEnd::Died { from_ns, until_ns } => {
                OpeningEnd::Died { from_ns: clock(from_ns), until_ns: clock(until_ns) }
            }
        }),
        ..*stay
    }
}

/// An opener that was refused beside a holder records that it was granted.
#[test]
fn a_refused_writer_that_claims_to_have_been_granted_is_found() {
    on_many(WRONG, WRONG / 4, Just(Backend::Ofd), |real, choice| {
        let beside = |stay: &Opening, at: u64| {
            real.stays.iter().any(|holder| {
                let sure = holder.granted_ns().zip(holder.end.map(OpeningEnd::from_ns));
                sure.is_some_and(|(from, until)| from + 1 < at && at + 1 < until)
                    && holder.claim.conflicts_with(stay.claim)
            })
        };
        let fit = |stay: &Opening| matches!(stay.answer, Some((at, OpenAnswer::Refused(_))) if beside(stay, at));
        let Some(chosen) = one_of(&real.stays, choice, fit) else { return Ok(false) };
        let mut stays = real.stays.clone();
        let at = stays[chosen].answer.expect("an answer").0;
        stays[chosen].answer = Some((at, OpenAnswer::Granted));
        stays[chosen].end = Some(OpeningEnd::Closed { from_ns: at + 5, until_ns: at + 5 });
        let judgement = judge_history(&stays, &real.terms());
        let HistoryVerdict::Invalid(finding) = judgement.verdict else {
            return Err(TestCaseError::fail(format!("{:?}", judgement.verdict)));
        };
        match finding.matter {
            HistoryMatter::TwoHolders { first, second } => {
                prop_assert!([first, second].contains(&stays[chosen]));
            }

            // One more holder leaves no refusal without a cause.
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        }
        Ok(true)
    });
}

/// All openers that can be the cause of a refusal are removed.
#[test]
fn a_refusal_whose_cause_is_struck_out_is_found() {
    on_many(WRONG, WRONG / 2, either(), |real, choice| {
        let fit = |stay: &Opening| matches!(stay.answer, Some((_, OpenAnswer::Refused(_))));
        let Some(chosen) = one_of(&real.stays, choice, fit) else { return Ok(false) };
        let refused = real.stays[chosen];
        let Some((answered, OpenAnswer::Refused(over))) = refused.answer else { return Ok(false) };
        let until = |stay: &Opening| match stay.answer {
            Some((at, OpenAnswer::Refused(_))) => at,
            _ => stay.end.map_or(u64::MAX, OpeningEnd::until_ns),
        };
        let is_cause = |other: &Opening| {
            other.opener != refused.opener
                && offends(refused.claim, over, other.claim)
                && other.attempt_ns <= answered + 1
                && refused.attempt_ns <= until(other).saturating_add(1)
        };
        let stays: Vec<Opening> =
            real.stays.iter().filter(|stay| !is_cause(stay)).copied().collect();
        prop_assert!(stays.len() < real.stays.len());
        let judgement = judge_history(&stays, &real.terms());
        let HistoryVerdict::Invalid(finding) = judgement.verdict else {
            return Err(TestCaseError::fail(format!("{:?}", judgement.verdict)));
        };
        // An earlier refusal may have had the same cause.
        let HistoryMatter::Unjustified { refused: found, .. } = finding.matter else {
            return Err(TestCaseError::fail(format!("{:?}", finding.matter)));
        };
        prop_assert!(found.answer.map(|(at, _)| at) <= Some(answered));
        Ok(true)
    });
}

/// One close is not recorded.
#[test]
fn a_lock_that_was_never_let_go_is_found() {
    on_many(WRONG, WRONG / 2, either(), |real, choice| {
        let fit = |stay: &Opening| stay.granted_ns().is_some();
        let Some(chosen) = one_of(&real.stays, choice, fit) else { return Ok(false) };
        let mut stays = real.stays.clone();
        stays[chosen].end = None;
        let judgement = judge_history(&stays, &real.terms());
        let HistoryVerdict::Invalid(finding) = judgement.verdict else {
            return Err(TestCaseError::fail(format!("{:?}", judgement.verdict)));
        };
        prop_assert_eq!(finding.matter, HistoryMatter::NeverReleased { holder: stays[chosen] });
        // If the history is not complete, the opener may keep the image, but not beside later conflicting
        // openers.
        let terms = HistoryTerms { complete: false, ..real.terms() };
        prop_assert_eq!(Tally::of(&judge_history(&stays, &terms)), naive(&stays, &terms));
        Ok(true)
    });
}

/// The index of one of the suitable openings, by `choice`.
fn one_of(stays: &[Opening], choice: usize, fit: impl Fn(&Opening) -> bool) -> Option<usize> {
    let fit: Vec<usize> = (0..stays.len()).filter(|index| fit(&stays[*index])).collect();
    Some(*fit.get(choice.checked_rem(fit.len())?)?)
}

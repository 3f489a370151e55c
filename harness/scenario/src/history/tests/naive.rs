//! A simple judge with the same rules. It compares every pair of openings.

use proptest::prelude::*;

use crate::history::{
    HistoryJudgement, HistoryOpener, HistoryTerms, HistoryVerdict, OpenAnswer, Opening, OpeningEnd,
    judge_history,
};
use imglock_core::{Backend, Claim, Hazard, Mode, Permission, Permissions, Refusal, Side};

/// Later than every time stamp.
const FAR: i128 = i128::MAX / 4;

/// The numbers of findings.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub contradictions: u64,
    pub unclear: u64,
    pub same_owner: u64,
    pub lock_loss: u64,
    /// Refusals that only openers without an answer can have caused.
    pub suspicious: u64,
}

impl Tally {
    pub fn of(judgement: &HistoryJudgement) -> Tally {
        let hazard = |hazard| {
            let shown = judgement.hazards.iter().find(|shown| shown.hazard == hazard);
            shown.map_or(0, |shown| shown.count)
        };
        Tally {
            contradictions: judgement.contradictions,
            unclear: judgement.unclear,
            same_owner: hazard(Hazard::SameOwner),
            lock_loss: hazard(Hazard::LockLoss),
            suspicious: judgement.suspected.as_ref().map_or(0, |suspected| suspected.refusals),
        }
    }
}

/// A three-valued truth value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Truth {
    No,
    Unclear,
    Yes,
}

struct Naive<'a> {
    stays: &'a [Opening],
    terms: &'a HistoryTerms<'a>,
}

pub fn naive(stays: &[Opening], terms: &HistoryTerms<'_>) -> Tally {
    let naive = Naive { stays, terms };
    let mut tally = Tally::default();
    for (index, stay) in stays.iter().enumerate() {
        naive.grant(index, &mut tally);
        naive.refusal(index, &mut tally);
        let released = until(stay) < FAR;
        if terms.complete && granted(stay).is_some() && !released {
            tally.contradictions += 1;
        }
    }
    tally
}

impl Naive<'_> {
    /// Returns whether `a` precedes `b`, for times of two different openers.
    fn before(&self, a: i128, b: i128) -> Truth {
        let resolution = i128::from(self.terms.resolution_ns);
        match () {
            () if a + resolution < b => Truth::Yes,
            () if b + resolution < a => Truth::No,
            () => Truth::Unclear,
        }
    }

    fn meet(&self, (a, b): (i128, i128), (c, d): (i128, i128)) -> Truth {
        self.before(a, d).min(self.before(c, b))
    }

    fn one_owner(&self, a: &Opening, b: &Opening) -> bool {
        let process = |stay: &Opening| &self.terms.openers[stay.opener].process;
        a.opener == b.opener || (self.terms.backend == Backend::Posix && process(a) == process(b))
    }

    fn grant(&self, index: usize, tally: &mut Tally) {
        let new = &self.stays[index];
        let Some(at) = granted(new) else { return };
        let (mut contradiction, mut unclear, mut same_owner, mut lock_loss) =
            (false, false, false, false);
        for (other_index, old) in self.stays.iter().enumerate() {
            let Some(had) = granted(old) else { continue };
            let is_older = (had, other_index) < (at, index);
            if !is_older || old.opener == new.opener || !new.claim.conflicts_with(old.claim) {
                continue;
            }
            let meet = self.meet((had, surely_until(old)), (at, surely_until(new)));
            let lost = self.lost(old, new).max(self.lost(new, old));
            match (meet, self.one_owner(old, new), lost) {
                (Truth::No, _, _) => {}
                (Truth::Yes, true, _) => same_owner = true,
                (Truth::Unclear, true, _) => {}
                (Truth::Yes, false, Truth::Yes) => lock_loss = true,
                (Truth::Yes, false, Truth::No) => contradiction = true,
                (Truth::Unclear, false, Truth::Yes | Truth::Unclear) => {}
                (Truth::Yes, false, Truth::Unclear) | (Truth::Unclear, false, Truth::No) => {
                    unclear = true;
                }
            }
        }
        tally.contradictions += u64::from(contradiction);
        tally.unclear += u64::from(unclear && !contradiction);
        tally.same_owner += u64::from(same_owner);
        tally.lock_loss += u64::from(lock_loss);
    }

    /// Returns whether a descriptor was closed in the process of the loser after it began to lock and
    /// before the answer of the other opener.
    fn lost(&self, loser: &Opening, other: &Opening) -> Truth {
        if self.terms.backend == Backend::Ofd {
            return Truth::No;
        }
        let (began, looked) = (i128::from(loser.attempt_ns), granted(other).expect("a grant"));
        let closes = self
            .stays
            .iter()
            .filter(|stay| stay.opener != loser.opener && self.one_owner(stay, loser));
        let lost = closes.filter_map(|closer| {
            let (from, until) = closing(closer)?;
            let inside = self.before(from, looked).min(self.before(began, until));
            Some(inside.min(self.before(began, looked)))
        });
        lost.max().unwrap_or(Truth::No)
    }

    fn refusal(&self, index: usize, tally: &mut Tally) {
        let stay = &self.stays[index];
        let Some((answer, OpenAnswer::Refused(over))) = stay.answer else { return };
        let attempt = (i128::from(stay.attempt_ns), i128::from(answer));
        let justified = self
            .stays
            .iter()
            .filter(|other| !self.one_owner(stay, other) && offends(stay.claim, over, other.claim));
        let justified = justified.map(|other| {
            let closed = matches!(other.end, Some(OpeningEnd::Closed { .. }));
            let silent = other.answer.is_none() && !closed;
            (silent, self.meet(attempt, (i128::from(other.attempt_ns), until(other))))
        });
        let justified: Vec<(bool, Truth)> = justified.collect();
        let most = |silent: bool| {
            let some = justified.iter().filter(|(is_silent, _)| silent || !is_silent);
            some.map(|(_, truth)| *truth).max().unwrap_or(Truth::No)
        };
        match most(true) {
            Truth::Yes => {}
            Truth::Unclear => tally.unclear += 1,
            Truth::No => tally.contradictions += 1,
        }
        tally.suspicious += u64::from(most(false) == Truth::No && most(true) != Truth::No);
    }
}

pub fn offends(claim: Claim, over: Option<Refusal>, other: Claim) -> bool {
    match over {
        None => claim.conflicts_with(other),
        Some(Refusal { side: Side::Wanted, permission }) => !other.shared.has(permission),
        Some(Refusal { side: Side::Unshared, permission }) => other.held.has(permission),
    }
}

fn granted(stay: &Opening) -> Option<i128> {
    match stay.answer? {
        (at, OpenAnswer::Granted) => Some(at.into()),
        (_, OpenAnswer::Refused(_)) => None,
    }
}

fn ends(stay: &Opening) -> Option<(i128, i128)> {
    let (OpeningEnd::Closed { from_ns, until_ns } | OpeningEnd::Died { from_ns, until_ns }) =
        stay.end?;
    let until = if until_ns == u64::MAX { FAR } else { until_ns.into() };
    Some((from_ns.into(), until))
}

fn surely_until(stay: &Opening) -> i128 {
    ends(stay).map_or(FAR, |(from, _)| from)
}

fn until(stay: &Opening) -> i128 {
    match stay.answer {
        Some((at, OpenAnswer::Refused(_))) => at.into(),
        _ => ends(stay).map_or(FAR, |(_, until)| until),
    }
}

/// The time in which it closes its descriptor.
fn closing(stay: &Opening) -> Option<(i128, i128)> {
    match stay.answer {
        Some((_, OpenAnswer::Granted)) => ends(stay),
        Some((at, OpenAnswer::Refused(_))) => {
            let until = ends(stay).map_or(0, |(_, until)| until);
            Some((stay.attempt_ns.into(), until.max(at.into())))
        }
        None => Some((stay.attempt_ns.into(), ends(stay).map_or(FAR, |(_, until)| until))),
    }
}

/// Random openings of `openers` openers, each in the order of its events.
fn stays(openers: usize) -> impl Strategy<Value = Vec<Opening>> {
    let claim = (0..16_u8, 0..16_u8).prop_map(|(held, shared)| {
        let set = Permissions::from_bits_truncate;
        Claim::new(set(held), set(shared | shared << 1 & 8))
    });
    let usual = prop::sample::select(Mode::ALL).prop_map(Mode::claim);
    let claim = prop_oneof![claim, usual];
    let refusal = (any::<bool>(), prop::sample::select(&Permission::ALL[..])).prop_map(
        |(wanted, permission)| {
            let side = if wanted { Side::Wanted } else { Side::Unshared };
            Refusal { side, permission }
        },
    );
    let answer = prop_oneof![
        4 => Just(Some(OpenAnswer::Granted)),
        3 => prop::option::of(refusal).prop_map(|over| Some(OpenAnswer::Refused(over))),
        1 => Just(None),
    ];
    let step = 0..8_u64;
    let one = (claim, answer, 0..10_u8, [step.clone(), step.clone(), step.clone(), step]);
    let course = prop::collection::vec(one, 0..6).prop_map(|course| {
        let mut now = 0;
        let mut stays: Vec<Opening> = Vec::new();
        for (claim, answer, end, steps) in course {
            let times = steps.map(|step| {
                now += step;
                now
            });
            let [attempt_ns, at, from_ns, until_ns] = times;
            let answer = answer.map(|answer| (at, answer));
            let end = match end {
                0 => None,
                1 => Some(OpeningEnd::Died { from_ns, until_ns }),
                2 => Some(OpeningEnd::Closed { from_ns, until_ns: u64::MAX }),
                _ => Some(OpeningEnd::Closed { from_ns, until_ns }),
            };
            stays.push(Opening { opener: 0, claim, attempt_ns, answer, end });
            let goes_on = matches!(answer, Some((_, OpenAnswer::Refused(_))))
                || end.is_some_and(|end| end.until_ns() != u64::MAX);
            if !goes_on {
                break;
            }
        }
        stays
    });
    prop::collection::vec(course, openers).prop_map(|courses| {
        let of = |(opener, course): (usize, Vec<Opening>)| {
            course.into_iter().map(move |stay| Opening { opener, ..stay })
        };
        courses.into_iter().enumerate().flat_map(of).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_500))]

    #[test]
    fn sorting_and_sweeping_finds_what_comparing_everything_finds(
        stays in stays(5),
        posix in any::<bool>(),
        complete in any::<bool>(),
        resolution_ns in 0..3_u64,
    ) {
        let opener = |name: &str, process: &str| HistoryOpener { name: name.into(), process: process.into() };
        let openers =
            [opener("a", "p"), opener("b", "p"), opener("c", "q"), opener("d", "r"), opener("e", "q")];
        let backend = if posix { Backend::Posix } else { Backend::Ofd };
        let terms = HistoryTerms { openers: &openers, backend, complete, resolution_ns };
        let judgement = judge_history(&stays, &terms);
        let expected = naive(&stays, &terms);
        prop_assert_eq!(Tally::of(&judgement), expected);
        let verdict = match judgement.verdict {
            HistoryVerdict::Valid => (false, false),
            HistoryVerdict::Unknown(_) => (false, true),
            HistoryVerdict::Invalid(_) => (true, judgement.unclear > 0),
        };
        prop_assert_eq!(verdict, (judgement.contradictions > 0, judgement.unclear > 0));
    }
}

use serde::Serialize;

use super::{HistoryFinding, Opening};
use imglock_core::Hazard;

/// The verdict on a history, by the contract.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistoryVerdict {
    /// The history does not contradict the contract.
    #[default]
    Valid,
    /// It depends on time stamps that are too close together whether the history contradicts the
    /// contract.
    Unknown(HistoryFinding),
    /// The history contradicts the contract. The finding is the contradiction with the fewest events;
    /// of several, the earliest.
    Invalid(HistoryFinding),
}

/// A hazard that a history shows: a known way in which the contract breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The hazard.
    pub hazard: Hazard,
    /// The number of openings that were granted because of it.
    pub count: u64,
    /// The first of them.
    pub first: HistoryFinding,
}

/// Openers without an answer that may have held the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suspected {
    /// The number of refusals that only such openers can have caused.
    pub refusals: u64,
    /// The first of these refusals and its suspect, or the first opener that may still hold the image.
    pub first: HistoryFinding,
}

/// The judgement on a history or on a part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HistoryJudgement {
    /// The verdict.
    pub verdict: HistoryVerdict,
    /// The number of openings that contradict the contract.
    pub contradictions: u64,
    /// The number of openings that may contradict the contract.
    pub unclear: u64,
    /// The hazards of the history. They are not contradictions.
    pub hazards: Vec<Shown>,
    /// What depends on openers whose answer is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspected: Option<Suspected>,
    /// The contents of the history.
    pub counts: HistoryCounts,
}

/// The contents of a history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct HistoryCounts {
    /// The number of attempts to open an image.
    pub openings: u64,
    /// The number of attempts that were granted.
    pub granted: u64,
    /// The number of attempts that were refused.
    pub refused: u64,
    /// The first and the last time, in nanoseconds. `None` for an empty history.
    pub span_ns: Option<(u64, u64)>,
}

impl HistoryJudgement {
    /// Returns whether the history certainly does not contradict the contract.
    pub fn is_valid(&self) -> bool {
        self.verdict == HistoryVerdict::Valid
    }

    /// The same judgement, assigned to the image with this index.
    #[must_use]
    pub(super) fn of_image(mut self, image: usize) -> HistoryJudgement {
        if let HistoryVerdict::Unknown(finding) | HistoryVerdict::Invalid(finding) =
            &mut self.verdict
        {
            finding.image = image;
        }
        for shown in &mut self.hazards {
            shown.first.image = image;
        }
        if let Some(suspected) = &mut self.suspected {
            suspected.first.image = image;
        }
        self
    }

    /// Adds the judgement on another part, which neither has the same image nor overlaps in time.
    pub fn absorb(&mut self, other: HistoryJudgement) {
        self.contradictions += other.contradictions;
        self.unclear += other.unclear;
        self.counts.absorb(other.counts);
        match other.verdict {
            HistoryVerdict::Valid => {}
            HistoryVerdict::Unknown(finding) => self.verdict.doubt(finding),
            HistoryVerdict::Invalid(finding) => self.verdict.contradict(finding),
        }
        for Shown { hazard, count, first } in other.hazards {
            self.show(hazard, count, first);
        }
        if let Some(Suspected { refusals, first }) = other.suspected {
            self.suspect(refusals, first);
        }
    }

    /// Adds refusals that only openers without an answer can have caused. A finding with a refusal
    /// counts before one without, and an earlier one before a later one.
    pub(super) fn suspect(&mut self, refusals: u64, first: HistoryFinding) {
        let Some(known) = &mut self.suspected else {
            self.suspected = Some(Suspected { refusals, first });
            return;
        };
        let order = |refusals: u64, finding: &HistoryFinding| {
            let event = finding.matter.events().first().map(|event| event.at_ns);
            (refusals == 0, event)
        };
        if order(refusals, &first) < order(known.refusals, &known.first) {
            known.first = first;
        }
        known.refusals += refusals;
    }

    /// Adds a contradiction.
    pub(super) fn contradict(&mut self, finding: HistoryFinding) {
        self.contradictions += 1;
        self.verdict.contradict(finding);
    }

    /// Adds a possible contradiction.
    pub(super) fn doubt(&mut self, finding: HistoryFinding) {
        self.unclear += 1;
        self.verdict.doubt(finding);
    }

    /// Adds a hazard.
    pub(super) fn show(&mut self, hazard: Hazard, count: u64, first: HistoryFinding) {
        match self.hazards.iter_mut().find(|shown| shown.hazard == hazard) {
            Some(shown) => {
                shown.count += count;
                if first.matter.rank().1 < shown.first.matter.rank().1 {
                    shown.first = first;
                }
            }
            None => {
                self.hazards.push(Shown { hazard, count, first });
                self.hazards.sort_by_key(|shown| shown.hazard);
            }
        }
    }
}

impl HistoryVerdict {
    fn contradict(&mut self, finding: HistoryFinding) {
        match self {
            HistoryVerdict::Invalid(known) if known.matter.rank() <= finding.matter.rank() => {}
            _ => *self = HistoryVerdict::Invalid(finding),
        }
    }

    fn doubt(&mut self, finding: HistoryFinding) {
        match self {
            HistoryVerdict::Invalid(_) => {}
            HistoryVerdict::Unknown(known) if known.matter.rank() <= finding.matter.rank() => {}
            _ => *self = HistoryVerdict::Unknown(finding),
        }
    }
}

impl HistoryCounts {
    pub(super) fn of(stays: &[Opening]) -> HistoryCounts {
        let mut counts = HistoryCounts::default();
        for stay in stays {
            counts.openings += 1;
            let last = match stay.answer {
                Some((at, super::OpenAnswer::Granted)) => {
                    counts.granted += 1;
                    at
                }
                Some((at, super::OpenAnswer::Refused(_))) => {
                    counts.refused += 1;
                    at
                }
                None => stay.attempt_ns,
            };
            let until = stay.possible().until;
            let last = if until == super::span::NEVER { last } else { last.max(until) };
            counts.reach(stay.attempt_ns, last);
        }
        counts
    }

    fn reach(&mut self, first: u64, last: u64) {
        self.span_ns = Some(match self.span_ns {
            Some((from, until)) => (from.min(first), until.max(last)),
            None => (first, last),
        });
    }

    fn absorb(&mut self, other: HistoryCounts) {
        self.openings += other.openings;
        self.granted += other.granted;
        self.refused += other.refused;
        if let Some((first, last)) = other.span_ns {
            self.reach(first, last);
        }
    }
}

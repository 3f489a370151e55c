use super::plan::RacePlan;
use super::sum::{Breach, RaceEvidence, RaceSum, Sightings, count};
use super::turn::RaceTurn;
use imglock_scenario::{
    HistoryJudgement, HistoryMatter, HistoryOpener, HistoryTerms, HistoryVerdict, Opening,
    judge_history,
};

/// Judges batches, one after the other, and adds them to the race's sum.
///
/// The history of a batch is judged as a whole. If the history or a witness
/// shows something, each round is judged by itself: no opening extends from one
/// round into the next, so each round is a history of its own.
#[derive(Debug)]
pub(super) struct Judging<'a> {
    /// The terms of every batch: no opener has the image at its start and end.
    pub(super) terms: HistoryTerms<'a>,
    /// The image's counter before the batch.
    counter: u64,
    stays: Vec<Opening>,
}

impl<'a> Judging<'a> {
    /// The state before the first batch.
    pub(super) fn new(plan: &RacePlan, openers: &'a [HistoryOpener]) -> Judging<'a> {
        let backend = plan.backend;
        let terms = HistoryTerms { openers, backend, complete: true, resolution_ns: 0 };
        Judging { terms, counter: 0, stays: Vec::new() }
    }

    /// Adds a batch whose first round is the next one of `sum`. `counter` is
    /// the image's counter after the batch.
    pub(super) fn judge(&mut self, turns: &[RaceTurn], counter: Option<u64>, sum: &mut RaceSum) {
        let openers = self.terms.openers.len();
        self.stays.clear();
        self.stays.extend(turns.iter().map(|turn| turn.stay));
        let whole = judge_history(&self.stays, &self.terms);
        sum.unclear += whole.unclear;
        let is_clear = whole.is_valid() && whole.hazards.is_empty();
        let mut lost = Vec::new();
        if let Some(after) = counter {
            lost = miscounts(turns, openers, self.counter, after);
            self.counter = after;
        }
        let mut lost = lost.into_iter().peekable();
        for (index, round) in turns.chunks_exact(openers).enumerate() {
            sum.add(round);
            let lost = lost.next_if(|(of, _)| *of == index).map_or(0, |(_, lost)| lost);
            sum.lost_updates += u64::try_from(lost).unwrap_or(0);
            let witnessed = Witnessed {
                claims: round.iter().any(|turn| turn.proof.against() != 0),
                changed: lost < 0 || round.iter().any(|turn| turn.proof.changed),
                lost,
            };
            if !is_clear || witnessed.anything() || round.iter().any(|turn| turn.failure.is_some())
            {
                self.look(round, witnessed, sum);
            }
            sum.rounds += 1;
        }
    }

    /// Reports the findings of one round.
    fn look(&mut self, turns: &[RaceTurn], witnessed: Witnessed, sum: &mut RaceSum) {
        let round = sum.rounds;
        let evidence = |matter, words| RaceEvidence { round, matter, words, turns: turns.to_vec() };
        let failure =
            turns.iter().find_map(|turn| Some((turn.stay.opener, turn.failure.as_ref()?)));
        if let Some((opener, why)) = failure {
            let words = format!("{}: {why}", self.name(opener));
            let told = || evidence(None, Some(words));
            return count(&mut sum.breaches, Breach::FailedCall, Sightings::default(), told);
        }
        if is_quiet(turns) && !witnessed.anything() {
            return;
        }
        self.stays.clear();
        self.stays.extend(turns.iter().map(|turn| turn.stay));
        let HistoryJudgement { verdict, hazards, .. } = judge_history(&self.stays, &self.terms);
        let seen = |history| Sightings {
            claims: witnessed.claims.into(),
            data: (witnessed.changed || witnessed.lost != 0).into(),
            history,
        };
        let mut explained = !hazards.is_empty();
        for shown in hazards {
            let told = || evidence(Some(shown.first.matter), None);
            count(&mut sum.hazards, shown.hazard, seen(1), told);
        }
        if let HistoryVerdict::Invalid(finding) = verdict {
            let (kind, seen) = match &finding.matter {
                HistoryMatter::Unjustified { .. } => {
                    (Breach::UnjustifiedRefusal, Sightings { history: 1, ..Sightings::default() })
                }
                HistoryMatter::NeverReleased { .. } => {
                    (Breach::NeverReleased, Sightings { history: 1, ..Sightings::default() })
                }
                _ => (Breach::TwoHolders, seen(1)),
            };
            explained |= kind == Breach::TwoHolders;
            count(&mut sum.breaches, kind, seen, || evidence(Some(finding.matter), None));
        }
        if explained {
            return;
        }
        if witnessed.claims {
            let told = || evidence(pair(turns), None);
            count(&mut sum.breaches, Breach::TwoHolders, seen(0), told);
        } else if witnessed.lost > 0 {
            let words = format!("{} counted, {} lost", counters(turns).count(), witnessed.lost);
            let told = || evidence(None, Some(words));
            count(&mut sum.breaches, Breach::LostUpdate, seen(0), told);
        } else if witnessed.changed {
            let told = || evidence(None, None);
            count(&mut sum.breaches, Breach::ChangedData, seen(0), told);
        }
    }

    fn name(&self, opener: usize) -> &'a str {
        self.terms.openers.get(opener).map_or("an opener", |opener| &opener.name)
    }
}

/// The findings of both witnesses in a round.
#[derive(Debug, Clone, Copy)]
struct Witnessed {
    claims: bool,
    changed: bool,
    /// Counts that the image does not show; negative if it shows more than were
    /// made.
    lost: i64,
}

impl Witnessed {
    fn anything(self) -> bool {
        self.claims || self.changed || self.lost != 0
    }
}

impl RaceSum {
    fn add(&mut self, round: &[RaceTurn]) {
        let granted = round.iter().filter(|turn| turn.is_granted()).count();
        let refused = round.iter().filter(|turn| turn.is_refused()).count();
        if let Some(times) = self.winners.get_mut(granted) {
            *times += 1;
        }
        self.contested += u64::from(refused > 0);
        self.nobody_won += u64::from(refused == round.len());
        self.refusals += refused as u64;
        self.counts += counters(round).count() as u64;
    }
}

/// Whether no opener was refused and no two granted openers conflict. Such a
/// round is right whatever its time stamps are.
fn is_quiet(turns: &[RaceTurn]) -> bool {
    let conflicts = |one: &RaceTurn, others: &[RaceTurn]| {
        others.iter().any(|other| one.stay.claim.conflicts_with(other.stay.claim))
    };
    turns.iter().all(RaceTurn::is_granted)
        && turns.iter().enumerate().all(|(index, one)| !conflicts(one, &turns[index + 1..]))
}

/// Two openers, one of which saw the other's claim.
fn pair(turns: &[RaceTurn]) -> Option<HistoryMatter> {
    let seer = turns.iter().find(|turn| turn.proof.against() != 0)?;
    let seen = turns.get(seer.proof.against().trailing_zeros() as usize)?;
    let mut both = [seer.stay, seen.stay];
    both.sort_by_key(|stay| stay.answer.map(|(at, _)| at));
    let [first, second] = both;
    Some(HistoryMatter::TwoHolders { first, second })
}

/// The counter values that the counting openers of a round found.
fn counters(round: &[RaceTurn]) -> impl Iterator<Item = u64> + '_ {
    round.iter().filter_map(|turn| turn.proof.counted_from)
}

/// The missing increments of the image's counter in a round, by the index where
/// they are missing. A counting round starts with the counter that the previous
/// one left.
fn miscounts(turns: &[RaceTurn], openers: usize, before: u64, after: u64) -> Vec<(usize, i64)> {
    let mut wrong = Vec::new();
    let mut check = |(index, began, counted): (usize, u64, u64), ended: u64| {
        let lost = (began + counted) as i64 - ended as i64;
        if lost != 0 {
            wrong.push((index, lost));
        }
    };
    let mut last = None;
    for (index, round) in turns.chunks_exact(openers).enumerate() {
        let Some(began) = counters(round).min() else { continue };
        match last {
            Some(last) => check(last, began),
            // No opener counted before.
            None if began != before => check((index, before, 0), began),
            None => {}
        }
        last = Some((index, began, counters(round).count() as u64));
    }
    match last {
        Some(last) => check(last, after),
        None if after != before => check((0, before, 0), after),
        None => {}
    }
    wrong
}

#[cfg(test)]
mod tests;

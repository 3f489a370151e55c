use super::terms::{HistoryTerms, Owners};
use super::verdict::{HistoryCounts, HistoryJudgement};
use super::{HistoryFinding, HistoryMatter, Opening, holding, refusing};

/// Judges by the contract whether the openings of one image are possible.
///
/// The openings may be in any order. The judgement takes about as long as sorting them. A long
/// history can be judged as a whole, or in batches that do not overlap in time:
/// [`HistoryJudgement::absorb`] combines their judgements.
pub fn judge_history(stays: &[Opening], terms: &HistoryTerms<'_>) -> HistoryJudgement {
    let owners = Owners::of(terms);
    let mut judgement =
        HistoryJudgement { counts: HistoryCounts::of(stays), ..HistoryJudgement::default() };
    holding::check(stays, terms, &owners, &mut judgement);
    refusing::check(stays, terms, &owners, &mut judgement);
    if terms.complete {
        releases(stays, &mut judgement);
    }
    judgement
}

/// Third rule: every lock is released. An opener without an answer may have had none.
fn releases(stays: &[Opening], judgement: &mut HistoryJudgement) {
    let kept = || stays.iter().filter(|stay| stay.is_open_ended());
    if let Some(holder) = kept().min_by_key(|stay| stay.granted_ns()) {
        judgement
            .contradict(HistoryFinding::certain(HistoryMatter::NeverReleased { holder: *holder }));
        judgement.contradictions += kept().count() as u64 - 1;
    }
    let silent = stays.iter().filter(|stay| stay.is_silent() && stay.end.is_none());
    if let Some(first) = silent.min_by_key(|stay| stay.attempt_ns) {
        let matter = HistoryMatter::Suspect { suspect: *first, refused: None };
        judgement.suspect(0, HistoryFinding::certain(matter));
    }
}

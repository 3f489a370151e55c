use super::terms::{HistoryTerms, Owners};
use super::verdict::{HistoryCounts, HistoryJudgement};
use super::{HistoryFinding, HistoryMatter, Opening, holding, refusing};

/// Says whether these stays at one image can have been, by the contract.
///
/// They may come in any order. It takes about as long as sorting them does, so
/// a long history can be judged whole, or in batches that do not overlap in
/// time: [`HistoryJudgement::absorb`] puts their judgements together.
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

/// Third rule: every lock is let go.
fn releases(stays: &[Opening], judgement: &mut HistoryJudgement) {
    let kept = || stays.iter().filter(|stay| stay.is_open_ended());
    if let Some(holder) = kept().min_by_key(|stay| stay.granted_ns()) {
        judgement
            .contradict(HistoryFinding::certain(HistoryMatter::NeverReleased { holder: *holder }));
        judgement.contradictions += kept().count() as u64 - 1;
    }
}

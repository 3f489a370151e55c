use super::terms::{Owners, Terms};
use super::verdict::{Counts, Judgement};
use super::{Finding, Matter, Stay, holding, refusing};

/// Says whether these stays at one image can have been, by the contract.
///
/// They may come in any order. It takes about as long as sorting them does, so
/// a long history can be judged whole, or in batches that do not overlap in
/// time: [`Judgement::absorb`] puts their judgements together.
pub fn judge(stays: &[Stay], terms: &Terms<'_>) -> Judgement {
    let owners = Owners::of(terms);
    let mut judgement = Judgement { counts: Counts::of(stays), ..Judgement::default() };
    holding::check(stays, terms, &owners, &mut judgement);
    refusing::check(stays, terms, &owners, &mut judgement);
    if terms.complete {
        releases(stays, &mut judgement);
    }
    judgement
}

/// Third rule: every lock is let go.
fn releases(stays: &[Stay], judgement: &mut Judgement) {
    let kept = || stays.iter().filter(|stay| stay.is_open_ended());
    if let Some(holder) = kept().min_by_key(|stay| stay.granted_ns()) {
        judgement.contradict(Finding::certain(Matter::NeverReleased { holder: *holder }));
        judgement.contradictions += kept().count() as u64 - 1;
    }
}

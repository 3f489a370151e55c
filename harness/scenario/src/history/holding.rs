use super::loss::Closings;
use super::span::{Meeting, Span, lead};
use super::terms::{HistoryTerms, Owners};
use super::verdict::HistoryJudgement;
use super::{HistoryFinding, HistoryMatter, Opening};
use imglock_core::{Backend, Claim, Permissions};

/// First rule: no two conflicting holders at the same time.
///
/// Grants are processed in order of time. Holders that certainly ended before are removed, so that
/// each grant is compared only with the current holders, and only if one of them can conflict.
pub(super) fn check(
    stays: &[Opening],
    terms: &HistoryTerms<'_>,
    owners: &Owners,
    judgement: &mut HistoryJudgement,
) {
    let mut grants: Vec<(Span, usize)> = Vec::with_capacity(stays.len());
    grants.extend(stays.iter().enumerate().filter_map(|(at, stay)| Some((stay.sure()?, at))));
    let mut ends = grants.clone();
    grants.sort_unstable_by_key(|(span, at)| (span.from, *at));
    ends.sort_unstable_by_key(|(span, _)| span.until);
    let mut ends = ends.into_iter().peekable();
    let mut present = Present::new(stays);
    let mut pairs = Pairs { stays, terms, owners, closings: None };
    for (span, new) in grants {
        let gone = |end: &Span| end.until.saturating_add(terms.resolution_ns) < span.from;
        while let Some((_, old)) = ends.next_if(|(end, _)| gone(end)) {
            present.remove(old);
        }
        if present.may_conflict_with(stays[new].claim) {
            let known = Known::of(judgement);
            let mut seen = Seen::default();
            for &old in &present.all {
                pairs.look(old, new, &mut seen);
                // Hazards are counted. OFD locks have none.
                let told = seen.contradiction.is_some() && known.contradiction;
                if told && terms.backend == Backend::Ofd {
                    break;
                }
            }
            seen.note(judgement, known);
        }
        present.add(new);
    }
}

/// The openings that hold the image at one time.
struct Present<'a> {
    stays: &'a [Opening],
    all: Vec<usize>,
    /// The position of each opening in `all`.
    places: Vec<usize>,
    /// For each permission, how many openings hold it and how many do not share it.
    held: [u32; 4],
    unshared: [u32; 4],
}

impl<'a> Present<'a> {
    fn new(stays: &'a [Opening]) -> Present<'a> {
        let places = vec![usize::MAX; stays.len()];
        Present { stays, all: Vec::new(), places, held: [0; 4], unshared: [0; 4] }
    }

    fn add(&mut self, stay: usize) {
        self.places[stay] = self.all.len();
        self.all.push(stay);
        self.count(stay, |count| count + 1);
    }

    fn remove(&mut self, stay: usize) {
        let place = self.places[stay];
        self.all.swap_remove(place);
        if let Some(moved) = self.all.get(place) {
            self.places[*moved] = place;
        }
        self.count(stay, |count| count - 1);
    }

    fn count(&mut self, stay: usize, change: impl Fn(u32) -> u32) {
        let claim = self.stays[stay].claim;
        for (permissions, counts) in
            [(claim.held, &mut self.held), (claim.unshared(), &mut self.unshared)]
        {
            for permission in permissions.each() {
                let count = &mut counts[usize::from(permission.number())];
                *count = change(*count);
            }
        }
    }

    fn may_conflict_with(&self, claim: Claim) -> bool {
        let any = |permissions: Permissions, counts: &[u32; 4]| {
            permissions.each().any(|permission| counts[usize::from(permission.number())] > 0)
        };
        any(claim.held, &self.unshared) || any(claim.unshared(), &self.held)
    }
}

/// The findings for one grant, at most one of each kind.
#[derive(Default)]
struct Seen {
    contradiction: Option<HistoryMatter>,
    doubt: Option<HistoryMatter>,
    same_owner: Option<HistoryMatter>,
    lock_loss: Option<HistoryMatter>,
}

/// The kinds for which there is an earlier finding, so that no further proof is needed.
#[derive(Clone, Copy)]
struct Known {
    contradiction: bool,
}

impl Known {
    fn of(judgement: &HistoryJudgement) -> Known {
        Known { contradiction: judgement.contradictions > 0 }
    }
}

impl Seen {
    fn note(self, judgement: &mut HistoryJudgement, known: Known) {
        match (self.contradiction, self.doubt) {
            (Some(_), _) if known.contradiction => judgement.contradictions += 1,
            (Some(matter), _) => judgement.contradict(HistoryFinding::certain(matter)),
            (None, Some(_)) if judgement.unclear > 0 => judgement.unclear += 1,
            (None, Some(matter)) => judgement.doubt(HistoryFinding::unclear(matter)),
            (None, None) => {}
        }
        for matter in [self.same_owner, self.lock_loss].into_iter().flatten() {
            if let Some(hazard) = matter.hazard() {
                judgement.show(hazard, 1, HistoryFinding::certain(matter));
            }
        }
    }
}

/// Compares two openings that hold the image at the same time.
struct Pairs<'a> {
    stays: &'a [Opening],
    terms: &'a HistoryTerms<'a>,
    owners: &'a Owners,
    /// Built when the first pair needs them.
    closings: Option<Closings>,
}

impl Pairs<'_> {
    /// `old` was granted before `new`.
    fn look(&mut self, old: usize, new: usize, seen: &mut Seen) {
        let (first, second) = (self.stays[old], self.stays[new]);
        if first.opener == second.opener || !first.claim.conflicts_with(second.claim) {
            return;
        }
        let (Some(had), Some(has)) = (first.sure(), second.sure()) else { return };
        let meeting = Meeting::by(had.margin(has), self.terms.resolution_ns);
        if meeting == Meeting::Never {
            return;
        }
        if self.owners.owner(&first) == self.owners.owner(&second) {
            if meeting == Meeting::Sure {
                earliest(&mut seen.same_owner, HistoryMatter::SameOwner { first, second });
            }
            return;
        }
        let both = HistoryMatter::TwoHolders { first, second };
        match (self.loss(first, second), meeting) {
            (Some((Meeting::Sure, loss)), Meeting::Sure) => earliest(&mut seen.lock_loss, loss),
            (Some(_), Meeting::Unclear) => {}
            (Some(_), _) | (None, Meeting::Unclear) => earliest(&mut seen.doubt, both),
            (None, _) => earliest(&mut seen.contradiction, both),
        }
    }

    /// How one of the two may have lost its locks before the other tested for conflicts.
    ///
    /// Each opener locks first and tests then. So one of them had already locked when the other tested,
    /// and its locks were dropped: a descriptor was closed in its process between its attempt and the
    /// answer of the other.
    fn loss(&mut self, first: Opening, second: Opening) -> Option<(Meeting, HistoryMatter)> {
        if self.terms.backend != Backend::Posix {
            return None;
        }
        let closings = self.closings.get_or_insert_with(|| Closings::of(self.stays, self.owners));
        let resolution = self.terms.resolution_ns;
        let lost = |loser: Opening, other: Opening| {
            let (locked, looked) = (loser.attempt_ns, other.granted_ns()?);
            let owner = self.owners.owner(&loser);
            // A close that certainly began before the other tested, or else any that may have.
            let last = |before| closings.last_before(owner, loser.opener, before);
            let surely = looked.checked_sub(resolution.saturating_add(1)).and_then(last);
            let losses = [surely, last(looked.saturating_add(resolution))].into_iter().flatten();
            let losses = losses.filter_map(|closer| {
                let closer = self.stays[closer];
                let margin = closer.closing()?.margin(Span { from: locked, until: looked });
                let meeting = Meeting::by(margin.min(lead(locked, looked)), resolution);
                let matter = HistoryMatter::LockLoss { loser, closer, other };
                (meeting != Meeting::Never).then_some((meeting, matter))
            });
            losses.min_by_key(|(meeting, _)| *meeting != Meeting::Sure)
        };
        let losses = [lost(first, second), lost(second, first)].into_iter().flatten();
        losses.min_by_key(|(meeting, _)| *meeting != Meeting::Sure)
    }
}

fn earliest(known: &mut Option<HistoryMatter>, matter: HistoryMatter) {
    if known.as_ref().is_none_or(|known| matter.rank() < known.rank()) {
        *known = Some(matter);
    }
}

use super::span::{Meeting, NEVER};
use super::terms::{HistoryTerms, Owners};
use super::verdict::HistoryJudgement;
use super::{HistoryFinding, HistoryMatter, Neighbour, OpenAnswer, Opening};
use imglock_core::{Claim, Refusal, Side};

/// Second rule: every refusal has a conflicting opener.
pub(super) fn check(
    stays: &[Opening],
    terms: &HistoryTerms<'_>,
    owners: &Owners,
    judgement: &mut HistoryJudgement,
) {
    let mut refusals: Vec<Attempt> = Vec::new();
    for stay in stays {
        if let Some((answer_ns, OpenAnswer::Refused(over))) = stay.answer {
            let over = Offences::over(stay.claim, over);
            refusals.push(Attempt { answer_ns, stay, over, owner: owners.owner(stay) });
        }
    }
    if refusals.is_empty() {
        return;
    }
    refusals.sort_unstable_by_key(|refusal| (refusal.answer_ns, refusal.stay.attempt_ns));
    let mut starts: Vec<(u64, usize)> = Vec::with_capacity(stays.len());
    starts.extend(stays.iter().enumerate().map(|(at, stay)| (stay.attempt_ns, at)));
    starts.sort_unstable();
    let answered = starts.iter().filter(|(_, at)| !stays[*at].is_silent()).copied().collect();
    let without = Sweep { stays, starts: answered, owners };
    let sweep = Sweep { stays, starts, owners };
    // Nearly all refusals have a certain cause. Only the others are checked for a possible cause.
    let resolution = i128::from(terms.resolution_ns);
    let suspicious = match without.starts.len() < sweep.starts.len() {
        true => without.without_offender(refusals.clone(), -resolution),
        false => Vec::new(),
    };
    let unsure = sweep.without_offender(refusals, resolution + 1);
    let unjustified = sweep.without_offender(unsure.clone(), -resolution);
    if let Some(first) = unjustified.first() {
        judgement.contradict(HistoryFinding::certain(sweep.evidence(first)));
        judgement.contradictions += unjustified.len() as u64 - 1;
    }
    let mut known = unjustified.iter().peekable();
    let is_known =
        |one: &&Attempt<'_>| known.next_if(|it| std::ptr::eq(it.stay, one.stay)).is_some();
    let (_, suspicious): (Vec<&Attempt<'_>>, Vec<&Attempt<'_>>) =
        suspicious.iter().partition(is_known);
    if let Some(matter) =
        suspicious.first().and_then(|first| sweep.suspicion(first, terms.resolution_ns))
    {
        judgement.suspect(suspicious.len() as u64, HistoryFinding::certain(matter));
    }
    let mut certain = unjustified.iter().peekable();
    let mut unclear = unsure
        .iter()
        .filter(|one| certain.next_if(|sure| std::ptr::eq(sure.stay, one.stay)).is_none());
    if let Some(first) = unclear.next() {
        judgement.doubt(HistoryFinding::unclear(sweep.evidence(first)));
        judgement.unclear += unclear.count() as u64;
    }
}

/// A refused attempt.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    answer_ns: u64,
    stay: &'a Opening,
    /// The possible causes of the refusal.
    over: Offences,
    owner: u32,
}

/// A set of causes. Bit `i`: does not share permission `i`. Bit `4 + i`: holds permission `i`.
#[derive(Clone, Copy)]
struct Offences(u8);

impl Offences {
    /// The causes for which a claim is refused: the reported one, or all that are possible.
    fn over(claim: Claim, told: Option<Refusal>) -> Offences {
        Offences(match told {
            Some(Refusal { side: Side::Wanted, permission }) => 1 << permission.number(),
            Some(Refusal { side: Side::Unshared, permission }) => 16 << permission.number(),
            None => claim.held.bits() | claim.unshared().bits() << 4,
        })
    }

    /// The causes that an opener with this claim can be.
    fn of(claim: Claim) -> Offences {
        Offences(claim.unshared().bits() | claim.held.bits() << 4)
    }

    fn each(self) -> impl Iterator<Item = usize> {
        (0..8).filter(move |bit| self.0 & 1 << bit != 0)
    }
}

/// Of the openers with the same cause: the one that held longest, and the longest of another owner.
#[derive(Clone, Copy, Default)]
struct Longest {
    first: Option<(u64, u32)>,
    second: Option<(u64, u32)>,
}

impl Longest {
    fn add(&mut self, until: u64, owner: u32) {
        let longer = |known: Option<(u64, u32)>| known.is_none_or(|(known, _)| until > known);
        let is_first = self.first.is_some_and(|(_, first)| first == owner);
        if longer(self.first) {
            if !is_first {
                self.second = self.first;
            }
            self.first = Some((until, owner));
        } else if !is_first && longer(self.second) {
            self.second = Some((until, owner));
        }
    }

    /// The end of the longest opening of an owner other than this one.
    fn of_another(&self, owner: u32) -> Option<u64> {
        let another = [self.first, self.second].into_iter().flatten().find(|one| one.1 != owner);
        another.map(|(until, _)| until)
    }
}

struct Sweep<'a> {
    stays: &'a [Opening],
    /// All attempts, in order of time.
    starts: Vec<(u64, usize)>,
    owners: &'a Owners,
}

impl<'a> Sweep<'a> {
    /// Those of `refusals`, in their order, that do not overlap by at least `margin` with a conflicting
    /// opener.
    fn without_offender(&self, mut refusals: Vec<Attempt<'a>>, margin: i128) -> Vec<Attempt<'a>> {
        let mut longest = [Longest::default(); 8];
        let mut starts = self.starts.iter().peekable();
        refusals.retain(|refusal| {
            let began = |start: u64| i128::from(start) + margin <= i128::from(refusal.answer_ns);
            while let Some((_, next)) = starts.next_if(|(start, _)| began(*start)) {
                let stay = &self.stays[*next];
                let (until, owner) = (stay.possible().until, self.owners.owner(stay));
                for offence in Offences::of(stay.claim).each() {
                    longest[offence].add(until, owner);
                }
            }
            let there =
                |until: u64| i128::from(refusal.stay.attempt_ns) + margin <= i128::from(until);
            !refusal
                .over
                .each()
                .any(|over| longest[over].of_another(refusal.owner).is_some_and(there))
        });
        refusals
    }

    /// The finding for a refusal that only openers without an answer can have caused: the possible
    /// cause that began first.
    fn suspicion(&self, refusal: &Attempt<'_>, resolution_ns: u64) -> Option<HistoryMatter> {
        let attempt = refusal.stay.possible();
        let may_be = |stay: &&Opening| {
            let over = Offences::of(stay.claim).0 & refusal.over.0 != 0;
            let meeting = Meeting::by(stay.possible().margin(attempt), resolution_ns);
            let another = self.owners.owner(stay) != refusal.owner;
            over && another && meeting != Meeting::Never
        };
        let suspect = self.stays.iter().filter(may_be).min_by_key(|stay| stay.attempt_ns)?;
        Some(HistoryMatter::Suspect { suspect: *suspect, refused: Some(*refusal.stay) })
    }

    /// The finding for a refusal without a cause, with the closest conflicting openers.
    fn evidence(&self, refusal: &Attempt<'_>) -> HistoryMatter {
        let offends = |stay: &&Opening| {
            let over = Offences::of(stay.claim).0 & refusal.over.0 != 0;
            over && self.owners.owner(stay) != refusal.owner
        };
        let attempt = refusal.stay.possible();
        let gone = |stay: &Opening| {
            let span = stay.possible();
            let apart_ns = attempt.from.saturating_sub(span.until);
            (span.until < attempt.until && span.until != NEVER && span.from < attempt.from)
                .then_some(Neighbour { stay: *stay, apart_ns })
        };
        let yet_to_come = |stay: &Opening| {
            let span = stay.possible();
            let apart_ns = span.from.saturating_sub(attempt.until);
            (span.from > attempt.from).then_some(Neighbour { stay: *stay, apart_ns })
        };
        let offenders = || self.stays.iter().filter(offends);
        HistoryMatter::Unjustified {
            refused: *refusal.stay,
            before: offenders().filter_map(gone).min_by_key(|one| one.apart_ns),
            after: offenders().filter_map(yet_to_come).min_by_key(|one| one.apart_ns),
        }
    }
}

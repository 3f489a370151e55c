//! The findings of a race: how often each was seen, and how it happened first.

use std::io;

use anstyle::Style;
use imglock_engine::{RaceEvidence, RaceSum, RaceTally, Sightings};
use imglock_scenario::{HistoryMatter, claim_conflict};

use super::lanes;
use super::share::rounds_of;
use crate::phrase::{capitalised, grouped};
use crate::report::history::{Names, sentence};
use crate::report::page::Page;
use crate::report::palette::{BAD, CAREFUL, FAINT, STRONG};

/// Writes the known hazards of POSIX locks, then the breaches of the contract.
pub fn write(sum: &RaceSum, page: &mut Page<'_>) -> io::Result<()> {
    for tally in &sum.hazards {
        let kind = tally.kind;
        one(sum, tally, (CAREFUL, "hazard", kind.name(), kind.meaning()), page)?;
    }
    for tally in &sum.breaches {
        let kind = tally.kind;
        one(sum, tally, (BAD, "breach", kind.name(), kind.meaning()), page)?;
    }
    Ok(())
}

fn one<Kind>(
    sum: &RaceSum,
    tally: &RaceTally<Kind>,
    (style, what, name, meaning): (Style, &str, &str, &str),
    page: &mut Page<'_>,
) -> io::Result<()> {
    let rounds = rounds_of(tally.rounds, sum);
    writeln!(page, "\n{style}{what} {name}{style:#}  {STRONG}in {rounds}{STRONG:#}")?;
    page.paragraph("  ", &format!("{}.", capitalised(meaning)))?;
    let witnesses = witnesses(tally.seen);
    if !witnesses.is_empty() {
        page.paragraph("  ", &format!("{FAINT}Rounds by witness: {witnesses}.{FAINT:#}"))?;
    }
    let RaceEvidence { round, matter, words, .. } = &tally.first;
    let told = matter.as_ref().map(told).into_iter().chain(words.clone());
    let first = format!("First in round {}", grouped(*round));
    let text = match told.collect::<Vec<_>>().join("; ") {
        told if told.is_empty() => format!("{first}:"),
        told => format!("{first}: {told}."),
    };
    page.paragraph("  ", &text)?;
    lanes::write(sum, &tally.first, page)
}

/// In how many rounds each witness showed it; empty where none did.
fn witnesses(seen: Sightings) -> String {
    let witnesses = [
        ("claims in shared memory", seen.claims),
        ("the image's data", seen.data),
        ("time stamps", seen.history),
    ];
    let seen = witnesses.into_iter().filter(|(_, rounds)| *rounds > 0);
    let seen = seen.map(|(what, rounds)| format!("{what} {}", grouped(rounds)));
    seen.collect::<Vec<_>>().join("; ")
}

/// The finding, and the answer that the last opener should have got.
fn told(matter: &HistoryMatter) -> String {
    let names = Names::numbers();
    let told = sentence(matter, 0, &names);
    let should = |opener| format!("{} should", names.opener(opener));
    let (first, second, other) = match matter {
        HistoryMatter::TwoHolders { first, second } => (first, second, should(second.opener)),
        HistoryMatter::SameOwner { first, second } => {
            (first, second, "another process would".to_owned())
        }
        HistoryMatter::LockLoss { loser, other, .. } => (loser, other, should(other.opener)),
        HistoryMatter::Unjustified { .. }
        | HistoryMatter::NeverReleased { .. }
        | HistoryMatter::Suspect { .. } => return told,
    };
    let refused = claim_conflict(first.claim, second.claim);
    let refused = refused.map_or("refused".to_owned(), |refusal| format!("refused {refusal}"));
    format!("{told}; {other} have been {refused}")
}

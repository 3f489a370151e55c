//! What was found, how often, and how it happened the first time.

use std::io::{self, Write};

use imglock_harness::history::{Matter, Stay, conflict};
use imglock_harness::race::{Evidence, RaceSum, Sightings, Tally};
use indicatif::HumanCount;

use super::{lanes, paragraph, rounds_of, styled};
use crate::report::palette::{BAD, CAREFUL, FAINT, STRONG};

/// Known ways in which POSIX locks break the contract.
pub fn hazards(sum: &RaceSum, out: &mut dyn Write) -> io::Result<()> {
    for tally in &sum.hazards {
        let kind = tally.kind;
        writeln!(
            out,
            "\n{CAREFUL}hazard {}{CAREFUL:#}  {STRONG}in {}{STRONG:#}",
            kind.name(),
            rounds_of(tally.rounds, sum)
        )?;
        one(sum, tally, kind.meaning(), out)?;
    }
    Ok(())
}

/// All other ways.
pub fn breaches(sum: &RaceSum, out: &mut dyn Write) -> io::Result<()> {
    for tally in &sum.breaches {
        let kind = tally.kind;
        writeln!(
            out,
            "\n{BAD}breach {}{BAD:#}  {STRONG}in {}{STRONG:#}",
            kind.name(),
            rounds_of(tally.rounds, sum)
        )?;
        one(sum, tally, kind.meaning(), out)?;
    }
    Ok(())
}

fn one<Kind>(
    sum: &RaceSum,
    tally: &Tally<Kind>,
    meaning: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    paragraph(&format!("{}.", capital(meaning)), "  ", out)?;
    if let Some(told) = told_by(tally.seen) {
        styled(&told, "  ", FAINT, out)?;
    }
    let Evidence { round, matter, words, .. } = &tally.first;
    let said: Vec<String> =
        [matter.as_ref().map(sentence), words.clone()].into_iter().flatten().collect();
    let first = format!("First in round {}", HumanCount(*round));
    let text = match said.is_empty() {
        true => format!("{first}:"),
        false => format!("{first}: {}.", said.join("; ")),
    };
    paragraph(&text, "  ", out)?;
    lanes::write(sum, &tally.first, out)
}

/// How often each witness told of it.
fn told_by(seen: Sightings) -> Option<String> {
    let witnesses = [
        (seen.claims, "the openers' claims in shared memory"),
        (seen.data, "the image's data"),
        (seen.history, "the time stamps"),
    ];
    let told: Vec<String> = witnesses
        .into_iter()
        .filter(|(times, _)| *times > 0)
        .map(|(times, who)| format!("{who} in {}", HumanCount(times)))
        .collect();
    let (last, others) = told.split_last()?;
    Some(match others {
        [] => format!("Told by {last}."),
        others => format!("Told by {} and {last}.", others.join(", ")),
    })
}

/// What a finding says, with the openers by their numbers.
fn sentence(matter: &Matter) -> String {
    let over = |first: &Stay, second: &Stay| match conflict(first.claim, second.claim) {
        Some(refusal) => format!("refused {refusal}"),
        None => "refused".to_owned(),
    };
    match matter {
        Matter::TwoHolders { first, second } => format!(
            "{} had it when {} was granted it, which should have been {}",
            name(first),
            name(second),
            over(first, second)
        ),
        Matter::SameOwner { first, second } => format!(
            "{} had it when {} of the same process was granted it; another process would have \
             been {}",
            name(first),
            name(second),
            over(first, second)
        ),
        Matter::LockLoss { loser, closer, other } => format!(
            "{} let go of the image, and with that {} of the same process lost its locks; so {} \
             was granted what should have been {}",
            name(closer),
            name(loser),
            name(other),
            over(loser, other)
        ),
        Matter::Unjustified { refused, .. } => {
            format!("{} was refused, and nobody was there who offends", name(refused))
        }
        Matter::NeverReleased { holder } => {
            format!("{} was granted it and did not let go", name(holder))
        }
    }
}

/// `opener 3`.
fn name(stay: &Stay) -> String {
    format!("opener {}", stay.opener + 1)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

use std::io;
use std::time::Duration;

use imglock_core::{Backend, Hazard};
use imglock_engine::RaceSum;

use crate::phrase::{count, grouped, grouped_count};
use crate::report::page::Page;
use crate::report::palette::{BAD, CAREFUL, GOOD};
use crate::report::times;

/// From this many rounds on, POSIX locks without a hazard are remarkable.
const MANY: u64 = 1_000;

/// Writes whether the contract was broken, and what to do next.
pub fn write(sum: &RaceSum, page: &mut Page<'_>) -> io::Result<()> {
    let pace = pace(sum);
    if !sum.holds() {
        let kinds = count(sum.breaches.len(), "breach", "kinds of breach");
        page.paragraph("", &format!("{BAD}{kinds}: {pace}.{BAD:#}"))?;
        let advice = match sum.environment.planted {
            Some(_) => "The planted fault was detected.",
            None => "Do not rely on these locks to protect an image.",
        };
        let next =
            "The same seed draws the same modes again; --history FILE records every opening.";
        return page.paragraph("", &format!("{advice} {next}"));
    }
    page.paragraph("", &format!("{GOOD}No breach: {pace}.{GOOD:#}"))?;
    if !sum.hazards.is_empty() {
        let words = "The hazards above are known for POSIX locks: the locks belong to the process, \
                     and closing any descriptor of the image drops them. OFD locks have neither \
                     hazard.";
        page.paragraph("", words)?;
    } else if misses_same_owner(sum) {
        let words = format!(
            "{CAREFUL}No {} hazard: {} of {} openers are one process, so conflicting openers of \
             that process should both be granted in some rounds, and never were. Run more rounds; \
             otherwise this kernel differs from others.{CAREFUL:#}",
            Hazard::SameOwner,
            sum.sharing,
            sum.openers
        );
        page.paragraph("", &words)?;
    }
    if sum.unclear > 0 {
        let openings = grouped_count(sum.unclear, "opening", "openings");
        let why = "cannot be judged: the time stamps are too close together.";
        page.paragraph("", &format!("{CAREFUL}{openings} {why}{CAREFUL:#}"))?;
    }
    Ok(())
}

/// `12,345 of 1,000,000 rounds in 512 ms, 23,809 a second; stopped early`.
fn pace(sum: &RaceSum) -> String {
    let rounds = match sum.planned.filter(|_| !sum.complete) {
        Some(planned) => format!("{} of {} rounds", grouped(sum.rounds), grouped(planned)),
        None => grouped_count(sum.rounds, "round", "rounds"),
    };
    let took = times::readable(Duration::from_millis(sum.elapsed_ms));
    let stopped = if sum.complete { "" } else { "; stopped early" };
    format!("{rounds} in {took}, {} a second{stopped}", grouped(sum.rounds_per_second as u64))
}

/// Whether POSIX locks did not show the hazard that they always show.
fn misses_same_owner(sum: &RaceSum) -> bool {
    let conflict = |one: &imglock_core::Mode| {
        sum.modes.iter().any(|other| one.claim().conflicts_with(other.claim()))
    };
    let expected = sum.backend == Backend::Posix && sum.sharing > 1 && sum.rounds >= MANY;
    expected && sum.modes.iter().any(conflict)
}

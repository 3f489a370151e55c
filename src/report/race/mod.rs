//! What a race came to, for a reader of 80 columns.

mod found;
mod lanes;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
mod winners;

use std::io::{self, Write};
use std::time::Duration;

use imglock_harness::lock::Backend;
use imglock_harness::race::{LeftOut, RaceSum};
use imglock_harness::step::Hazard;
use indicatif::HumanCount;
use textwrap::WordSplitter;

use super::palette::{BAD, CAREFUL, FAINT, GOOD, STRONG};
use super::times;
use crate::phrase::count;

/// The columns of a page.
const WIDTH: usize = 80;

/// From so many rounds on it is strange when POSIX locks show no hazard.
const MANY: u64 = 1_000;

/// Who raced and how, who won, what was found, and what follows.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(sum: &RaceSum, out: &mut dyn Write) -> io::Result<()> {
    head(sum, out)?;
    if sum.rounds == 0 {
        return writeln!(out, "\n{CAREFUL}Stopped before the first round ended.{CAREFUL:#}");
    }
    winners::write(sum, out)?;
    found::hazards(sum, out)?;
    found::breaches(sum, out)?;
    writeln!(out)?;
    verdict(sum, out)?;
    writeln!(out, "\n{FAINT}Again:{FAINT:#}  {}", again(sum))
}

fn head(sum: &RaceSum, out: &mut dyn Write) -> io::Result<()> {
    let RaceSum { environment, backend, subject, openers, .. } = sum;
    if let Some(fault) = environment.planted {
        let words = format!(
            "A fault was planted on purpose, {fault}: {} What follows says nothing about this \
             machine.",
            fault.meaning()
        );
        styled(&words, "", CAREFUL, out)?;
    }
    writeln!(out, "{STRONG}Race of {openers} openers on {backend} locks{STRONG:#}")?;
    let qemu: Vec<String> = environment.qemu.iter().map(ToString::to_string).collect();
    let who = match qemu.is_empty() {
        true => format!("{subject} openers"),
        false => format!("{subject} openers ({})", qemu.join(", ")),
    };
    let place = format!(
        "{} on Linux {} ({})",
        environment.file_system, environment.kernel, environment.architecture
    );
    paragraph(&format!("{who}; {place}"), "  ", out)?;
    let modes = match sum.modes.as_slice() {
        few if few.len() <= 4 => {
            let names: Vec<&str> = few.iter().map(|mode| mode.name()).collect();
            format!("{} {}", if few.len() == 1 { "mode" } else { "modes" }, names.join(", "))
        }
        many => format!("{} modes", many.len()),
    };
    let shared = match sum.sharing {
        0 => "each opener is a process of its own".to_owned(),
        sharing => {
            let numbers: Vec<String> =
                (openers - sharing..*openers).map(|index| (index + 1).to_string()).collect();
            let (last, others) = numbers.split_last().map_or(("", &[][..]), |(l, o)| (l, o));
            format!("openers {} and {last} are one process", others.join(", "))
        }
    };
    paragraph(&format!("{modes}, seed {}; {shared}", sum.seed), "  ", out)?;
    // Each reason once.
    let mut left_out: Vec<(&str, Vec<&str>)> = Vec::new();
    for LeftOut { mode, why } in &sum.left_out {
        match left_out.iter_mut().find(|(known, _)| known == why) {
            Some((_, modes)) => modes.push(mode.name()),
            None => left_out.push((why, vec![mode.name()])),
        }
    }
    for (why, modes) in left_out {
        let are = if modes.len() == 1 { "is" } else { "are" };
        let line = format!("{} {are} left out: {why}", modes.join(", "));
        styled(&line, "  ", CAREFUL, out)?;
    }
    Ok(())
}

fn verdict(sum: &RaceSum, out: &mut dyn Write) -> io::Result<()> {
    let rounds = HumanCount(sum.rounds);
    let took = times::readable(Duration::from_millis(sum.elapsed_ms));
    let pace = HumanCount(sum.rounds_per_second as u64);
    let how_far = match sum.planned.filter(|_| !sum.complete) {
        Some(planned) => format!("{rounds} of {} rounds", HumanCount(planned)),
        None => count_of(sum.rounds, "round", "rounds"),
    };
    let stopped = if sum.complete { "" } else { "; it was stopped then" };
    let pace = format!("{how_far} in {took}, {pace} a second{stopped}");
    if !sum.holds() {
        let kinds = count(sum.breaches.len(), "breach", "kinds of breach");
        styled(&format!("{kinds}: {pace}."), "", BAD, out)?;
        let advice = match sum.environment.planted {
            Some(_) => "It was noticed.",
            None => "Trust no image to these locks.",
        };
        let words = format!(
            "{advice} The same seed draws the same modes again, and --history FILE writes down \
             who did what when."
        );
        return paragraph(&words, "", out);
    }
    styled(&format!("No breach: {pace}."), "", GOOD, out)?;
    if !sum.hazards.is_empty() {
        let words = "The hazards above are those that POSIX locks are known for: they belong to \
                     the process, and go when any descriptor of the image is closed. OFD locks \
                     have neither.";
        paragraph(words, "", out)?;
    } else if misses_same_owner(sum) {
        let words = format!(
            "{}: {} of {} openers are one process, so conflicting ones among them should both \
             have been granted at times. Never were they: more rounds, or a kernel that is unlike \
             others.",
            Hazard::SameOwner,
            sum.sharing,
            sum.openers
        );
        styled(&words, "", CAREFUL, out)?;
    }
    if sum.unclear > 0 {
        let words = format!(
            "{} cannot be judged: the time stamps are too close together.",
            count_of(sum.unclear, "opening", "openings")
        );
        styled(&words, "", CAREFUL, out)?;
    }
    Ok(())
}

/// Whether POSIX locks did not show what they always do.
fn misses_same_owner(sum: &RaceSum) -> bool {
    let mut claims = sum.modes.iter().map(|mode| mode.claim());
    let conflicts =
        claims.any(|one| sum.modes.iter().any(|other| one.conflicts_with(other.claim())));
    sum.backend == Backend::Posix && sum.sharing > 1 && sum.rounds >= MANY && conflicts
}

fn again(sum: &RaceSum) -> String {
    let mut words = vec![format!("imglock race --backend {} --seed {}", sum.backend, sum.seed)];
    let mut say = |is: bool, flag: String| {
        if is {
            words.push(flag);
        }
    };
    let usual = if sum.openers > 2 && sum.environment.qemu.is_empty() { 2 } else { 0 };
    say(sum.openers != 4, format!("--openers {}", sum.openers));
    say(sum.sharing != usual, format!("--sharing {}", sum.sharing));
    say(true, format!("--rounds {}", sum.planned.unwrap_or(sum.rounds)));
    say(sum.subject != "builtin", format!("--subject {}", sum.subject));
    if let Some(fault) = sum.environment.planted {
        say(true, format!("--plant {fault}"));
    }
    let names: Vec<&str> = sum.modes.iter().map(|mode| mode.name()).collect();
    say(names.len() <= 8, format!("--modes {}", names.join(",")));
    words.join(" ")
}

/// `1,234 rounds`.
fn count_of(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", HumanCount(number), if number == 1 { one } else { many })
}

/// `1,234 rounds (5.6%)`, of all of a race.
fn rounds_of(number: u64, sum: &RaceSum) -> String {
    let part = number as f64 * 100.0 / sum.rounds.max(1) as f64;
    format!("{} ({})", count_of(number, "round", "rounds"), percent(part))
}

/// `5.6%`; what is there at all is not 0.
fn percent(part: f64) -> String {
    if part > 0.0 && part < 0.1 { "<0.1%".to_owned() } else { format!("{part:.1}%") }
}

fn paragraph(text: &str, indent: &str, out: &mut dyn Write) -> io::Result<()> {
    styled(text, indent, super::palette::PLAIN, out)
}

fn styled(text: &str, indent: &str, style: anstyle::Style, out: &mut dyn Write) -> io::Result<()> {
    let options =
        textwrap::Options::new(WIDTH - indent.len()).word_splitter(WordSplitter::NoHyphenation);
    for line in textwrap::wrap(text, options) {
        writeln!(out, "{indent}{style}{line}{style:#}")?;
    }
    Ok(())
}

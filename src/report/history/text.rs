use std::io::{self, Write};
use std::time::Duration;

use imglock_harness::history::{Counts, Finding, History, Judgement, Shown, Verdict};
use textwrap::WordSplitter;

use super::{Names, draw, sentence};
use crate::phrase::count;
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD};
use crate::report::times;

/// The verdict, what it is about, and what proves it.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(
    history: &History,
    judgement: &Judgement,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let names = Names::of(history);
    match &judgement.verdict {
        Verdict::Valid => {
            let at_once = match judgement.hazards.is_empty() {
                true => "no two conflicting openers at once",
                false => "conflicting openers at once only where POSIX locks let them",
            };
            let rest = match history.header.complete {
                true => ", no refusal without a cause, and no lock was kept",
                false => {
                    ", and no refusal without a cause (not complete, so locks may still be held)"
                }
            };
            let words = format!("{at_once}{rest}");
            paragraph(&format!("{GOOD}valid{GOOD:#}: {words}"), "", width, out)?;
            contents(history, judgement, out)?;
        }
        Verdict::Unknown(finding) => {
            let doubt = format!(
                "it may be that {}; time stamps no more than {} ns apart decide",
                sentence(finding, &names),
                history.header.resolution_ns
            );
            paragraph(&format!("{CAREFUL}unknown{CAREFUL:#}: {doubt}"), "", width, out)?;
            contents(history, judgement, out)?;
            evidence(history, finding, &names, width, out)?;
        }
        Verdict::Invalid(finding) => {
            let words = sentence(finding, &names);
            paragraph(&format!("{BAD}invalid{BAD:#}: {words}"), "", width, out)?;
            contents(history, judgement, out)?;
            evidence(history, finding, &names, width, out)?;
        }
    }
    more(judgement, out)?;
    for shown in &judgement.hazards {
        hazard(shown, &names, width, out)?;
    }
    Ok(())
}

/// What was judged.
fn contents(history: &History, judgement: &Judgement, out: &mut dyn Write) -> io::Result<()> {
    let Counts { openings, granted, refused, span_ns, .. } = judgement.counts;
    let number =
        |number: u64, one, many| count(usize::try_from(number).unwrap_or(usize::MAX), one, many);
    let span = span_ns.map_or(0, |(first, last)| last - first);
    let images = match history.images.len() {
        0 | 1 => String::new(),
        images => format!(" of {images} images"),
    };
    let unanswered = match openings - granted - refused {
        0 => String::new(),
        unanswered => format!(", {unanswered} without an answer"),
    };
    writeln!(
        out,
        "  {}{images} by {} in {}: {granted} granted, {refused} refused{unanswered}",
        number(openings, "opening", "openings"),
        count(history.openers.len(), "opener", "openers"),
        times::precise(Duration::from_nanos(span)),
    )
}

fn evidence(
    history: &History,
    finding: &Finding,
    names: &Names<'_>,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out)?;
    draw(finding, names, width, out)?;
    let first = finding.matter.events().first().map_or(0, |event| event.at_ns);
    let clock = crate::phrase::printable(&history.header.clock);
    writeln!(out, "\n  {FAINT}0 is {first} ns of {clock}{FAINT:#}")
}

/// What else there is that is not drawn.
fn more(judgement: &Judgement, out: &mut dyn Write) -> io::Result<()> {
    let Judgement { contradictions, unclear, verdict, .. } = judgement;
    let shown = |shown: bool| u64::from(shown);
    let wrong = contradictions - shown(matches!(verdict, Verdict::Invalid(_)));
    let unclear = unclear - shown(matches!(verdict, Verdict::Unknown(_)));
    for (number, word) in [(wrong, "contradict"), (unclear, "may contradict")] {
        if number > 0 {
            let openings = if number == 1 { "opening" } else { "openings" };
            let verb = match (number, word) {
                (1, "contradict") => "contradicts",
                (_, word) => word,
            };
            writeln!(out, "  {number} more {openings} {verb} the contract")?;
        }
    }
    Ok(())
}

fn hazard(shown: &Shown, names: &Names<'_>, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let Shown { hazard, count: times, first } = shown;
    let times = count(usize::try_from(*times).unwrap_or(usize::MAX), "opening", "openings");
    writeln!(out)?;
    let words = format!(
        "hazard {CAREFUL}{hazard}{CAREFUL:#}, which POSIX locks have, at {times}; the first: {}",
        sentence(first, names)
    );
    paragraph(&words, "  ", width, out)?;
    writeln!(out)?;
    draw(first, names, width, out)
}

fn paragraph(text: &str, indent: &str, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let options = textwrap::Options::new(width)
        .initial_indent(indent)
        .subsequent_indent("  ")
        .word_splitter(WordSplitter::NoHyphenation);
    for line in textwrap::wrap(text, options) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

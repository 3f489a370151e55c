use std::io::{self, Write};
use std::time::Duration;

use imglock_scenario::{
    History, HistoryCounts, HistoryFinding, HistoryJudgement, HistoryVerdict, Shown, Suspected,
};

use super::{Names, draw, sentence};
use crate::phrase::{count, printable};
use crate::report::page::Page;
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD};
use crate::report::times;

/// Writes the verdict, the numbers of openings, and the events that prove it.
pub fn write(
    history: &History,
    judgement: &HistoryJudgement,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let page = &mut Page::new(out, width);
    let names = Names::of(history);
    let (verdict, finding) = match &judgement.verdict {
        HistoryVerdict::Valid => {
            (format!("{GOOD}valid{GOOD:#}: {}", valid(history, judgement)), None)
        }
        HistoryVerdict::Unknown(finding) => {
            let doubt = format!(
                "possibly {}; that depends on time stamps at most {} ns apart",
                sentence(&finding.matter, finding.image, &names),
                history.header.resolution_ns
            );
            (format!("{CAREFUL}unknown{CAREFUL:#}: {doubt}"), Some(finding))
        }
        HistoryVerdict::Invalid(finding) => {
            let words = sentence(&finding.matter, finding.image, &names);
            (format!("{BAD}invalid{BAD:#}: {words}"), Some(finding))
        }
    };
    page.wrapped("", "  ", &verdict)?;
    contents(history, judgement, page)?;
    if let Some(finding) = finding {
        evidence(history, finding, &names, page)?;
    }
    more(judgement, page)?;
    judgement.hazards.iter().try_for_each(|shown| hazard(shown, &names, page))?;
    judgement.suspected.iter().try_for_each(|suspected| suspect(suspected, &names, page))
}

/// Everything that a valid history proves.
fn valid(history: &History, judgement: &HistoryJudgement) -> String {
    let at_once = match judgement.hazards.is_empty() {
        true => "no two conflicting openers at once",
        false => "conflicting openers at once only where POSIX locks allow it",
    };
    let rest = match history.header.complete {
        true if judgement.suspected.is_some() => {
            "no refusal without a cause, every granted lock released"
        }
        true => "no refusal without a cause, every lock released",
        false => "no refusal without a cause (incomplete, so locks may still be held)",
    };
    format!("{at_once}, {rest}")
}

/// How many openings were judged, and their answers.
fn contents(
    history: &History,
    judgement: &HistoryJudgement,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let HistoryCounts { openings, granted, refused, span_ns, .. } = judgement.counts;
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
        page,
        "  {}{images} by {} in {}: {granted} granted, {refused} refused{unanswered}",
        openings_of(openings),
        count(history.openers.len(), "opener", "openers"),
        times::precise(Duration::from_nanos(span)),
    )
}

fn evidence(
    history: &History,
    finding: &HistoryFinding,
    names: &Names<'_>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    writeln!(page)?;
    draw(finding, names, page)?;
    let first = finding.matter.events().first().map_or(0, |event| event.at_ns);
    let clock = printable(&history.header.clock);
    writeln!(page, "\n  {FAINT}0 is {first} ns of {clock}{FAINT:#}")
}

/// The number of contradictions that are not drawn.
fn more(judgement: &HistoryJudgement, page: &mut Page<'_>) -> io::Result<()> {
    let HistoryJudgement { contradictions, unclear, verdict, .. } = judgement;
    let wrong = contradictions - u64::from(matches!(verdict, HistoryVerdict::Invalid(_)));
    let unclear = unclear - u64::from(matches!(verdict, HistoryVerdict::Unknown(_)));
    for (number, [one, many]) in
        [(wrong, ["contradicts", "contradict"]), (unclear, ["may contradict"; 2])]
    {
        match number {
            0 => {}
            1 => writeln!(page, "  1 more opening {one} the contract")?,
            number => writeln!(page, "  {number} more openings {many} the contract")?,
        }
    }
    Ok(())
}

fn hazard(shown: &Shown, names: &Names<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let Shown { hazard, count: openings, first } = shown;
    let words = format!(
        "hazard {CAREFUL}{hazard}{CAREFUL:#}, known for POSIX locks, at {}; first: {}",
        openings_of(*openings),
        sentence(&first.matter, first.image, names)
    );
    writeln!(page)?;
    page.paragraph("  ", &words)?;
    writeln!(page)?;
    draw(first, names, page)
}

/// The opener that may have held the image, and what depends on it.
fn suspect(suspected: &Suspected, names: &Names<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let Suspected { refusals, first } = suspected;
    let more = match refusals {
        0 | 1 => String::new(),
        2 => ", nor 1 more refusal".to_owned(),
        more => format!(", nor {} more refusals", more - 1),
    };
    let words = sentence(&first.matter, first.image, names);
    writeln!(page)?;
    page.paragraph("  ", &format!("{CAREFUL}suspect{CAREFUL:#}: {words}{more}"))?;
    writeln!(page)?;
    draw(first, names, page)
}

fn openings_of(number: u64) -> String {
    format!("{number} {}", if number == 1 { "opening" } else { "openings" })
}

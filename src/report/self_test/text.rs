use std::io::{self, Write};

use imglock_engine::{CatchSpot, Detection, FaultCatch, FaultFate, FaultResult, HuntEnd, SelfTest};

use super::{grid, table};
use crate::phrase::count;
use crate::report::page::Page;
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD, STRONG};
use crate::report::{environment, times};

/// The columns of a page that has no terminal.
const WIDTH: usize = 100;

/// Writes the run without a fault, which detector caught which fault, the
/// faults that survived, and the sum. Lines of the table are cut to fit `width`.
pub fn write(tested: &SelfTest, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let page = &mut Page::new(out, WIDTH);
    let place = environment::place(&tested.environment);
    writeln!(page, "{STRONG}Self-test, one planted fault at a time{STRONG:#}; {place}")?;
    table::baseline(tested, page)?;
    let ended: Vec<&FaultResult> =
        tested.results.iter().filter(|result| result.fate() != FaultFate::Open).collect();
    if !ended.is_empty() {
        table::faults(&ended, width, page)?;
        if tested.thorough {
            grid::write(tested, &ended, page)?;
        }
        survivors(&ended, page)?;
    }
    if tested.is_sound() { sum(tested, page) } else { unsound(tested, page) }
}

/// The words beside the progress bar.
pub fn so_far(tested: &SelfTest) -> String {
    match tested.baseline.last() {
        None => "without a fault first".to_owned(),
        Some(Detection { hunter, .. }) => format!("{hunter} runs"),
    }
}

/// Writes what each surviving fault means.
fn survivors(ended: &[&FaultResult], page: &mut Page<'_>) -> io::Result<()> {
    for result in ended.iter().filter(|result| result.fate() == FaultFate::Survived) {
        let (name, meaning) = (result.fault.name(), result.fault.meaning());
        writeln!(page, "\n{BAD}survived{BAD:#}  {STRONG}{name}{STRONG:#}: {meaning}")?;
        let looked: Vec<String> = result.hunts.iter().map(looked).collect();
        let words = format!(
            "The fault was planted, and no detector caught it: {}. They would not catch a real \
             defect of this kind either: a run that passes says nothing about it.",
            looked.join(", ")
        );
        page.paragraph("  ", &words)?;
    }
    Ok(())
}

fn looked(hunt: &Detection) -> String {
    let Detection { hunter, backend, runs, end, .. } = hunt;
    match end {
        HuntEnd::Skipped(why) => format!("{hunter} not on {backend} ({why})"),
        _ => format!("{hunter} on {backend} ({runs} {})", hunter.runs_of()),
    }
}

fn sum(tested: &SelfTest, page: &mut Page<'_>) -> io::Result<()> {
    let fates = [
        (FaultFate::Caught, "caught", GOOD),
        (FaultFate::Survived, "survived", BAD),
        (FaultFate::Skipped, "skipped", CAREFUL),
    ];
    let fates = fates.map(|(fate, word, style)| {
        let number = tested.count(fate);
        let style = if number == 0 { FAINT } else { style };
        format!("{style}{number} {word}{style:#}")
    });
    let (faults, time) =
        (count(tested.results.len(), "fault", "faults"), times::readable(tested.elapsed));
    writeln!(page, "\n{faults}: {} in {time}", fates.join(", "))?;
    if !tested.complete {
        let open = count(tested.count(FaultFate::Open), "fault was", "faults were");
        writeln!(page, "{STRONG}interrupted{STRONG:#}: {open} not finished")?;
    }
    let example = tested.results.iter().find_map(|result| Some((result.fault, result.caught()?)));
    if let Some((fault, (hunt, catch))) = example
        && let CatchSpot::Line { scenario, .. } = &catch.at
    {
        let line = format!("imglock run {scenario} --plant {fault} --backend {}", hunt.backend);
        writeln!(page, "{FAINT}To see one in full: {line}{FAINT:#}")?;
    }
    Ok(())
}

/// Writes which detectors found a failure without a planted fault.
fn unsound(tested: &SelfTest, page: &mut Page<'_>) -> io::Result<()> {
    let red = tested
        .baseline
        .iter()
        .filter(|hunt| matches!(hunt.end, HuntEnd::Caught(FaultCatch { .. })));
    let by: Vec<String> = red.map(|hunt| format!("{} on {}", hunt.hunter, hunt.backend)).collect();
    writeln!(
        page,
        "\n{BAD}nothing can be concluded{BAD:#}: {} found a failure without a planted fault, so a \
         failure with one proves nothing.\n\
         Either locks misbehave here (`imglock run` shows it in full), or a step took too long \
         (allow more with --timeout).",
        by.join(", ")
    )
}

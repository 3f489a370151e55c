//! What a reader needs to see why a scenario did not pass.

use std::io::{self, Write};

use anstyle::Style;
use imglock_harness::run::{Event, EventKind, ScenarioResult, Trace};

use super::palette::{self, BAD, CAREFUL, PLAIN, STRONG};
use super::{RunRecord, course, drawing, table_words};

/// A plain text for machine formats has no terminal to fit.
const PLAIN_WIDTH: usize = 100;

/// The evidence without colours.
pub fn plain(record: &RunRecord, result: &ScenarioResult) -> String {
    let mut text = Vec::new();
    // A vector can always be written.
    let _ = write(record, result, &mut text, PLAIN_WIDTH);
    let text = anstream::adapter::strip_bytes(&text).into_vec();
    String::from_utf8_lossy(&text).into_owned()
}

/// Verdict, story, timeline, judges, holders, warnings, and what to do next.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(
    record: &RunRecord,
    result: &ScenarioResult,
    out: &mut dyn Write,
    width: usize,
) -> io::Result<()> {
    let (word, bad) = palette::standing(result);
    writeln!(
        out,
        "{bad}{word}{bad:#}  {STRONG}{}{STRONG:#} on {}",
        result.scenario,
        course::on(result)
    )?;
    if let Some(scenario) = record.scenario(result) {
        writeln!(out, "  {}", scenario.summary)?;
    }
    let reason = palette::reason(result);
    let said_below = course::failures(result).any(|finding| finding.message == reason);
    if !reason.is_empty() && !said_below {
        writeln!(out, "  {reason}")?;
    }
    if !result.trace.events.is_empty() {
        writeln!(out)?;
        drawing::around_fault(result).draw(out, width)?;
    }
    judges(result, out)?;
    moment(result, out)?;
    warnings(&result.trace, out)?;
    conversation(result, out)?;
    writeln!(out, "\n  Run just this one again:\n    {}", record.rerun.line(result))
}

/// `line 13: vm2 open disk mode=rw`.
fn place_words(trace: &Trace, event: &Event) -> String {
    format!(
        "line {}: {}",
        event.line,
        course::words(&event.text, trace.images.first().map(String::as_str))
    )
}

/// What each judge expected and what was.
fn judges(result: &ScenarioResult, out: &mut dyn Write) -> io::Result<()> {
    for finding in course::failures(result) {
        let place = finding.event.and_then(|index| result.trace.events.get(index));
        let place = place.map(|event| place_words(&result.trace, event));
        let place = place.unwrap_or_else(|| "the run as a whole".to_owned());
        writeln!(out, "\n  {STRONG}{}{STRONG:#} objects to {place}", finding.judge)?;
        if !finding.message.is_empty() {
            writeln!(out, "    {}", finding.message)?;
        }
        entries(out, "expected", PLAIN, &finding.expected)?;
        entries(out, "actual", BAD, &finding.actual)?;
        if let Some(hazard) = finding.hazard {
            writeln!(out, "    hazard    {hazard}: {}", hazard.meaning())?;
        }
    }
    Ok(())
}

/// One line for each part of `text`; long lists are parted by semicolons.
fn entries(out: &mut dyn Write, label: &str, style: Style, text: &str) -> io::Result<()> {
    for (number, part) in text.split("; ").filter(|part| !part.is_empty()).enumerate() {
        let label = if number == 0 { label } else { "" };
        writeln!(out, "    {label:8}  {style}{part}{style:#}")?;
    }
    Ok(())
}

/// Who held what when it went wrong.
fn moment(result: &ScenarioResult, out: &mut dyn Write) -> io::Result<()> {
    let events = &result.trace.events;
    let last = course::faults(result).first().copied().unwrap_or(events.len().saturating_sub(1));
    let read =
        events.iter().take(last + 1).rev().find_map(|event| Some((event, event.table.as_ref()?)));
    let Some((event, table)) = read else { return Ok(()) };
    writeln!(out, "\n  Locks in the kernel after {}:", place_words(&result.trace, event))?;
    let sentences = table_words::sentences(&result.trace, table);
    if sentences.is_empty() {
        writeln!(out, "    none")?;
    }
    sentences.iter().try_for_each(|sentence| writeln!(out, "    {sentence}"))
}

fn warnings(trace: &Trace, out: &mut dyn Write) -> io::Result<()> {
    for event in &trace.events {
        let EventKind::Step(step) = &event.kind else { continue };
        if step.warnings.is_empty() {
            continue;
        }
        writeln!(out, "\n  {CAREFUL}Warning{CAREFUL:#} of {} (line {}):", step.actor, event.line)?;
        for warning in &step.warnings {
            writeln!(out, "    {warning}")?;
        }
    }
    Ok(())
}

/// What was said last to the QEMU that the fault is about, and by it, and what
/// it printed.
fn conversation(result: &ScenarioResult, out: &mut dyn Write) -> io::Result<()> {
    let events = &result.trace.events;
    let last = course::faults(result).first().copied().unwrap_or(events.len().saturating_sub(1));
    let Some(EventKind::Step(step)) = events.get(last).map(|event| &event.kind) else {
        return Ok(());
    };
    if !step.messages.is_empty() {
        writeln!(out, "\n  Said to {} and by it:", step.actor)?;
        step.messages.iter().try_for_each(|message| writeln!(out, "    {message}"))?;
    }
    let printed = result.trace.processes.iter().filter(|one| one.actor == step.actor);
    for line in printed.flat_map(|entry| entry.printed.lines()) {
        writeln!(out, "    {CAREFUL}printed{CAREFUL:#} {line}")?;
    }
    Ok(())
}

//! The evidence on a run that did not pass.

use std::io::{self, Write};

use anstyle::Style;
use imglock_engine::{EventKind, ScenarioResult, Trace};

use super::palette::{BAD, CAREFUL, PLAIN, STRONG};
use super::{RunRecord, drawing, findings, standing, table_words};

/// The width of a plain text for machine formats, in columns.
const PLAIN_WIDTH: usize = 100;

/// The evidence without colours.
pub fn plain(record: &RunRecord, result: &ScenarioResult) -> String {
    let mut text = Vec::new();
    // A vector can always be written.
    let _ = write(record, result, &mut text, PLAIN_WIDTH);
    let text = anstream::adapter::strip_bytes(&text).into_vec();
    String::from_utf8_lossy(&text).into_owned()
}

/// Verdict, summary, timeline, objections, lock table, warnings, and the
/// command that repeats the run.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(
    record: &RunRecord,
    result: &ScenarioResult,
    out: &mut dyn Write,
    width: usize,
) -> io::Result<()> {
    let (word, style) = (standing::word(result), standing::worth(result).style());
    let (name, on) = (&result.scenario, standing::on(result));
    writeln!(out, "{style}{word}{style:#}  {STRONG}{name}{STRONG:#} on {on}")?;
    if let Some(scenario) = record.scenario(result) {
        writeln!(out, "  {}", scenario.summary)?;
    }
    if let Some(reason) = findings::reason(result) {
        writeln!(out, "  {reason}")?;
    }
    if !result.trace.events.is_empty() {
        writeln!(out)?;
        drawing::around_fault(result).draw(out, width)?;
    }
    objections(result, out)?;
    lock_table(result, out)?;
    warnings(&result.trace, out)?;
    messages(result, out)?;
    writeln!(out, "\n  Run only this scenario again:\n    {}", record.rerun.line(result))
}

/// The expected and the actual state, by each judge.
fn objections(result: &ScenarioResult, out: &mut dyn Write) -> io::Result<()> {
    for objection in findings::objections(result) {
        let (judge, place) = (objection.judge, &objection.place);
        writeln!(out, "\n  {STRONG}{judge}{STRONG:#} objects to {place}")?;
        if !objection.message.is_empty() {
            writeln!(out, "    {}", objection.message)?;
        }
        for (name, text) in &objection.details {
            let style: Style = if *name == "actual" { BAD } else { PLAIN };
            // Semicolons separate the entries of a long list.
            for (number, part) in text.split("; ").enumerate() {
                let name = if number == 0 { name } else { "" };
                writeln!(out, "    {name:8}  {style}{part}{style:#}")?;
            }
        }
    }
    Ok(())
}

/// The last lock table that was read before or at the fault.
fn lock_table(result: &ScenarioResult, out: &mut dyn Write) -> io::Result<()> {
    let before = result.trace.events.iter().take(findings::decisive(result) + 1).rev();
    let read = before.filter_map(|event| Some((event, event.table.as_ref()?))).next();
    let Some((event, table)) = read else { return Ok(()) };
    writeln!(out, "\n  Lock table after {}:", findings::line(&result.trace, event))?;
    let sentences = table_words::sentences(&result.trace, table);
    if sentences.is_empty() {
        writeln!(out, "    no locks")?;
    }
    sentences.iter().try_for_each(|sentence| writeln!(out, "    {sentence}"))
}

fn warnings(trace: &Trace, out: &mut dyn Write) -> io::Result<()> {
    for event in &trace.events {
        let EventKind::Step(step) = &event.kind else { continue };
        if step.warnings.is_empty() {
            continue;
        }
        let (actor, line) = (&step.actor, event.line);
        writeln!(out, "\n  {CAREFUL}Warning{CAREFUL:#} from {actor} (line {line}):")?;
        step.warnings.iter().try_for_each(|warning| writeln!(out, "    {warning}"))?;
    }
    Ok(())
}

/// The last messages between the harness and the QEMU at fault, and its output.
fn messages(result: &ScenarioResult, out: &mut dyn Write) -> io::Result<()> {
    let event = result.trace.events.get(findings::decisive(result));
    let Some(EventKind::Step(step)) = event.map(|event| &event.kind) else { return Ok(()) };
    if !step.messages.is_empty() {
        writeln!(out, "\n  Messages to and from {}:", step.actor)?;
        step.messages.iter().try_for_each(|message| writeln!(out, "    {message}"))?;
    }
    let printed = result.trace.processes.iter().filter(|one| one.actor == step.actor);
    for line in printed.flat_map(|entry| entry.printed.lines()) {
        writeln!(out, "    {CAREFUL}printed{CAREFUL:#} {line}")?;
    }
    Ok(())
}

//! What a reader needs to see why a scenario did not pass.

use std::io::{self, Write};
use std::ops::Range;

use anstyle::Style;
use imglock_harness::run::{Event, EventKind, Finding, ScenarioResult, StepEvent, Trace, Verdict};

use super::palette::{self, BAD, CAREFUL, PLAIN, STRONG};
use super::timeline::{Cell, Timeline};
use super::{RunRecord, table_words, times};

/// A plain text for machine formats has no terminal to fit.
const PLAIN_WIDTH: usize = 100;
/// How many events are drawn before and after the one at fault.
const BEFORE: usize = 30;
const AFTER: usize = 6;

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
    let bad = palette::of_verdict(result.verdict);
    writeln!(
        out,
        "{bad}{}{bad:#}  {STRONG}{}{STRONG:#} on {}",
        result.verdict, result.scenario, result.backend
    )?;
    if let Some(scenario) = record.scenario(result) {
        writeln!(out, "  {}", scenario.summary)?;
    }
    let said_below = failures(result).any(|finding| finding.message == result.reason);
    if !result.reason.is_empty() && !said_below {
        writeln!(out, "  {}", result.reason)?;
    }
    if !result.trace.events.is_empty() {
        writeln!(out)?;
        timeline(result).draw(out, width)?;
    }
    judges(result, out)?;
    moment(result, out)?;
    warnings(&result.trace, out)?;
    writeln!(out, "\n  Run just this one again:\n    {}", record.rerun.line(result))
}

/// The events at fault: those that findings point to, and one that never
/// ended.
fn faults(result: &ScenarioResult) -> Vec<usize> {
    let found = failures(result).filter_map(|finding| finding.event);
    let unanswered = result.trace.events.iter().position(|event| match &event.kind {
        EventKind::Step(step) => step.outcome.is_none(),
        EventKind::Held { .. } => false,
    });
    let unanswered = unanswered.filter(|_| result.verdict == Verdict::TimedOut);
    let mut faults: Vec<usize> = found.chain(unanswered).collect();
    faults.sort_unstable();
    faults.dedup();
    faults
}

fn failures(result: &ScenarioResult) -> impl Iterator<Item = &Finding> {
    result.findings.iter().filter(|finding| finding.is_failure())
}

/// The events worth drawing: those around the first at fault.
fn window(result: &ScenarioResult) -> Range<usize> {
    let all = result.trace.events.len();
    let centre = faults(result).first().copied().unwrap_or(all.saturating_sub(1));
    centre.saturating_sub(BEFORE)..all.min(centre + AFTER + 1)
}

fn timeline(result: &ScenarioResult) -> Timeline {
    let trace = &result.trace;
    let faults = faults(result);
    let window = window(result);
    let mut timeline = Timeline::new("time");
    for process in &trace.processes {
        timeline.lane(&process.actor, || format!("pid {}", process.pid));
    }
    if window.start > 0 {
        timeline.note(String::new(), false, format!("… {} steps before …", window.start));
    }
    let mut index = window.start;
    while index < window.end {
        let events = &trace.events[index..window.end];
        let side_by_side = at_once(events).max(1);
        let indexes = index..index + side_by_side;
        let marked = faults.iter().any(|fault| indexes.contains(fault));
        let label = times::readable(std::time::Duration::from_micros(events[0].start_us));
        if side_by_side > 1 {
            timeline.note(label.clone(), false, "at the same moment:".to_owned());
        }
        let mut cells = Vec::new();
        for event in &events[..side_by_side] {
            match &event.kind {
                EventKind::Step(step) => cells.push(cell(&mut timeline, trace, step)),
                EventKind::Held { stated } => {
                    let words = format!("held, line {}: {}", event.line, stated_words(stated));
                    timeline.note(label.clone(), marked, words);
                }
            }
        }
        if !cells.is_empty() {
            let label = if side_by_side > 1 { String::new() } else { label };
            timeline.cells(label, marked, cells);
        }
        index = indexes.end;
    }
    if window.end < trace.events.len() {
        let after = trace.events.len() - window.end;
        timeline.note(String::new(), false, format!("… {after} steps after …"));
    }
    timeline
}

/// How many of the first events belong to one `together`.
fn at_once(events: &[Event]) -> usize {
    let together = |event: &Event| match &event.kind {
        EventKind::Step(step) => step.together,
        EventKind::Held { .. } => None,
    };
    match events.first().and_then(together) {
        Some(number) => events.iter().take_while(|event| together(event) == Some(number)).count(),
        None => 1,
    }
}

fn stated_words(stated: &[String]) -> String {
    if stated.is_empty() { "nothing is locked".to_owned() } else { stated.join(", ") }
}

fn cell(timeline: &mut Timeline, trace: &Trace, step: &StepEvent) -> Cell {
    let lane = timeline.lane(&step.actor, String::new);
    let words = words(&step.action.to_string(), trace.images.first().map(String::as_str));
    let outcome = match &step.outcome {
        Some(outcome) => (palette::of_outcome(outcome), outcome.to_string()),
        None => (BAD, "no answer".to_owned()),
    };
    Cell::new(lane, words, vec![outcome])
}

/// An action's words, without the image when it is the `first` one, which is
/// meant anyway when a line names none.
pub fn words(action: &str, first: Option<&str>) -> String {
    match first {
        Some(image) => action.replacen(&format!(" image={image} "), " ", 1),
        None => action.to_owned(),
    }
}

/// `line 13: vm2 open disk mode=rw`.
fn place_words(trace: &Trace, event: &Event) -> String {
    format!("line {}: {}", event.line, words(&event.text, trace.images.first().map(String::as_str)))
}

/// What each judge expected and what was.
fn judges(result: &ScenarioResult, out: &mut dyn Write) -> io::Result<()> {
    for finding in failures(result) {
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
    let last = faults(result).first().copied().unwrap_or(events.len().saturating_sub(1));
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

//! A run drawn for the terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use imglock_harness::run::{EventKind, ScenarioResult, StepEvent, Trace};

use super::changes::Changes;
use super::course::{self, Mark, Row};
use super::palette::{self, BAD, FAINT};
use super::timeline::{Cell, Timeline};
use super::times;

/// How many events are drawn before and after the one at fault.
const BEFORE: usize = 30;
const AFTER: usize = 6;
/// Of a longer run only the beginning and the end are drawn, and what is
/// marked in between.
const MOST_DRAWN: usize = 300;
const BEGINNING: usize = 200;
const END: usize = 60;
/// How many steps are drawn on each side of one that is marked.
const BESIDE: usize = 3;
/// More marks than this are not looked for between beginning and end.
const MOST_MARKED: usize = 5;

/// When locks of more actors than this change at once, they are summed up.
const MOST_CHANGED: usize = 6;

/// What happened around the first event at fault.
pub fn around_fault(result: &ScenarioResult) -> Timeline {
    let all = result.trace.events.len();
    let centre = course::faults(result).first().copied().unwrap_or(all.saturating_sub(1));
    let window = centre.saturating_sub(BEFORE)..(centre + AFTER + 1);
    timeline(result, |row| row.events.end > window.start && row.events.start < window.end, "")
}

/// All that happened, or of a very long run its beginning, its end, and what
/// is marked in between.
pub fn whole(result: &ScenarioResult) -> Timeline {
    let all = result.trace.events.len();
    let marked = result.findings.iter().filter_map(|finding| finding.event).take(MOST_MARKED);
    let marked: Vec<usize> = marked.collect();
    let shown = |row: &Row<'_>| {
        let at = row.events.start;
        let beside = |marked: &usize| marked.abs_diff(at) <= BESIDE;
        all <= MOST_DRAWN || at < BEGINNING || at + END >= all || marked.iter().any(beside)
    };
    timeline(result, shown, "; --report json=FILE has them all")
}

fn timeline(result: &ScenarioResult, shown: impl Fn(&Row<'_>) -> bool, advice: &str) -> Timeline {
    let trace = &result.trace;
    let mut timeline = Timeline::new("time");
    for process in &trace.processes {
        timeline.lane(&process.actor, || format!("pid {}", process.pid));
    }
    let changes = Changes::of(trace);
    let mut left_out = 0;
    for row in course::rows(result, &changes) {
        if !shown(&row) {
            left_out += row.events.len();
            continue;
        }
        gap(&mut timeline, std::mem::take(&mut left_out), advice);
        draw_row(&mut timeline, trace, &row, &changes);
    }
    gap(&mut timeline, left_out, advice);
    timeline
}

fn gap(timeline: &mut Timeline, left_out: usize, advice: &str) {
    if left_out > 0 {
        let steps = crate::phrase::count(left_out, "step is", "steps are");
        timeline.note(String::new(), None, FAINT, format!("… {steps} not drawn{advice} …"));
    }
}

fn draw_row(timeline: &mut Timeline, trace: &Trace, row: &Row<'_>, changes: &Changes) {
    let events = &trace.events[row.events.clone()];
    let label = times::readable(Duration::from_micros(events[0].start_us));
    let side_by_side = events.len() > 1;
    if side_by_side {
        timeline.note(label.clone(), None, FAINT, "at the same moment:".to_owned());
    }
    let mut cells = Vec::new();
    for event in events {
        match &event.kind {
            EventKind::Step(step) => cells.push(cell(timeline, trace, step)),
            EventKind::Held { stated } => {
                let words =
                    format!("held, line {}: {}", event.line, course::stated_words(trace, stated));
                timeline.note(label.clone(), row.mark, FAINT, words);
            }
        }
    }
    let acting: BTreeSet<usize> = cells.iter().map(Cell::lane).collect();
    let mut others: BTreeMap<Vec<String>, Vec<&str>> = BTreeMap::new();
    for (actor, change) in &row.changes {
        let loss = row.is_loss(actor);
        let lines = changes.words(change);
        let lane = timeline.lane(actor, String::new);
        if row.changes.len() > MOST_CHANGED && !acting.contains(&lane) {
            others.entry(lines).or_default().push(actor);
            continue;
        }
        let lines = lines.into_iter().map(|words| match words.starts_with('-') {
            true if loss => (BAD, format!("{words} lost")),
            _ => (palette::of_change(&words), words),
        });
        match cells.iter_mut().rev().find(|cell| cell.lane() == lane) {
            Some(cell) => cell.extend(lines),
            None => cells.push(Cell::new(lane, String::new(), lines.collect())),
        }
    }
    if !cells.is_empty() {
        let label = if side_by_side { String::new() } else { label };
        timeline.cells(label, row.mark, cells);
    }
    if row.unread > 0 && !row.changes.is_empty() {
        let steps = crate::phrase::count(row.unread, "step", "steps");
        let words = format!("the lock table was not read after the {steps} before this one");
        timeline.note(String::new(), None, FAINT, words);
    }
    for (lines, actors) in others {
        let words = format!("{}: {}", some_of(&actors), lines.join(", "));
        timeline.note(String::new(), None, FAINT, words);
    }
    let loss = row.changes.keys().any(|actor| row.is_loss(actor));
    for finding in row.findings.iter().filter(|finding| finding.hazard.is_some()) {
        let style = if row.mark == Some(Mark::Fault) { BAD } else { palette::CAREFUL };
        timeline.note(String::new(), None, style, course::remark(finding, loss));
    }
}

/// `node1, node10, node11 and 21 more`.
fn some_of(actors: &[&str]) -> String {
    let named = actors.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    match actors.len().saturating_sub(3) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn cell(timeline: &mut Timeline, trace: &Trace, step: &StepEvent) -> Cell {
    let lane = timeline.lane(&step.actor, String::new);
    let words = course::words(&step.action.to_string(), trace.images.first().map(String::as_str));
    let outcome = match &step.outcome {
        Some(outcome) => (palette::of_outcome(outcome), format!("→ {outcome}")),
        None => (BAD, "→ no answer".to_owned()),
    };
    Cell::new(lane, words, vec![outcome])
}

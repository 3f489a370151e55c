//! A run drawn for the terminal.

use std::collections::{BTreeMap, BTreeSet};

use imglock_engine::ScenarioResult;

use super::changes::{Changes, Line};
use super::course::{self, Mark, Row};
use super::palette::{BAD, CAREFUL, FAINT};
use super::timeline::{Cell, Timeline};
use super::{findings, times};

/// The events drawn before and after the one at fault.
const BEFORE: usize = 30;
const AFTER: usize = 6;
/// Of a run with more events only the beginning, the end and marked events
/// are drawn.
const MOST_DRAWN: usize = 300;
const BEGINNING: usize = 200;
const END: usize = 60;
/// The steps drawn on each side of a marked one.
const BESIDE: usize = 3;
/// The number of marked events that are drawn between beginning and end.
const MOST_MARKED: usize = 5;

/// If the locks of more actors change at once, equal changes share a line.
const MOST_CHANGED: usize = 6;

/// The events around the first one at fault.
pub fn around_fault(result: &ScenarioResult) -> Timeline {
    let centre = findings::decisive(result);
    let window = centre.saturating_sub(BEFORE)..(centre + AFTER + 1);
    let shown = |row: &Row<'_>| row.events.end > window.start && row.events.start < window.end;
    timeline(result, &Changes::of(&result.trace), shown, "")
}

/// All events; of a very long run its beginning, its end and marked events.
pub fn whole(result: &ScenarioResult, changes: &Changes) -> Timeline {
    let all = result.trace.events.len();
    let marked = result.findings.iter().filter_map(|finding| finding.event).take(MOST_MARKED);
    let marked: Vec<usize> = marked.collect();
    let shown = |row: &Row<'_>| {
        let at = row.events.start;
        let beside = |marked: &usize| marked.abs_diff(at) <= BESIDE;
        all <= MOST_DRAWN || at < BEGINNING || at + END >= all || marked.iter().any(beside)
    };
    timeline(result, changes, shown, "; --report json=FILE has them all")
}

fn timeline(
    result: &ScenarioResult,
    changes: &Changes,
    shown: impl Fn(&Row<'_>) -> bool,
    advice: &str,
) -> Timeline {
    let mut timeline = Timeline::new("time");
    for process in &result.trace.processes {
        timeline.lane(&process.actor, || format!("pid {}", process.pid));
    }
    let mut left_out = 0;
    let gap = |timeline: &mut Timeline, left_out: usize| {
        if left_out > 0 {
            timeline.remark(FAINT, format!("{}{advice} …", course::left_out(left_out)));
        }
    };
    for row in course::rows(result, changes) {
        if shown(&row) {
            gap(&mut timeline, std::mem::take(&mut left_out));
            draw(&mut timeline, &row);
        } else {
            left_out += row.events.len();
        }
    }
    gap(&mut timeline, left_out);
    timeline
}

fn draw(timeline: &mut Timeline, row: &Row<'_>) {
    let mut label = times::readable(row.start);
    if let Some(held) = &row.held {
        let words = format!("held, line {}: {held}", row.line);
        timeline.note(label.clone(), row.mark, FAINT, words);
    }
    if row.steps.len() > 1 {
        let time = std::mem::take(&mut label);
        timeline.note(time, None, FAINT, "at the same moment:".to_owned());
    }
    let mut cells = Vec::new();
    for step in &row.steps {
        let outcome = (step.sign().style(), format!("→ {}", step.answer()));
        let lane = timeline.lane(step.actor, String::new);
        cells.push(Cell::new(lane, step.words.clone(), vec![outcome]));
    }
    let others = changes(timeline, row, &mut cells);
    if !cells.is_empty() {
        timeline.cells(label, row.mark, cells);
    }
    if let Some(words) = row.unread_words() {
        timeline.remark(FAINT, words);
    }
    for (lines, actors) in others {
        let lines: Vec<String> = lines.iter().map(Line::to_string).collect();
        timeline.remark(FAINT, format!("{}: {}", some_of(&actors), lines.join(", ")));
    }
    for remark in row.remarks.iter().filter(|remark| remark.hazard) {
        let style = if remark.mark == Mark::Fault { BAD } else { CAREFUL };
        timeline.remark(style, remark.words.clone());
    }
}

/// Adds the changed locks to the cells of their actors. Returns the changes
/// that share a line, with their actors.
fn changes<'r>(
    timeline: &mut Timeline,
    row: &'r Row<'_>,
    cells: &mut Vec<Cell>,
) -> BTreeMap<&'r Vec<Line>, Vec<&'r str>> {
    let acting: BTreeSet<usize> = cells.iter().map(Cell::lane).collect();
    let mut others: BTreeMap<&Vec<Line>, Vec<&str>> = BTreeMap::new();
    for (actor, lines) in &row.changes {
        let lane = timeline.lane(actor, String::new);
        if row.changes.len() > MOST_CHANGED && !acting.contains(&lane) {
            others.entry(lines).or_default().push(actor);
        } else {
            let styled = lines.iter().map(|line| (line.style(), line.to_string()));
            Cell::extend_one_of(cells, lane, styled);
        }
    }
    others
}

/// `node1, node10, node11 and 21 more`.
fn some_of(actors: &[&str]) -> String {
    let named = actors.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    match actors.len().saturating_sub(3) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

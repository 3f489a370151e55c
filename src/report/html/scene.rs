//! What a swim-lane drawing shows: lanes, and in each row the cells and
//! remarks, with their texts wrapped. No coordinates yet.

use std::collections::BTreeSet;

use imglock_harness::run::{EventKind, ScenarioResult, Trace};
use unicode_width::UnicodeWidthStr;

use super::cell::{SceneCell, wrapped};
use super::layout::{LaneNeed, RowNeed};
use crate::phrase::count;
use crate::report::changes::Changes;
use crate::report::course::{self, Mark, Row};

/// More lanes than this are not drawn: the first ones and the last are.
pub const MOST_LANES: usize = 8;
/// Of more rows than this, the first ones and the last are drawn.
const MOST_ROWS: usize = 40;
const FIRST_ROWS: usize = 26;
/// How wide remarks are at least and at most, in characters.
const REMARK: std::ops::RangeInclusive<usize> = 76..=110;

/// All that is drawn of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// The actors whose lanes are drawn.
    pub actors: Vec<String>,
    /// How many are not.
    pub actors_left_out: usize,
    /// The rows.
    pub rows: Vec<SceneRow>,
}

/// What is drawn in one row.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneRow {
    /// The events that it stands for, as indexes into the trace.
    pub events: std::ops::Range<usize>,
    /// The line of the scenario's file; empty where there is none.
    pub line: String,
    /// Whether its steps started at the same moment.
    pub together: bool,
    /// The steps, and locks lost at them.
    pub cells: Vec<SceneCell>,
    /// What reaches across the lanes.
    pub remarks: Vec<Remark>,
}

/// A sentence across the lanes.
#[derive(Debug, Clone, PartialEq)]
pub struct Remark {
    /// How bad it is; `None` for a plain note.
    pub mark: Option<Mark>,
    /// The sentence, wrapped.
    pub lines: Vec<String>,
}

impl Scene {
    /// What there is to draw of `result`.
    pub fn of(result: &ScenarioResult, changes: &Changes) -> Scene {
        let trace = &result.trace;
        let (actors, actors_left_out) = drawn_actors(trace, changes);
        let characters = widest_lane(actors.len());
        let mut scene = Scene { actors, actors_left_out, rows: Vec::new() };
        let all = course::rows(result, changes);
        let rows = all.iter().filter(|row| scene.shows(row, trace)).collect::<Vec<_>>();
        let gap = rows.len().saturating_sub(MOST_ROWS);
        let gap = FIRST_ROWS..if gap > 0 { FIRST_ROWS + gap } else { 0 };
        for (number, row) in rows.iter().enumerate() {
            if number == gap.start && !gap.is_empty() {
                let events = row.events.start..rows[gap.end - 1].events.end;
                let left_out = count(events.len(), "step is", "steps are");
                let words = format!("… {left_out} not drawn …");
                scene.rows.push(SceneRow::note(events, words));
            }
            if !gap.contains(&number) {
                scene.rows.push(scene.row(row, trace, changes, characters));
            }
        }
        scene.wrap_remarks();
        scene
    }

    /// Remarks may be as wide as the lanes, but never very narrow or wide.
    fn wrap_remarks(&mut self) {
        let lanes: usize = self.needs().0.iter().map(|lane| lane.characters + 6).sum();
        let wide = lanes.clamp(*REMARK.start(), *REMARK.end());
        for remark in self.rows.iter_mut().flat_map(|row| &mut row.remarks) {
            remark.lines = wrapped(&remark.lines.join(" "), wide);
        }
    }

    /// What the layout must make room for.
    pub fn needs(&self) -> (Vec<LaneNeed>, Vec<RowNeed>) {
        let lanes = self.actors.iter().enumerate().map(|(lane, actor)| {
            let cells = self.rows.iter().flat_map(|row| &row.cells).filter(|at| at.lane == lane);
            let widest = cells.flat_map(SceneCell::lines).map(|line| line.width()).max();
            LaneNeed { actor: actor.clone(), characters: widest.unwrap_or(0) }
        });
        let rows = self.rows.iter().map(|row| RowNeed {
            widest: row.remarks().map(|line| line.width()).max().unwrap_or(0),
            events: row.events.clone(),
            lines: row.cells.iter().map(|cell| cell.lines().count()).max().unwrap_or(0),
            above: usize::from(row.together),
            below: row.remarks().count(),
        });
        (lanes.collect(), rows.collect())
    }

    fn shows(&self, row: &Row<'_>, trace: &Trace) -> bool {
        let drawn = |actor: &str| self.actors.iter().any(|drawn| drawn == actor);
        let acts = trace.events[row.events.clone()].iter().any(|event| match &event.kind {
            EventKind::Step(step) => drawn(&step.actor),
            EventKind::Held { .. } => true,
        });
        acts || row.mark.is_some() || row.changes.keys().any(|actor| drawn(actor))
    }

    fn row(&self, row: &Row<'_>, trace: &Trace, changes: &Changes, characters: usize) -> SceneRow {
        let mut drawn = SceneRow::note(row.events.clone(), String::new());
        drawn.together = row.events.len() > 1;
        for event in &trace.events[row.events.clone()] {
            if drawn.line.is_empty() {
                drawn.line = event.line.to_string();
            }
            match &event.kind {
                EventKind::Held { stated } => {
                    let words = course::stated_words(trace, stated);
                    drawn.remark(row.mark, format!("held: {words}"));
                }
                EventKind::Step(step) => match self.lane(&step.actor) {
                    Some(lane) => drawn.cells.push(SceneCell::of(lane, step, trace, characters)),
                    // Of a process whose lane is left out.
                    None => drawn.remark(None, event.text.clone()),
                },
            }
        }
        for (actor, change) in row.changes.iter().filter(|(actor, _)| row.is_loss(actor)) {
            let Some(lane) = self.lane(actor) else { continue };
            let gone = changes.words(change).into_iter().filter(|words| words.starts_with('-'));
            let lost = gone.flat_map(|words| {
                wrapped(&format!("lost {}", words.trim_start_matches("- ")), characters)
            });
            drawn.lose(lane, lost.collect());
        }
        if row.unread > 0 && !row.changes.is_empty() {
            let steps = count(row.unread, "step", "steps");
            let words = format!("the lock table was not read after the {steps} before this one");
            drawn.remark(None, words);
        }
        let loss = row.changes.keys().any(|actor| row.is_loss(actor));
        for finding in &row.findings {
            let mark = if finding.is_failure() { Mark::Fault } else { Mark::Hazard };
            drawn.remark(Some(mark), course::remark(finding, loss));
        }
        drawn
    }

    fn lane(&self, actor: &str) -> Option<usize> {
        self.actors.iter().position(|drawn| drawn == actor)
    }
}

impl SceneRow {
    fn note(events: std::ops::Range<usize>, words: String) -> SceneRow {
        let mut row = SceneRow {
            events,
            line: String::new(),
            together: false,
            cells: Vec::new(),
            remarks: Vec::new(),
        };
        if !words.is_empty() {
            row.remark(None, words);
        }
        row
    }

    fn remark(&mut self, mark: Option<Mark>, words: String) {
        self.remarks.push(Remark { mark, lines: vec![words] });
    }

    /// The lines across the lanes, from top to bottom.
    fn remarks(&self) -> impl Iterator<Item = &String> {
        self.remarks.iter().flat_map(|remark| &remark.lines)
    }

    fn lose(&mut self, lane: usize, lost: Vec<String>) {
        match self.cells.iter_mut().rev().find(|cell| cell.lane == lane) {
            Some(cell) => cell.lost.extend(lost),
            None => self.cells.push(SceneCell::of_loss(lane, lost)),
        }
    }
}

fn drawn_actors(trace: &Trace, changes: &Changes) -> (Vec<String>, usize) {
    let mut actors: Vec<String> =
        trace.processes.iter().map(|process| process.actor.clone()).collect();
    let acting = trace.events.iter().filter_map(|event| match &event.kind {
        EventKind::Step(step) => Some(step.actor.as_str()),
        EventKind::Held { .. } => None,
    });
    let changed = (0..trace.events.len()).flat_map(|event| changes.at(event));
    actors.extend(acting.chain(changed.map(|(actor, _)| actor)).map(str::to_owned));
    let mut seen = BTreeSet::new();
    actors.retain(|actor| seen.insert(actor.clone()));
    let left_out = actors.len().saturating_sub(MOST_LANES);
    if left_out > 0 {
        actors.drain(MOST_LANES - 2..actors.len() - 2);
    }
    (actors, left_out)
}

/// The fewer lanes, the wider each may be, in characters.
fn widest_lane(lanes: usize) -> usize {
    match lanes {
        0..=2 => 30,
        3 => 26,
        4..=5 => 22,
        _ => 18,
    }
}

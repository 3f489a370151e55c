//! The content of a swim-lane drawing: lanes, and in each row the cells and
//! remarks, with wrapped texts. No coordinates yet.

use std::collections::BTreeSet;
use std::ops::Range;

use imglock_engine::{EventKind, ScenarioResult, Trace};
use unicode_width::UnicodeWidthStr;

use super::cell::{SceneCell, wrapped};
use super::layout::{Lane, Row as Place};
use crate::report::changes::Changes;
use crate::report::course::{self, Mark, Row};

/// Of more lanes than this, the first ones and the last two are drawn.
const MOST_LANES: usize = 8;
/// Of more rows than this, the first ones and the last ones are drawn.
const MOST_ROWS: usize = 40;
const FIRST_ROWS: usize = 26;
/// The least and the greatest width of remarks, in characters.
const REMARK: std::ops::RangeInclusive<usize> = 76..=110;

/// The drawing of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// The actors with a lane.
    pub actors: Vec<String>,
    /// The number of actors without one.
    pub actors_left_out: usize,
    /// The rows.
    pub rows: Vec<SceneRow>,
}

/// One row of the drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneRow {
    /// Its events, as indexes into the trace.
    pub events: Range<usize>,
    /// The line of the scenario's file; empty where there is none.
    pub line: String,
    /// Whether its steps started at the same moment.
    pub together: bool,
    /// The steps, and the locks lost at them.
    pub cells: Vec<SceneCell>,
    /// The lines across the lanes, wrapped, each with a mark on its first line.
    pub remarks: Vec<(Option<Mark>, Vec<String>)>,
}

impl Scene {
    /// The drawing of `result`.
    pub fn of(result: &ScenarioResult, changes: &Changes) -> Scene {
        let trace = &result.trace;
        let (actors, actors_left_out) = drawn_actors(trace, changes);
        let mut scene = Scene { actors, actors_left_out, rows: Vec::new() };
        let mut rows = course::rows(result, changes);
        rows.retain(|row| scene.shows(row, trace));
        let gap = rows.len().saturating_sub(MOST_ROWS);
        let gap = FIRST_ROWS..if gap > 0 { FIRST_ROWS + gap } else { 0 };
        for (number, row) in rows.iter().enumerate() {
            if number == gap.start && !gap.is_empty() {
                let events = row.events.start..rows[gap.end - 1].events.end;
                let words = format!("{} …", course::left_out(events.len()));
                let mut note = SceneRow::empty(events);
                note.remark(None, &words);
                scene.rows.push(note);
            }
            if !gap.contains(&number) {
                scene.rows.push(scene.row(row, trace));
            }
        }
        scene.wrap_remarks();
        scene
    }

    /// Wraps the remarks to the width of the lanes, within limits.
    fn wrap_remarks(&mut self) {
        let lanes: usize = self.needs().0.iter().map(|lane| lane.characters + 6).sum();
        let wide = lanes.clamp(*REMARK.start(), *REMARK.end());
        for (_, lines) in self.rows.iter_mut().flat_map(|row| &mut row.remarks) {
            *lines = wrapped(&lines.join(" "), wide);
        }
    }

    /// The room that the layout must make.
    pub fn needs(&self) -> (Vec<Lane>, Vec<Place>) {
        let lanes = self.actors.iter().enumerate().map(|(lane, actor)| {
            let cells = self.rows.iter().flat_map(|row| &row.cells).filter(|at| at.lane == lane);
            let widest = cells.flat_map(|cell| &cell.lines).map(|(_, line)| line.width()).max();
            Lane { actor: actor.clone(), characters: widest.unwrap_or(0), ..Lane::default() }
        });
        let rows = self.rows.iter().map(|row| {
            let remarks = || row.remarks.iter().flat_map(|(_, lines)| lines);
            Place {
                widest: remarks().map(|line| line.width()).max().unwrap_or(0),
                events: row.events.clone(),
                lines: row.cells.iter().map(|cell| cell.lines.len()).max().unwrap_or(0),
                above: usize::from(row.together),
                below: remarks().count(),
                ..Place::default()
            }
        });
        (lanes.collect(), rows.collect())
    }

    fn shows(&self, row: &Row<'_>, trace: &Trace) -> bool {
        let drawn = |actor: &str| self.lane(actor).is_some();
        let acts = trace.events[row.events.clone()].iter().any(|event| match &event.kind {
            EventKind::Step(step) => drawn(&step.actor),
            EventKind::Held { .. } => true,
        });
        acts || row.mark.is_some() || row.changes.keys().any(|actor| drawn(actor))
    }

    fn row(&self, row: &Row<'_>, trace: &Trace) -> SceneRow {
        let characters = widest_lane(self.actors.len());
        let mut drawn = SceneRow::empty(row.events.clone());
        drawn.line = row.line.to_string();
        drawn.together = row.steps.len() > 1;
        if let Some(held) = &row.held {
            drawn.remark(row.mark, &format!("held: {held}"));
        }
        for (step, event) in row.steps.iter().zip(&trace.events[row.events.clone()]) {
            match self.lane(step.actor) {
                Some(lane) => drawn.cells.push(SceneCell::of(lane, step, characters)),
                None => drawn.remark(None, &event.text),
            }
        }
        for (actor, lines) in &row.changes {
            let Some(lane) = self.lane(actor) else { continue };
            for line in lines.iter().filter(|line| line.lost) {
                drawn.cell(lane).lose(&line.locks, characters);
            }
        }
        let unread = row.unread_words();
        unread.iter().for_each(|words| drawn.remark(None, words));
        row.remarks.iter().for_each(|one| drawn.remark(Some(one.mark), &one.words));
        drawn
    }

    fn lane(&self, actor: &str) -> Option<usize> {
        self.actors.iter().position(|drawn| drawn == actor)
    }
}

impl SceneRow {
    fn empty(events: Range<usize>) -> SceneRow {
        SceneRow {
            events,
            line: String::new(),
            together: false,
            cells: Vec::new(),
            remarks: Vec::new(),
        }
    }

    fn remark(&mut self, mark: Option<Mark>, words: &str) {
        self.remarks.push((mark, vec![words.to_owned()]));
    }

    /// The last cell of a lane, or a new one.
    fn cell(&mut self, lane: usize) -> &mut SceneCell {
        let at = self.cells.iter().rposition(|cell| cell.lane == lane).unwrap_or_else(|| {
            self.cells.push(SceneCell::without_step(lane));
            self.cells.len() - 1
        });
        &mut self.cells[at]
    }
}

/// The actors with a lane, and the number of those without one.
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

/// The greatest width of a lane in characters; few lanes may be wider.
fn widest_lane(lanes: usize) -> usize {
    match lanes {
        0..=2 => 30,
        3 => 26,
        4..=5 => 22,
        _ => 18,
    }
}

//! A scenario explained before its run.

use std::collections::BTreeMap;
use std::io::{self, Write};

use imglock_core::Backend;
use imglock_scenario::{HeldStatement, Item, Scenario, Step};

use super::palette::{CAREFUL, FAINT, STRONG};
use super::predictions::{Prediction, Predictions};
use super::timeline::{Cell, Timeline};
use super::wrap::{paragraphs, wrapped};
use super::{action, legend, table_words};
use crate::phrase::{list, quoted};

/// Title, story, timeline and hazards of a scenario, for those of `backends`
/// that it makes sense with.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(
    scenario: &Scenario,
    backends: &[Backend],
    out: &mut dyn Write,
    width: usize,
) -> io::Result<()> {
    let Scenario { name, summary, about, .. } = scenario;
    let place = match &scenario.file_systems[..] {
        [] => String::new(),
        some => format!(", {} only", list(some.iter().map(|one| one.name()))),
    };
    writeln!(out, "{STRONG}{name}{STRONG:#}  {FAINT}{}{place}{FAINT:#}", names(backends))?;
    writeln!(out, "{summary}\n")?;
    for paragraph in paragraphs(about) {
        for line in wrapped(&paragraph, width.min(80) - 2, "") {
            writeln!(out, "  {line}")?;
        }
        writeln!(out)?;
    }
    let mut drawing = Drawing {
        timeline: Timeline::new("line"),
        backends,
        first_image: scenario.images.first().map(|image| &*image.name),
        predictions: Predictions::of(scenario, backends),
        actors: BTreeMap::new(),
        events: BTreeMap::new(),
    };
    drawing.items(&scenario.items);
    drawing.timeline.draw(out, width)?;
    legend::write(drawing.predictions.locks(), out, width)?;
    hazards(scenario, backends, out, width)?;
    let place = match scenario.file_systems.first() {
        Some(file_system) => format!("--fs {file_system} "),
        None => String::new(),
    };
    writeln!(out, "\nRun it:  imglock run {place}{}", quoted(name.as_str()))
}

fn names(backends: &[Backend]) -> String {
    list(backends.iter().map(|backend| backend.name()))
}

fn hazards(
    scenario: &Scenario,
    backends: &[Backend],
    out: &mut dyn Write,
    width: usize,
) -> io::Result<()> {
    let mut heading = "\nHazards that this scenario must show:\n";
    for backend in backends {
        for hazard in scenario.hazards.get(backend).into_iter().flatten() {
            write!(out, "{}", std::mem::take(&mut heading))?;
            let name = format!("{hazard} on {backend}");
            let words = format!("{name}: {}", hazard.meaning());
            let text = wrapped(&words, width.min(100) - 2, "  ").join("\n  ");
            let text = text.replacen(&name, &format!("{CAREFUL}{name}{CAREFUL:#}"), 1);
            writeln!(out, "  {text}")?;
        }
    }
    Ok(())
}

struct Drawing<'a> {
    timeline: Timeline,
    backends: &'a [Backend],
    first_image: Option<&'a str>,
    predictions: Predictions,
    /// The lane of each actor. The actors of a `repeat` share one: `vm$n`.
    actors: BTreeMap<String, usize>,
    /// The lane of each event.
    events: BTreeMap<usize, usize>,
}

impl Drawing<'_> {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Step(step) => {
                    let end = "the model predicts neither this outcome nor the locks from here on";
                    self.steps(std::slice::from_ref(step), end);
                }
                Item::Together(block) => {
                    let (label, words) = (block.line.to_string(), "at the same moment:");
                    self.timeline.note(label, None, FAINT, words.to_owned());
                    let end = "timing decides which one is granted: the model predicts no locks \
                               from here on";
                    self.steps(&block.steps, end);
                }
                Item::Held(held) => {
                    self.held(held);
                    self.predictions.skip(held);
                }
                Item::Repeat { count, counter, items } => {
                    self.timeline.open(match counter {
                        Some(counter) => format!("{count} times, ${counter} from 1 to {count}"),
                        None => format!("{count} times"),
                    });
                    let began = self.predictions.position();
                    self.items(items);
                    self.timeline.close();
                    for (skipped, first) in self.predictions.skip_rounds(&began, *count) {
                        if let Some(lane) = self.events.get(&first).copied() {
                            self.enter(skipped, lane);
                        }
                    }
                }
            }
        }
    }

    /// Adds the steps of one moment, and the locks that come and go with them;
    /// `end` explains why predictions end there.
    fn steps(&mut self, steps: &[Step], end: &str) {
        let mut cells = Vec::new();
        for (event, step) in (self.predictions.next_event()..).zip(steps) {
            let lane = self.timeline.lane(&step.actor, String::new);
            self.enter(event, lane);
            let words = action::words(&step.action.to_string(), self.first_image);
            cells.push(Cell::new(lane, words, Vec::new()));
        }
        let Prediction { outcomes, changes, ends } = self.predictions.predict(steps);
        for (cell, lines) in cells.iter_mut().zip(outcomes) {
            cell.extend(lines);
        }
        for (actor, lines) in changes {
            let lane = self.actors.get(&actor).copied();
            let lane = lane.unwrap_or_else(|| self.timeline.lane(&actor, String::new));
            Cell::extend_one_of(&mut cells, lane, lines);
        }
        let label = steps.first().map(|step| step.line.to_string()).unwrap_or_default();
        self.timeline.cells(label, None, cells);
        if ends {
            self.timeline.remark(FAINT, end.to_owned());
        }
    }

    fn enter(&mut self, event: usize, lane: usize) {
        self.events.insert(event, lane);
        if let Some(actor) = self.predictions.actor(event) {
            self.actors.insert(actor.to_owned(), lane);
        }
    }

    fn held(&mut self, held: &HeldStatement) {
        let stated = |backend: &&Backend| held.backends.contains(backend);
        let on: Vec<Backend> = self.backends.iter().filter(stated).copied().collect();
        if on.is_empty() {
            return;
        }
        let on = if on == self.backends { String::new() } else { format!(" on {}", names(&on)) };
        let empty = if held.entries.is_empty() { " empty" } else { "" };
        let words = format!("the kernel's lock table{on}:{empty}");
        self.timeline.note(held.line.to_string(), None, FAINT, words);
        for entry in &held.entries {
            let locks = table_words::words(&entry.locks, &entry.waiting);
            self.timeline.remark(FAINT, format!("{}: {locks}", entry.node));
        }
    }
}

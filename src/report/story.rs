//! A scenario told before it is run.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::Style;
use imglock_harness::lock::Backend;
use imglock_harness::scenario::{Expectation, HeldStatement, Item, Scenario, Step};
use imglock_harness::step::Outcome;

use super::foresight::{Foresight, Moment};
use super::palette::{self, CAREFUL, FAINT, STRONG};
use super::timeline::{Cell, Timeline};
use super::{course, legend, table_words};
use crate::phrase::{list, quoted};

/// Title, story, timeline, hazards: all there is to know before a run, on
/// those of `backends` that the scenario makes sense on.
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
    for paragraph in about.split("\n\n") {
        let words = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        for line in textwrap::wrap(&words, width.min(80) - 2) {
            writeln!(out, "  {line}")?;
        }
        writeln!(out)?;
    }
    let mut drawing = Drawing {
        timeline: Timeline::new("line"),
        scenario,
        backends,
        foresight: Foresight::of(scenario, backends),
        lanes: BTreeMap::new(),
        told: BTreeMap::new(),
    };
    drawing.items(&scenario.items);
    drawing.timeline.draw(out, width)?;
    legend::write(drawing.foresight.gained(), out, width)?;
    hazards(scenario, backends, out, width)?;
    let place = match scenario.file_systems.first() {
        Some(file_system) => format!("--fs {file_system} "),
        None => String::new(),
    };
    writeln!(out, "\nRun it:  imglock run {place}{}", quoted(name))
}

fn names(backends: &[Backend]) -> String {
    backends.iter().map(|backend| backend.name()).collect::<Vec<_>>().join(" and ")
}

fn hazards(
    scenario: &Scenario,
    backends: &[Backend],
    out: &mut dyn Write,
    width: usize,
) -> io::Result<()> {
    let declared =
        backends.iter().filter_map(|backend| Some((backend, scenario.hazards.get(backend)?)));
    let declared: Vec<_> = declared.filter(|(_, hazards)| !hazards.is_empty()).collect();
    if declared.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nHazards it must show:")?;
    for (backend, hazards) in declared {
        for hazard in hazards {
            let name = format!("{hazard} on {backend}");
            let words = format!("{name}: {}", hazard.meaning());
            let options = textwrap::Options::new(width.min(100) - 2).subsequent_indent("  ");
            for (number, line) in textwrap::wrap(&words, options).iter().enumerate() {
                match line.strip_prefix(&*name).filter(|_| number == 0) {
                    Some(rest) => writeln!(out, "  {CAREFUL}{name}{CAREFUL:#}{rest}")?,
                    None => writeln!(out, "  {line}")?,
                }
            }
        }
    }
    Ok(())
}

struct Drawing<'a> {
    timeline: Timeline,
    scenario: &'a Scenario,
    backends: &'a [Backend],
    foresight: Foresight,
    /// In which lane the actors of a `repeat` are: that of `vm$n` is the lane
    /// of all of them.
    lanes: BTreeMap<String, usize>,
    /// In which lane an event was told.
    told: BTreeMap<usize, usize>,
}

impl Drawing<'_> {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Step(step) => {
                    let unknown = "what comes of it is not foreseen, nor are the locks that follow";
                    self.steps(std::slice::from_ref(step), unknown);
                }
                Item::Together(block) => {
                    let (label, words) = (block.line.to_string(), "at the same moment:");
                    self.timeline.note(label, None, FAINT, words.to_owned());
                    let chance = "who wins is left to chance, and what follows depends on it: \
                                  no locks are foreseen from here on";
                    self.steps(&block.steps, chance);
                }
                Item::Held(held) => {
                    self.held(held);
                    self.foresight.pass(held);
                }
                Item::Repeat { count, counter, items } => {
                    self.timeline.open(match counter {
                        Some(counter) => format!("{count} times, ${counter} from 1 to {count}"),
                        None => format!("{count} times"),
                    });
                    let began = self.foresight.place();
                    self.items(items);
                    self.timeline.close();
                    for (left_out, first) in self.foresight.skip_rounds(&began, *count) {
                        if let Some(lane) = self.told.get(&first).copied() {
                            self.told.insert(left_out, lane);
                            self.enter_lane(left_out, lane);
                        }
                    }
                }
            }
        }
    }

    /// Steps of one moment, and the locks that come and go with them.
    fn steps(&mut self, steps: &[Step], unforeseen: &str) {
        let mut cells = Vec::new();
        for (event, step) in (self.foresight.next_event()..).zip(steps) {
            let lane = self.timeline.lane(&step.actor, String::new);
            self.told.insert(event, lane);
            self.enter_lane(event, lane);
            cells.push((lane, step));
        }
        let Moment { outcomes, changes, ends } = self.foresight.tell(steps.len());
        let first = self.scenario.images.first().map(|image| &image.name[..]);
        let cell = |((lane, step), outcomes): ((usize, &Step), Vec<(Backend, Outcome)>)| {
            let words = course::words(&step.action.to_string(), first);
            Cell::new(lane, words, told_outcomes(&step.expect, &outcomes, self.backends))
        };
        let mut cells: Vec<Cell> = cells.into_iter().zip(outcomes).map(cell).collect();
        for (actor, lines) in changes {
            let lane = match self.lanes.get(&actor) {
                Some(lane) => *lane,
                None => self.timeline.lane(&actor, String::new),
            };
            let lines = lines.into_iter().map(|words| {
                let change = words.split_once(": ").map_or(&*words, |(_, change)| change);
                (palette::of_change(change), words)
            });
            match cells.iter_mut().rev().find(|cell| cell.lane() == lane) {
                // Those of a `repeat` share a lane; what is the same for all
                // of them is said once.
                Some(cell) => cell.extend_with_new(lines),
                None => cells.push(Cell::new(lane, String::new(), lines.collect())),
            }
        }
        let label = steps.first().map(|step| step.line.to_string()).unwrap_or_default();
        self.timeline.cells(label, None, cells);
        if ends {
            self.timeline.note(String::new(), None, FAINT, unforeseen.to_owned());
        }
    }

    fn enter_lane(&mut self, event: usize, lane: usize) {
        if let Some(actor) = self.foresight.actor(event) {
            self.lanes.insert(actor.to_owned(), lane);
        }
    }

    fn held(&mut self, held: &HeldStatement) {
        let on: Vec<Backend> = self
            .backends
            .iter()
            .copied()
            .filter(|backend| held.backends.contains(backend))
            .collect();
        if on.is_empty() {
            return;
        }
        let label = held.line.to_string();
        let place = if on == self.backends { String::new() } else { format!(" on {}", names(&on)) };
        if held.entries.is_empty() {
            self.timeline.note(
                label,
                None,
                FAINT,
                format!("the kernel's lock table{place}: empty"),
            );
            return;
        }
        self.timeline.note(label, None, FAINT, format!("the kernel's lock table{place}:"));
        for entry in &held.entries {
            let words =
                format!("{}: {}", entry.node, table_words::words(&entry.locks, &entry.waiting));
            self.timeline.note(String::new(), None, FAINT, words);
        }
    }
}

/// What must come of a step, by file or by model; said once when it is the
/// same on every backend. That a step is done goes without saying.
fn told_outcomes(
    expect: &Expectation,
    foreseen: &[(Backend, Outcome)],
    backends: &[Backend],
) -> Vec<(Style, String)> {
    let told = |(backend, outcome): &&(Backend, Outcome)| {
        *outcome != Outcome::Done || expect.on(*backend).is_some()
    };
    let given: Vec<&(Backend, Outcome)> = foreseen.iter().filter(told).collect();
    let styled = |outcome: &Outcome, words: String| (palette::of_outcome(outcome), words);
    match &given[..] {
        [(_, first), rest @ ..]
            if given.len() == backends.len() && rest.iter().all(|(_, other)| other == first) =>
        {
            vec![styled(first, format!("→ {first}"))]
        }
        several => several
            .iter()
            .map(|(backend, outcome)| styled(outcome, format!("→ {backend}: {outcome}")))
            .collect(),
    }
}

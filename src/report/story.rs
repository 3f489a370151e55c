//! A scenario told before it is run.

use std::io::{self, Write};

use anstyle::Style;
use imglock_harness::lock::Backend;
use imglock_harness::scenario::{Expectation, HeldStatement, Item, Scenario, Step};
use imglock_harness::step::Outcome;

use super::palette::{self, CAREFUL, FAINT, STRONG};
use super::record::quoted;
use super::timeline::{Cell, Timeline};
use super::{evidence, table_words};

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
    writeln!(out, "{STRONG}{name}{STRONG:#}  {FAINT}{}{FAINT:#}", names(backends))?;
    writeln!(out, "{summary}\n")?;
    for paragraph in about.split("\n\n") {
        let words = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        for line in textwrap::wrap(&words, width.min(80) - 2) {
            writeln!(out, "  {line}")?;
        }
        writeln!(out)?;
    }
    let mut drawing = Drawing { timeline: Timeline::new("line"), scenario, backends };
    drawing.items(&scenario.items);
    drawing.timeline.draw(out, width)?;
    hazards(scenario, backends, out)?;
    writeln!(out, "\nRun it:  imglock run {}", quoted(name))
}

fn names(backends: &[Backend]) -> String {
    backends.iter().map(|backend| backend.name()).collect::<Vec<_>>().join(" and ")
}

fn hazards(scenario: &Scenario, backends: &[Backend], out: &mut dyn Write) -> io::Result<()> {
    let declared =
        backends.iter().filter_map(|backend| Some((backend, scenario.hazards.get(backend)?)));
    let declared: Vec<_> = declared.filter(|(_, hazards)| !hazards.is_empty()).collect();
    if declared.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nHazards it must show:")?;
    for (backend, hazards) in declared {
        for hazard in hazards {
            writeln!(out, "  {CAREFUL}{hazard}{CAREFUL:#} on {backend}: {}", hazard.meaning())?;
        }
    }
    Ok(())
}

struct Drawing<'a> {
    timeline: Timeline,
    scenario: &'a Scenario,
    backends: &'a [Backend],
}

impl Drawing<'_> {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Step(step) => {
                    let cell = self.cell(step);
                    self.timeline.cells(step.line.to_string(), false, vec![cell]);
                }
                Item::Together(block) => {
                    let cells = block.steps.iter().map(|step| self.cell(step)).collect();
                    self.timeline.note(
                        block.line.to_string(),
                        false,
                        "at the same moment:".to_owned(),
                    );
                    let label = block.steps.first().map(|step| step.line.to_string());
                    self.timeline.cells(label.unwrap_or_default(), false, cells);
                }
                Item::Held(held) => self.held(held),
                Item::Repeat { count, counter, items } => {
                    self.timeline.open(match counter {
                        Some(counter) => format!("{count} times, ${counter} from 1 to {count}"),
                        None => format!("{count} times"),
                    });
                    self.items(items);
                    self.timeline.close();
                }
            }
        }
    }

    fn cell(&mut self, step: &Step) -> Cell {
        let lane = self.timeline.lane(&step.actor, String::new);
        let first = self.scenario.images.first().map(|image| &image.name[..]);
        let words = evidence::words(&step.action.to_string(), first);
        Cell::new(lane, words, expectations(&step.expect, self.backends))
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
            self.timeline.note(label, false, format!("the kernel's lock table{place}: empty"));
            return;
        }
        self.timeline.note(label, false, format!("the kernel's lock table{place}:"));
        for entry in &held.entries {
            let words =
                format!("{}: {}", entry.node, table_words::words(&entry.locks, &entry.waiting));
            self.timeline.note(String::new(), false, words);
        }
    }
}

/// What the file expects; said once when it is the same on every backend.
fn expectations(expect: &Expectation, backends: &[Backend]) -> Vec<(Style, String)> {
    let given: Vec<(Backend, &Outcome)> =
        backends.iter().filter_map(|backend| Some((*backend, expect.on(*backend)?))).collect();
    let styled = |outcome: &Outcome, words: String| (palette::of_outcome(outcome), words);
    match &given[..] {
        [(_, first), rest @ ..]
            if given.len() == backends.len() && rest.iter().all(|(_, other)| other == first) =>
        {
            vec![styled(first, first.to_string())]
        }
        several => several
            .iter()
            .map(|(backend, outcome)| styled(outcome, format!("{backend}: {outcome}")))
            .collect(),
    }
}

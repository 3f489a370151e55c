//! The result of random scenarios: what was covered, which hazards were seen,
//! and each difference with the scenario that shows it.

mod coverage;
mod difference;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use imglock_engine::{Exploration, ExplorePlan, Shard};
use serde::Serialize;

use super::page::Page;
use super::palette::{BAD, CAREFUL, FAINT, GOOD, STRONG};
use super::{environment, times};
use crate::phrase::{count, grouped, grouped_count};

/// The columns of a page.
const WIDTH: usize = 95;

/// All explorations, as one JSON document.
#[derive(Serialize)]
pub struct Document<'a> {
    /// Whether all cases were tried.
    complete: bool,
    /// Whether no difference was found.
    agrees: bool,
    /// One for each backend.
    explorations: Vec<&'a Exploration>,
}

impl<'a> Document<'a> {
    /// The explorations that ended, and the running one.
    pub fn of(ended: &'a [Exploration], going_on: Option<&'a Exploration>) -> Document<'a> {
        let explorations: Vec<&Exploration> = ended.iter().chain(going_on).collect();
        let all_ended = going_on.is_none() && !ended.is_empty();
        Document {
            complete: all_ended && ended.iter().all(|one| one.complete),
            agrees: explorations.iter().all(|one| one.agrees()),
            explorations,
        }
    }
}

/// The words beside the progress bar.
pub fn found(differences: usize) -> String {
    count(differences, "difference", "differences")
}

/// Writes where a scenario was saved.
pub fn saved(path: &Path, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "written: {}", path.display())
}

/// Writes what was explored and where, what was covered, the differences, and the verdict.
pub fn write(explored: &Exploration, out: &mut dyn Write) -> io::Result<()> {
    let page = &mut Page::new(out, WIDTH);
    head(explored, page)?;
    coverage::write(explored, page)?;
    for one in &explored.differences {
        difference::write(one, &explored.plan, page)?;
    }
    verdict(explored, page)
}

fn head(explored: &Exploration, page: &mut Page<'_>) -> io::Result<()> {
    let ExplorePlan { backend, seed, first, cases, steps, shard, .. } = &explored.plan;
    let what = match (*cases, *shard) {
        (1, Shard::WHOLE) => format!("case {first} of seed {seed}"),
        (cases, Shard::WHOLE) => format!("{} cases of seed {seed}", grouped(cases)),
        (cases, shard) => format!("part {shard} of {} cases of seed {seed}", grouped(cases)),
    };
    let place = environment::place(&explored.environment);
    writeln!(page, "{STRONG}{backend}{STRONG:#}: {what}, {steps} random steps each; {place}")?;
    let elapsed = Duration::from_micros(explored.elapsed_us);
    let pace = explored.done as f64 / elapsed.as_secs_f64().max(1e-6);
    let took = times::readable(elapsed);
    let steps = grouped_count(explored.steps, "step", "steps");
    let cases = grouped_count(explored.done, "case", "cases");
    writeln!(page, "  {FAINT}{steps} in {cases} took {took}, {pace:.0} cases a second{FAINT:#}\n")
}

fn verdict(explored: &Exploration, page: &mut Page<'_>) -> io::Result<()> {
    let backend = explored.plan.backend;
    let cases = grouped_count(explored.done, "case", "cases");
    if explored.done == 0 {
        return writeln!(page, "\n{CAREFUL}stopped before any case was tried{CAREFUL:#}");
    }
    if explored.agrees() {
        let words = "all as the model and the contract require";
        writeln!(page, "\n{GOOD}{cases} on {backend}, {words}{GOOD:#}")?;
    } else {
        let number = found(explored.differences.len());
        writeln!(page, "\n{BAD}{number}{BAD:#} in {cases} on {backend}")?;
    }
    let why = if explored.complete { "stopped after enough differences" } else { "stopped" };
    match explored.cases - explored.done {
        0 => Ok(()),
        1 => writeln!(page, "{CAREFUL}{why}: 1 case was not tried{CAREFUL:#}"),
        left => writeln!(page, "{CAREFUL}{why}: {} cases were not tried{CAREFUL:#}", grouped(left)),
    }
}

//! What random scenarios showed: what was covered, which hazards there were,
//! and each difference with the scenario that shows it.

mod coverage;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use imglock_harness::Shard;
use imglock_harness::explore::{Again, Difference, Exploration, ExplorePlan};
use imglock_harness::run::{Environment, Judge};
use indicatif::HumanCount;
use serde::Serialize;

use super::palette::{BAD, CAREFUL, FAINT, GOOD, STRONG};
use super::times::readable;
use crate::phrase::count;

/// The columns of a page.
const WIDTH: usize = 96;

/// Everything that was explored, as one JSON document.
#[derive(Serialize)]
pub struct Document<'a> {
    /// Whether all of it was tried.
    complete: bool,
    /// Whether everything that was tried is as it must be.
    agrees: bool,
    /// One for each backend.
    explorations: Vec<&'a Exploration>,
}

impl<'a> Document<'a> {
    /// What has ended, and what goes on.
    pub fn of(ended: &'a [Exploration], going_on: Option<&'a Exploration>) -> Document<'a> {
        let explorations: Vec<&Exploration> = ended.iter().chain(going_on).collect();
        Document {
            complete: going_on.is_none()
                && !ended.is_empty()
                && ended.iter().all(|one| one.complete),
            agrees: explorations.iter().all(|one| one.agrees()),
            explorations,
        }
    }
}

/// What is said beside the bar.
pub fn found(differences: usize) -> String {
    count(differences, "difference", "differences")
}

/// Says where a scenario was written.
///
/// # Errors
/// When `out` cannot be written.
pub fn saved(path: &Path, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "written: {}", path.display())
}

/// Where and what, what was covered, and the verdict.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(explored: &Exploration, out: &mut dyn Write) -> io::Result<()> {
    head(explored, out)?;
    coverage::write(explored, WIDTH, out)?;
    for difference in &explored.differences {
        write_difference(difference, &explored.plan, out)?;
    }
    verdict(explored, out)
}

fn head(explored: &Exploration, out: &mut dyn Write) -> io::Result<()> {
    let Environment { kernel, architecture, file_system, .. } = &explored.environment;
    let ExplorePlan { backend, seed, first, cases, steps, shard, .. } = &explored.plan;
    let what = match (*cases, *shard) {
        (1, Shard::WHOLE) => format!("case {first} of seed {seed}"),
        (cases, Shard::WHOLE) => format!("{} cases of seed {seed}", HumanCount(cases)),
        (cases, shard) => {
            format!("part {shard} of {} cases of seed {seed}", HumanCount(cases))
        }
    };
    writeln!(
        out,
        "{STRONG}{backend}{STRONG:#}: {what}, {steps} random steps each; {file_system} on Linux \
         {kernel} ({architecture})"
    )?;
    let elapsed = Duration::from_micros(explored.elapsed_us);
    let pace = explored.done as f64 / elapsed.as_secs_f64().max(1e-6);
    writeln!(
        out,
        "  {FAINT}{} in {} took {}, {pace:.0} cases a second{FAINT:#}\n",
        count_of(explored.steps, "step", "steps"),
        count_of(explored.done, "case", "cases"),
        readable(elapsed),
    )
}

fn write_difference(
    difference: &Difference,
    plan: &ExplorePlan,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Difference { case, fault, again, steps_found, steps, scenario } = difference;
    let who = match fault.judge {
        Judge::Model => "the model says",
        Judge::Contract => "the contract asks for",
        Judge::Scenario | Judge::Harness => "expected",
    };
    writeln!(out, "\n{BAD}case {case} differs{BAD:#}: {}", fault.message)?;
    if !fault.step.is_empty() {
        writeln!(out, "  {:22} {}", "at", fault.step)?;
    }
    if !fault.expected.is_empty() {
        writeln!(out, "  {who:22} {}", fault.expected)?;
    }
    writeln!(out, "  {:22} {}", "the kernel", fault.actual)?;
    let came_again = match again {
        None => String::new(),
        Some(again) if again.is_stable() => "; it comes every time".to_owned(),
        Some(Again { tries, differed }) => {
            format!("; {CAREFUL}{differed} of {tries} more runs had it{CAREFUL:#}")
        }
    };
    match steps_found == steps {
        true => {
            let steps = count(*steps, "step", "steps");
            writeln!(out, "  {:22} {steps}{came_again}", "found in")?;
        }
        false => writeln!(
            out,
            "  {:22} {}, found in {steps_found}{came_again}",
            "smallest",
            count(*steps, "step", "steps")
        )?,
    }
    writeln!(out)?;
    for line in scenario.lines() {
        writeln!(out, "  {FAINT}|{FAINT:#} {line}")?;
    }
    let ExplorePlan { backend, seed, steps, .. } = plan;
    let again =
        format!("imglock explore --backend {backend} --seed {seed} --steps {steps} --case {case}");
    writeln!(out, "\n  once more:  {again}")?;
    writeln!(out, "  by itself:  {again} --save case.kdl; imglock run case.kdl --backend {backend}")
}

fn verdict(explored: &Exploration, out: &mut dyn Write) -> io::Result<()> {
    let backend = explored.plan.backend;
    let cases = count_of(explored.done, "case", "cases");
    if explored.done == 0 {
        return writeln!(out, "\n{CAREFUL}stopped before any case was tried{CAREFUL:#}");
    }
    if explored.agrees() {
        let words = "all as the model and the contract say";
        writeln!(out, "\n{GOOD}{cases} on {backend}, {words}{GOOD:#}")?;
    } else {
        let number = found(explored.differences.len());
        writeln!(out, "\n{BAD}{number}{BAD:#} in {cases} on {backend}")?;
    }
    let left = explored.cases - explored.done;
    match (explored.complete, left) {
        (_, 0) => Ok(()),
        (true, left) => {
            writeln!(out, "{CAREFUL}that is enough: {} were not tried{CAREFUL:#}", HumanCount(left))
        }
        (false, left) => {
            writeln!(out, "{CAREFUL}stopped: {} were not tried{CAREFUL:#}", HumanCount(left))
        }
    }
}

fn count_of(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", HumanCount(number), if number == 1 { one } else { many })
}

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::account::{DrillAccount, DrillCell};
use super::lab::Lab;
use super::locks::{HeldMode, ImageLocks};
use super::plan::Drill;
use super::recipe::{ModeCheck, Recipe};
use super::variant::{DrillVariant, FileNode};
use crate::qemu::{QemuBinaries, QemuBinary};
use imglock_core::Backend;
use imglock_core::Claim;
use imglock_core::Verdict;
use imglock_engine::StepFailure;
use imglock_engine::{Launcher, LauncherOptions, ProcessError, StopToken};

/// How drills are carried out.
#[derive(Debug, Clone)]
pub struct DrillOptions {
    /// How the launcher is started, and where.
    pub launcher: LauncherOptions,
    /// How long one command may take.
    pub step_timeout: Duration,
}

/// Carries out drills one after the other, with one launcher.
#[derive(Debug)]
pub struct DrillPractice {
    launcher: Launcher,
    step_timeout: Duration,
    stop: StopToken,
}

/// What a drill came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillResult {
    /// Whether everything was as the drill says.
    pub verdict: Verdict,
    /// Why not, in one sentence; empty for a pass.
    pub reason: String,
    /// What happened.
    pub account: DrillAccount,
}

impl DrillPractice {
    /// Starts the launcher.
    ///
    /// # Errors
    /// As [`Launcher::start`].
    pub fn start(options: &DrillOptions) -> Result<DrillPractice, ProcessError> {
        let launcher = Launcher::start(&options.launcher)?;
        let stop = options.launcher.stop.clone();
        Ok(DrillPractice { launcher, step_timeout: options.step_timeout, stop })
    }

    /// Carries out a drill with `program`, and with the tools that stand
    /// beside it.
    ///
    /// # Errors
    /// Only when the environment fails: the launcher is lost, or the run is
    /// stopped. Whatever QEMU does ends in a verdict.
    pub fn run(
        &mut self,
        drill: &Drill,
        variant: DrillVariant,
        program: &QemuBinary,
        binaries: &QemuBinaries,
    ) -> Result<DrillResult, ProcessError> {
        let (done, account) = self.carry_out(drill.name, variant, program, binaries, |lab| {
            if let Some(why) = drill.inability(variant) {
                return Err(StepFailure::Cannot(why.to_owned()));
            }
            lab.expect(drill.expected);
            (drill.body)(lab)
        })?;
        let (verdict, reason) = match done {
            Ok(()) => judge(drill, &account),
            Err(failure) => undone(failure, &account)?,
        };
        Ok(DrillResult { verdict, reason, account })
    }

    /// Brings `program` into a mode, and compares what it has locked then.
    ///
    /// # Errors
    /// As [`DrillPractice::run`].
    pub fn check(
        &mut self,
        recipe: &Recipe,
        program: &QemuBinary,
        binaries: &QemuBinaries,
    ) -> Result<ModeCheck, ProcessError> {
        let variant = DrillVariant { backend: Backend::Ofd, node: FileNode::ReadWrite };
        let name = recipe.mode.name();
        let (done, account) = self.carry_out(name, variant, program, binaries, |lab| {
            lab.require(Backend::Ofd)?;
            let place = (recipe.body)(lab)?;
            Ok((lab.claim_of(place.actor, place.image)?, lab.has_open(place)?))
        })?;
        let stated = recipe.stated();
        let (measured, (verdict, reason)) = match done {
            Ok((measured, is_open)) => (Some(measured), compare(stated, measured, is_open)),
            Err(failure) => (None, undone(failure, &account)?),
        };
        let (mode, how, program) = (recipe.mode, recipe.how.to_owned(), program.clone());
        Ok(ModeCheck { mode, how, program, verdict, reason, stated, measured, account })
    }

    /// Carries out `body` in a directory of its own, of which nothing is left.
    fn carry_out<T>(
        &mut self,
        name: &str,
        variant: DrillVariant,
        program: &QemuBinary,
        binaries: &QemuBinaries,
        body: impl FnOnce(&mut Lab<'_>) -> Result<T, StepFailure>,
    ) -> Result<(Result<T, StepFailure>, DrillAccount), ProcessError> {
        let directory = self.launcher.begin()?;
        let account = DrillAccount {
            drill: name.to_owned(),
            variant,
            program: program.clone(),
            entries: Vec::new(),
            cells: Vec::new(),
        };
        let (step_timeout, stop) = (self.step_timeout, self.stop.clone());
        let launcher = &mut self.launcher;
        let mut lab = Lab::new(launcher, directory, account, binaries, step_timeout, stop);
        let began = Instant::now();
        let done = body(&mut lab);
        tracing::debug!(name, %variant, elapsed = ?began.elapsed(), "it ends");
        let account = lab.close();
        // Whatever happened, nothing of it may be left.
        self.launcher.end()?;
        Ok((done, account))
    }
}

/// What it amounts to that something was not carried out to its end.
fn undone(failure: StepFailure, account: &DrillAccount) -> Result<(Verdict, String), ProcessError> {
    Ok(match failure {
        StepFailure::Stopped => return Err(ProcessError::Stopped),
        StepFailure::Process(error) => return Err(error),
        StepFailure::Cannot(why) => (Verdict::Skipped, why),
        StepFailure::TimedOut => (Verdict::TimedOut, failed(account, "no answer came")),
        other => (Verdict::Failed, failed(account, &other.to_string())),
    })
}

/// Compares what is locked with what is stated. No lock at all proves nothing
/// of somebody who has not opened the image.
fn compare(stated: Claim, measured: Claim, is_open: bool) -> (Verdict, String) {
    match (measured == stated, is_open) {
        (true, true) => (Verdict::Passed, String::new()),
        (_, false) => (Verdict::Failed, "it does not have the image open".to_owned()),
        (false, true) => (Verdict::Failed, format!("it {measured}")),
    }
}

/// A failure, with the step that it came of.
fn failed(account: &DrillAccount, why: &str) -> String {
    match account.entries.last() {
        Some(entry) => format!("{}: {}: {why}", entry.actor, entry.title),
        None => why.to_owned(),
    }
}

/// Compares what was proved with what the drill says.
fn judge(drill: &Drill, account: &DrillAccount) -> (Verdict, String) {
    let places: Vec<&str> = account.cells.iter().map(|cell| cell.place.as_str()).collect();
    let expected: Vec<&str> = drill.expected.iter().map(|one| one.place).collect();
    if places != expected {
        let why = format!("the drill proves {places:?} and says what becomes of {expected:?}");
        return (Verdict::Failed, why);
    }
    let pairs = account.cells.iter().zip(drill.expected);
    let objections = pairs.filter_map(|(cell, expected)| {
        let wanted = expected.on(account.variant);
        (cell.effect != Some(wanted)).then(|| objection(cell, &wanted.to_string()))
    });
    let objections = objections.chain(two_holders(account));
    match objections.collect::<Vec<_>>() {
        empty if empty.is_empty() => (Verdict::Passed, String::new()),
        all => (Verdict::Failed, all.join("; ")),
    }
}

/// The first moment, if there is one, at which two processes held an image
/// with claims that conflict. Whoever shares or locks nothing conflicts with
/// nobody, so this holds for every drill.
fn two_holders(account: &DrillAccount) -> Option<String> {
    account.entries.iter().find_map(|entry| {
        let (image, one, other) = entry.locks.iter().find_map(conflict)?;
        Some(format!(
            "{}: {}: {} {} on {image}, and {} {} beside it",
            entry.actor,
            entry.title,
            one.actors.join(" and "),
            one.claim,
            other.actors.join(" and "),
            other.claim
        ))
    })
}

/// Two holdings of an image that exclude each other. Those of one process may,
/// for a moment: it changes its descriptor so.
fn conflict(locks: &ImageLocks) -> Option<(&str, &HeldMode, &HeldMode)> {
    let holdings = &locks.holdings;
    let mut pairs = holdings
        .iter()
        .enumerate()
        .flat_map(|(number, one)| holdings[number + 1..].iter().map(move |other| (one, other)));
    let (one, other) = pairs.find(|(one, other)| {
        let shared = one.actors.iter().any(|actor| other.actors.contains(actor));
        !shared && one.claim.conflicts_with(other.claim)
    })?;
    Some((&locks.image, one, other))
}

fn objection(cell: &DrillCell, wanted: &str) -> String {
    let DrillCell { place, actor, stated, measured, second, outcome, .. } = cell;
    format!(
        "{place}: {wanted} was expected, but {actor} holds {measured} of {stated}, and a second \
         opener in mode {second} is {outcome}"
    )
}

#[cfg(test)]
#[path = "practice_tests.rs"]
mod tests;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::account::{DrillAccount, DrillCell};
use super::lab::Lab;
use super::locks::{HeldMode, ImageLocks};
use super::plan::Drill;
use super::recipe::{ModeCheck, Recipe};
use super::variant::{DrillVariant, FileNode};
use crate::qemu::{QemuBinaries, QemuBinary};
use imglock_core::{Backend, Claim, Verdict};
use imglock_engine::{Launcher, LauncherOptions, ProcessError, StepFailure, StopToken};

/// The options for running drills.
#[derive(Debug, Clone)]
pub struct DrillOptions {
    /// The launcher's options and directory.
    pub launcher: LauncherOptions,
    /// The time limit of one command.
    pub step_timeout: Duration,
}

/// Runs drills, one after the other, with one launcher.
#[derive(Debug)]
pub struct DrillPractice {
    launcher: Launcher,
    step_timeout: Duration,
    stop: StopToken,
}

/// The result of a drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillResult {
    /// Whether all effects were as expected.
    pub verdict: Verdict,
    /// The reason, in one sentence; empty for a pass.
    pub reason: String,
    /// The events.
    pub account: DrillAccount,
}

impl DrillPractice {
    /// Starts the launcher.
    ///
    /// # Errors
    /// As for [`Launcher::start`].
    pub fn start(options: &DrillOptions) -> Result<DrillPractice, ProcessError> {
        let launcher = Launcher::start(&options.launcher)?;
        let stop = options.launcher.stop.clone();
        Ok(DrillPractice { launcher, step_timeout: options.step_timeout, stop })
    }

    /// Runs a drill with `program`, and with the tools of the same QEMU.
    ///
    /// # Errors
    /// If the environment fails: the launcher is lost, or the run is stopped.
    /// QEMU's behaviour is always part of the verdict.
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

    /// Brings `program` into a mode, and compares its lock bytes with those of
    /// the mode.
    ///
    /// # Errors
    /// As for [`DrillPractice::run`].
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

    /// Runs `body` in its own directory, which is removed afterwards.
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
        // In any case, all processes must end.
        self.launcher.end()?;
        Ok((done, account))
    }
}

/// The verdict on a drill that was not completed.
fn undone(failure: StepFailure, account: &DrillAccount) -> Result<(Verdict, String), ProcessError> {
    Ok(match failure {
        StepFailure::Stopped => return Err(ProcessError::Stopped),
        StepFailure::Process(error) => return Err(error),
        StepFailure::Cannot(why) => (Verdict::Skipped, why),
        StepFailure::TimedOut => (Verdict::TimedOut, failed(account, "no answer")),
        other => (Verdict::Failed, failed(account, &other.to_string())),
    })
}

/// Compares the measured claim with the stated one. If the actor does not have
/// the image open, the absence of locks proves nothing.
fn compare(stated: Claim, measured: Claim, is_open: bool) -> (Verdict, String) {
    match (measured == stated, is_open) {
        (true, true) => (Verdict::Passed, String::new()),
        (_, false) => (Verdict::Failed, "it does not have the image open".to_owned()),
        (false, true) => (Verdict::Failed, format!("it {measured}")),
    }
}

/// A failure, with its step.
fn failed(account: &DrillAccount, why: &str) -> String {
    match account.entries.last() {
        Some(entry) => format!("{}: {}: {why}", entry.actor, entry.title),
        None => why.to_owned(),
    }
}

/// Compares the proofs with the drill's expected effects.
fn judge(drill: &Drill, account: &DrillAccount) -> (Verdict, String) {
    let places: Vec<&str> = account.cells.iter().map(|cell| cell.place.as_str()).collect();
    let expected: Vec<&str> = drill.expected.iter().map(|one| one.place).collect();
    if places != expected {
        let why =
            format!("the drill has proofs of {places:?}, and expected effects for {expected:?}");
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

/// The first moment at which two processes held an image with conflicting
/// claims. A process that shares everything or locks nothing conflicts with no
/// other, so this applies to every drill.
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

/// Two conflicting claims on an image. Two claims of one process may conflict
/// for a moment, while it changes its descriptor.
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
mod tests;

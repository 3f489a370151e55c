use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use imglock_harness::fault::Fault;
use imglock_harness::image::Mode;
use imglock_harness::lock::Backend;
use imglock_harness::run::{Document, Fate, Finding, Job, Place, ScenarioResult, made_at};
use imglock_harness::scenario::Scenario;
use imglock_harness::step::{FileSystem, Outcome};
use imglock_harness::subject::Builtin;
use imglock_harness::sweep::{Difference, MixDifference, mix_differences};

use crate::phrase::quoted;

/// A run so far: what every report is made from.
#[derive(Debug)]
pub struct RunRecord {
    /// Where it takes place, as far as that has been gone to.
    pub places: Vec<Place>,
    /// What will be gone to: a file system that is made, or a directory that
    /// is there.
    pub grounds: Vec<Option<FileSystem>>,
    /// What is to be run at each place where it makes sense.
    pub planned: Vec<Job>,
    /// What has ended, in that order, wherever.
    pub results: Vec<ScenarioResult>,
    /// The mode matrix on each backend that it was measured on; empty where
    /// nobody asked for it.
    pub modes: Vec<MeasuredModes>,
    /// When it began.
    pub began: jiff::Timestamp,
    /// How long the run has taken.
    pub elapsed: Duration,
    /// Whether somebody stopped it.
    pub interrupted: bool,
    /// Scratch directories that were kept.
    pub kept: Vec<PathBuf>,
    /// Whether each scenario is played by several casts, to be compared.
    pub mixed: bool,
    /// How one scenario is run again.
    pub rerun: Rerun,
    scenarios: BTreeMap<String, Arc<Scenario>>,
}

impl RunRecord {
    /// A run of `planned` at these places that has not begun.
    pub fn new(planned: Vec<Job>, grounds: Vec<Option<FileSystem>>, rerun: Rerun) -> RunRecord {
        let scenarios = planned
            .iter()
            .map(|job| (job.scenario.name.clone(), Arc::clone(&job.scenario)))
            .collect();
        RunRecord {
            places: Vec::new(),
            grounds,
            planned,
            results: Vec::new(),
            modes: Vec::new(),
            began: jiff::Timestamp::now(),
            elapsed: Duration::ZERO,
            interrupted: false,
            kept: Vec::new(),
            mixed: false,
            rerun,
            scenarios,
        }
    }

    /// How many results there will be. Those of a place that cannot be had
    /// are not waited for, nor those that went with one that was lost.
    pub fn expected(&self) -> usize {
        let missing = |place: &Place| match place.fate {
            Fate::Reached => 0,
            Fate::Skipped { .. } => self.planned_at(place),
            Fate::Lost { .. } => {
                self.planned_at(place).saturating_sub(self.results_at(place).count())
            }
        };
        let all: usize = self.grounds.iter().map(|ground| self.planned_on(*ground)).sum();
        all.saturating_sub(self.places.iter().map(missing).sum())
    }

    /// How many runs make sense at a place.
    pub fn planned_at(&self, place: &Place) -> usize {
        self.planned_on(place.made())
    }

    fn planned_on(&self, file_system: Option<FileSystem>) -> usize {
        let makes_sense = |job: &&Job| job.scenario.makes_sense_on(file_system);
        self.planned.iter().filter(makes_sense).count()
    }

    /// Whether everything that was planned has ended.
    pub fn is_complete(&self) -> bool {
        self.places.len() >= self.grounds.len() && self.results.len() == self.expected()
    }

    /// Whether places have names, since they were made for the run.
    pub fn has_named_places(&self) -> bool {
        self.grounds.len() > 1 || self.places.iter().any(|place| !place.name.is_empty())
    }

    /// What was run at `place`.
    pub fn results_at(&self, place: &Place) -> impl Iterator<Item = &ScenarioResult> {
        let name = place.name.clone();
        self.results.iter().filter(move |result| result.place == name)
    }

    /// Places that were lost.
    pub fn lost(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| place.is_lost())
    }

    /// What is compared with other runs.
    pub fn document(&self) -> Document {
        Document {
            schema: Document::SCHEMA,
            complete: self.is_complete(),
            places: self.places.clone(),
            results: self.results.clone(),
        }
    }

    /// Whether something was tried on `backend`.
    pub fn ran_on(&self, backend: Backend) -> bool {
        self.results.iter().any(|result| result.backend == backend)
    }

    /// Whether a pair of modes was measured that is not as the rules say.
    pub fn matrix_is_bad(&self) -> bool {
        self.modes.iter().any(MeasuredModes::is_bad)
    }

    /// Whether anybody but our own workers plays.
    pub fn has_subjects(&self) -> bool {
        self.planned.iter().any(|job| job.casting.to_string() != Builtin::NAME)
    }

    /// What did not come out the same with every cast.
    pub fn mix_differences(&self) -> Vec<MixDifference> {
        if self.mixed { mix_differences(&self.results) } else { Vec::new() }
    }

    /// What must be said first where a fault was planted: the results are not
    /// this machine's.
    pub fn warning(&self) -> Option<String> {
        let fault = self.rerun.planted?;
        Some(format!(
            "A fault was planted on purpose, {fault}: {} What follows says nothing about this \
             machine.",
            fault.meaning()
        ))
    }

    /// The scenario that `result` is of.
    pub fn scenario(&self, result: &ScenarioResult) -> Option<&Scenario> {
        self.scenarios.get(&result.scenario).map(Arc::as_ref)
    }
}

/// The mode matrix as it was measured on one backend.
#[derive(Debug, Clone)]
pub struct MeasuredModes {
    /// On which locks.
    pub backend: Backend,
    /// What the second opener of each pair (first, second) got; pairs that
    /// could not be tried are missing.
    pub cells: BTreeMap<(Mode, Mode), Outcome>,
    /// Where that is not what the rules say.
    pub differences: Vec<Difference>,
    /// What the judges found fault with meanwhile.
    pub objections: Vec<Finding>,
}

impl MeasuredModes {
    /// Whether anything is not as it must be.
    pub fn is_bad(&self) -> bool {
        !self.differences.is_empty() || !self.objections.is_empty()
    }

    /// Whether another one differs from it in nothing but the backend.
    pub fn says_the_same(&self, other: &MeasuredModes) -> bool {
        self.cells == other.cells
            && self.differences == other.differences
            && self.objections == other.objections
    }
}

/// The command that runs just one scenario again.
#[derive(Debug, Clone, Default)]
pub struct Rerun {
    /// `--dir`, if it was given.
    pub directory: Option<PathBuf>,
    /// `imglock vm` and its options, for what was run under the kernel of that
    /// name.
    pub guests: BTreeMap<String, String>,
    /// `--qemu-dir`, as often as it was given.
    pub qemu_dirs: Vec<PathBuf>,
    /// `--deny-ofd`.
    pub deny_ofd: bool,
    /// `--plant`.
    pub planted: Option<Fault>,
}

impl Rerun {
    /// The command line, to be pasted into a shell.
    pub fn line(&self, result: &ScenarioResult) -> String {
        // RELEASE/ext4, or RELEASE alone.
        let kernel = result.place.split('/').next().unwrap_or_default();
        let command = match self.guests.get(kernel) {
            None => "imglock run".to_owned(),
            Some(guest) => format!("{guest} --"),
        };
        let mut line =
            format!("{command} {} --backend {}", quoted(&result.scenario), result.backend);
        let mut add = |option: &str, path: &PathBuf| {
            line += &format!(" {option} {}", quoted(&path.display().to_string()));
        };
        self.directory.iter().for_each(|path| add("--dir", path));
        if let Some(file_system) = made_at(&result.place) {
            add("--fs", &PathBuf::from(file_system.name()));
        }
        if result.subject != Builtin::NAME {
            add("--subject", &PathBuf::from(&result.subject));
            self.qemu_dirs.iter().for_each(|path| add("--qemu-dir", path));
        }
        if self.deny_ofd {
            line += " --deny-ofd";
        }
        if let Some(fault) = self.planted {
            line += &format!(" --plant {fault}");
        }
        line
    }
}

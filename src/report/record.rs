//! The state of a run, from which every report is made.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use imglock_core::{Backend, Mode, Outcome, ScenarioName};
use imglock_engine::{
    Builtin, Fault, Finding, MixDifference, ModeDifference, ScenarioResult, TourRecord,
    mix_differences,
};
use imglock_scenario::Scenario;

use crate::phrase::quoted;

/// A run so far.
#[derive(Debug)]
pub struct RunRecord {
    /// The places and results so far, and those planned.
    pub tour: TourRecord,
    /// The measured mode matrices, by backend; empty unless requested.
    pub modes: Vec<MeasuredModes>,
    /// The start of the run.
    pub began: chrono::DateTime<chrono::Utc>,
    /// Its duration so far.
    pub elapsed: Duration,
    /// Whether a signal stopped it.
    pub interrupted: bool,
    /// The scratch directories that stay.
    pub kept: Vec<PathBuf>,
    /// Whether several casts play each scenario, for comparison.
    pub mixed: bool,
    /// The command for a single scenario.
    pub rerun: Rerun,
    scenarios: BTreeMap<ScenarioName, Arc<Scenario>>,
}

impl RunRecord {
    /// A run before its first result.
    pub fn new(tour: TourRecord, rerun: Rerun) -> RunRecord {
        let scenarios = tour
            .planned
            .iter()
            .map(|job| (job.scenario.name.clone(), Arc::clone(&job.scenario)))
            .collect();
        RunRecord {
            tour,
            modes: Vec::new(),
            began: chrono::Utc::now(),
            elapsed: Duration::ZERO,
            interrupted: false,
            kept: Vec::new(),
            mixed: false,
            rerun,
            scenarios,
        }
    }

    /// Whether a measured mode matrix is not as stated.
    pub fn matrix_is_bad(&self) -> bool {
        self.modes.iter().any(MeasuredModes::is_bad)
    }

    /// Whether a subject other than the built-in one plays.
    pub fn has_subjects(&self) -> bool {
        self.tour.planned.iter().any(|job| job.casting.to_string() != Builtin::NAME)
    }

    /// The results that depend on the cast.
    pub fn mix_differences(&self) -> Vec<MixDifference> {
        if self.mixed { mix_differences(&self.tour.results) } else { Vec::new() }
    }

    /// The warning that comes first when a fault is planted: the results are
    /// not this machine's.
    pub fn warning(&self) -> Option<String> {
        let fault = self.rerun.planted?;
        Some(format!(
            "A fault was planted on purpose, {fault}: {} The results say nothing about this machine.",
            fault.meaning()
        ))
    }

    /// The scenario of `result`.
    pub fn scenario(&self, result: &ScenarioResult) -> Option<&Scenario> {
        self.scenarios.get(&result.scenario).map(Arc::as_ref)
    }
}

/// A mode matrix measured with one backend.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredModes {
    /// The backend.
    pub backend: Backend,
    /// The outcome for the second opener of each pair (first, second), without
    /// the pairs that could not run.
    pub cells: BTreeMap<(Mode, Mode), Outcome>,
    /// The pairs whose outcome is not as stated.
    pub differences: Vec<ModeDifference>,
    /// The judges' findings during the measurement.
    pub objections: Vec<Finding>,
}

impl MeasuredModes {
    /// Whether anything is not as expected.
    pub fn is_bad(&self) -> bool {
        !self.differences.is_empty() || !self.objections.is_empty()
    }
}

/// The command that runs a single scenario again.
#[derive(Debug, Clone, Default)]
pub struct Rerun {
    /// `--dir`, if it was given.
    pub directory: Option<PathBuf>,
    /// `imglock vm` and its options, by the name of the kernel.
    pub guests: BTreeMap<String, String>,
    /// Each `--qemu-dir`.
    pub qemu_dirs: Vec<PathBuf>,
    /// `--deny-ofd`.
    pub deny_ofd: bool,
    /// `--plant`.
    pub planted: Option<Fault>,
}

impl Rerun {
    /// The command line, quoted for a shell.
    pub fn line(&self, result: &ScenarioResult) -> String {
        let command = match result.place.kernel.as_ref().and_then(|kernel| self.guests.get(kernel))
        {
            None => "imglock run".to_owned(),
            Some(guest) => format!("{guest} --"),
        };
        let mut line =
            format!("{command} {} --backend {}", quoted(result.scenario.as_str()), result.backend);
        let mut add = |option: &str, path: &PathBuf| {
            line += &format!(" {option} {}", quoted(&path.display().to_string()));
        };
        self.directory.iter().for_each(|path| add("--dir", path));
        if let Some(file_system) = result.place.file_system {
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

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumMessage, EnumString, IntoStaticStr, VariantArray};

use super::error::SelfTestError;
use super::{FaultCatch, hunts, strategies};
use crate::run::SessionOptions;
use imglock_core::Backend;
use imglock_scenario::{ModeMatrix, Scenario};

/// A way of looking for faults.
///
/// What each variant says of itself is what [`Detector::meaning`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(Display, EnumMessage, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Detector {
    /// Runs the scenarios, until one does not pass.
    Suite,
    /// Opens every ordered pair of modes, and compares with the mode matrix.
    Matrix,
    /// Opens every ordered pair of claims, between processes and within one.
    Sweep,
    /// Tries random scenarios, and compares each step with the model.
    Explore,
    /// Releases openers at the same moment, again and again.
    Race,
}

/// Where a hunter looks.
#[derive(Debug, Clone)]
pub struct CatchGround {
    /// How processes are started; the fault is in here.
    pub options: SessionOptions,
    /// On which locks.
    pub backend: Backend,
    /// The scenarios that there are.
    pub scenarios: Arc<[Arc<Scenario>]>,
    /// What must come of every pair of modes.
    pub matrix: Arc<ModeMatrix>,
}

/// What a hunter comes back with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunted {
    /// How often it tried something.
    pub runs: u64,
    /// What it found first.
    pub catch: Option<FaultCatch>,
}

impl Detector {
    /// Each of them, the quickest first.
    pub const ALL: &[Detector] = Detector::VARIANTS;

    /// The word that flags and reports use.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// One sentence that says what it does.
    pub fn meaning(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }

    /// What its runs are, when there are several.
    pub fn runs_of(self) -> &'static str {
        match self {
            Detector::Suite => "scenarios",
            Detector::Matrix | Detector::Sweep => "pairs",
            Detector::Explore => "cases",
            Detector::Race => "rounds",
        }
    }

    /// Looks until it finds something, or has looked everywhere.
    ///
    /// # Errors
    /// Only when the environment fails, or the work is stopped.
    pub fn hunt(self, ground: &CatchGround) -> Result<Hunted, SelfTestError> {
        match self {
            Detector::Suite => hunts::suite(ground),
            Detector::Matrix => hunts::matrix(ground),
            Detector::Sweep => strategies::sweep(ground),
            Detector::Explore => strategies::explore_cases(ground),
            Detector::Race => strategies::race_rounds(ground),
        }
    }
}

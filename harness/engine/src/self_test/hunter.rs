use serde::{Deserialize, Serialize};
use strum::{Display, EnumMessage, EnumString, IntoStaticStr, VariantArray};

use super::catch::Hunted;
use super::error::SelfTestError;
use super::ground::CatchGround;
use super::{hunts, strategies};

/// A way of detecting faults.
///
/// The documentation of each variant is the text of [`Detector::meaning`].
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

impl Detector {
    /// All detectors, the quickest first.
    pub const ALL: &[Detector] = Detector::VARIANTS;

    /// The word that flags and reports use.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// One sentence that describes the detector.
    pub fn meaning(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }

    /// The plural noun for the things that it tries.
    pub fn runs_of(self) -> &'static str {
        match self {
            Detector::Suite => "scenarios",
            Detector::Matrix | Detector::Sweep => "pairs",
            Detector::Explore => "cases",
            Detector::Race => "rounds",
        }
    }

    /// Runs until the first finding, or until everything is tried.
    ///
    /// # Errors
    /// If the environment fails, or the work is stopped.
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

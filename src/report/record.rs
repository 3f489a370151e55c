use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use imglock_harness::run::{Environment, Job, ScenarioResult};
use imglock_harness::scenario::Scenario;

/// A run so far: what every report is made from.
#[derive(Debug)]
pub struct RunRecord {
    /// Where it takes place.
    pub environment: Environment,
    /// What is to be run.
    pub planned: Vec<Job>,
    /// What has ended, in that order.
    pub results: Vec<ScenarioResult>,
    /// How long the run has taken.
    pub elapsed: Duration,
    /// Whether somebody stopped it.
    pub interrupted: bool,
    /// Scratch directories that were kept.
    pub kept: Vec<PathBuf>,
    /// How one scenario is run again.
    pub rerun: Rerun,
    scenarios: BTreeMap<String, Arc<Scenario>>,
}

impl RunRecord {
    /// A run of `planned` that has not begun.
    pub fn new(environment: Environment, planned: Vec<Job>, rerun: Rerun) -> RunRecord {
        let scenarios = planned
            .iter()
            .map(|job| (job.scenario.name.clone(), Arc::clone(&job.scenario)))
            .collect();
        RunRecord {
            environment,
            planned,
            results: Vec::new(),
            elapsed: Duration::ZERO,
            interrupted: false,
            kept: Vec::new(),
            rerun,
            scenarios,
        }
    }

    /// Whether everything that was planned has ended.
    pub fn is_complete(&self) -> bool {
        self.results.len() == self.planned.len()
    }

    /// The scenario that `result` is of.
    pub fn scenario(&self, result: &ScenarioResult) -> Option<&Scenario> {
        self.scenarios.get(&result.scenario).map(Arc::as_ref)
    }
}

/// The command that runs just one scenario again.
#[derive(Debug, Clone, Default)]
pub struct Rerun {
    /// `--dir`, if it was given.
    pub directory: Option<PathBuf>,
}

impl Rerun {
    /// The command line, to be pasted into a shell.
    pub fn line(&self, result: &ScenarioResult) -> String {
        let mut line =
            format!("imglock run {} --backend {}", quoted(&result.scenario), result.backend);
        if let Some(directory) = &self.directory {
            line += &format!(" --dir {}", quoted(&directory.display().to_string()));
        }
        line
    }
}

/// A word as a shell reads it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./,:=+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("posix/hot-unplug", "posix/hot-unplug")]
    #[case("my disk", "'my disk'")]
    #[case("it's", r"'it'\''s'")]
    #[case("", "''")]
    fn a_word_survives_the_shell(#[case] word: &str, #[case] expected: &str) {
        assert_eq!(quoted(word), expected);
    }
}

use crate::pattern::Pattern;
use imglock_core::{Backend, ScenarioName};

use super::{KernelBound, KernelRelease};

/// The properties of a run that a [`Condition`] compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunKey<'a> {
    /// The name of the scenario.
    pub scenario: &'a ScenarioName,
    /// The kind of its locks.
    pub backend: Backend,
    /// The subject, such as `builtin`.
    pub subject: &'a str,
    /// The names of the file system: the word of `--fs` and the name in the kernel, such as
    /// `fuse-locks` and `fuse`.
    pub file_systems: [&'a str; 2],
    /// The release of the kernel (uname(2)). Empty if it is unknown.
    pub kernel: &'a str,
}

/// The runs to which an entry applies. An empty list matches every run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// One of these scenarios.
    pub scenarios: Vec<Pattern>,
    /// One of these backends.
    pub backends: Vec<Backend>,
    /// One of these subjects, such as `builtin`.
    pub subjects: Vec<String>,
    /// One of these file systems.
    pub file_systems: Vec<String>,
    /// A kernel within all of these bounds.
    pub kernels: Vec<KernelBound>,
}

impl Condition {
    /// Returns whether `run` matches every part of the condition.
    pub fn is_met(&self, run: &RunKey<'_>) -> bool {
        one_of(&self.scenarios, |pattern| pattern.fits(run.scenario))
            && one_of(&self.backends, |backend| *backend == run.backend)
            && one_of(&self.subjects, |subject| *subject == run.subject)
            && one_of(&self.file_systems, |name| run.file_systems.contains(&name.as_str()))
            && is_within(&self.kernels, run.kernel)
    }

    /// Returns whether this condition certainly matches every run that `other` matches. Only the words
    /// are compared.
    pub fn takes_in(&self, other: &Condition) -> bool {
        let scenarios = |wanted: &Pattern| {
            let own = &self.scenarios;
            own.iter().any(|pattern| pattern.takes_in(wanted))
        };
        all_of(&self.scenarios, &other.scenarios, scenarios)
            && all_of(&self.backends, &other.backends, |one| self.backends.contains(one))
            && all_of(&self.subjects, &other.subjects, |one| self.subjects.contains(one))
            && all_of(&self.file_systems, &other.file_systems, |one| {
                self.file_systems.contains(one)
            })
            && self.kernels.iter().all(|bound| other.kernels.contains(bound))
    }
}

fn one_of<T>(listed: &[T], fits: impl Fn(&T) -> bool) -> bool {
    listed.is_empty() || listed.iter().any(fits)
}

/// Returns whether the list `own` matches everything that the list `other` matches.
fn all_of<T>(own: &[T], other: &[T], has: impl Fn(&T) -> bool) -> bool {
    own.is_empty() || (!other.is_empty() && other.iter().all(has))
}

fn is_within(bounds: &[KernelBound], kernel: &str) -> bool {
    let release = || kernel.parse::<KernelRelease>().ok();
    bounds.is_empty()
        || release().is_some_and(|release| bounds.iter().all(|bound| bound.admits(&release)))
}

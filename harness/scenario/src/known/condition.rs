use crate::pattern::Pattern;
use imglock_core::Backend;

use super::{KernelBound, KernelRelease};

/// One run, as far as a [`Condition`] looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunKey<'a> {
    /// The scenario's name.
    pub scenario: &'a str,
    /// The kind of its locks.
    pub backend: Backend,
    /// The subject that plays, such as `builtin`.
    pub subject: &'a str,
    /// The names of its file system: the name in `--fs` and the kernel's name,
    /// such as `fuse-locks` and `fuse`.
    pub file_systems: [&'a str; 2],
    /// The release of its kernel; empty where it is not known.
    pub kernel: &'a str,
}

/// Which runs an entry is about. Each list that is empty leaves that open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// One of these scenarios.
    pub scenarios: Vec<Pattern>,
    /// On one of these locks.
    pub backends: Vec<Backend>,
    /// Played by one of these, such as `builtin`.
    pub subjects: Vec<String>,
    /// On one of these file systems.
    pub file_systems: Vec<String>,
    /// Under a kernel within all of these bounds.
    pub kernels: Vec<KernelBound>,
}

impl Condition {
    /// Whether `run` meets every part of the condition.
    pub fn is_met(&self, run: &RunKey<'_>) -> bool {
        one_of(&self.scenarios, |pattern| pattern.fits(run.scenario))
            && one_of(&self.backends, |backend| *backend == run.backend)
            && one_of(&self.subjects, |subject| *subject == run.subject)
            && one_of(&self.file_systems, |name| run.file_systems.contains(&name.as_str()))
            && is_within(&self.kernels, run.kernel)
    }

    /// Whether every run that `other` is about is one of its own, as far as
    /// the words can tell.
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

/// Whether a list that says `own` lets in all that one says with `other`.
fn all_of<T>(own: &[T], other: &[T], has: impl Fn(&T) -> bool) -> bool {
    own.is_empty() || (!other.is_empty() && other.iter().all(has))
}

fn is_within(bounds: &[KernelBound], kernel: &str) -> bool {
    let release = || kernel.parse::<KernelRelease>().ok();
    bounds.is_empty()
        || release().is_some_and(|release| bounds.iter().all(|bound| bound.admits(&release)))
}

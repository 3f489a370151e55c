use crate::lock::Backend;
use crate::pattern::Pattern;
use crate::run::{Place, ScenarioResult};

use super::{Bound, Release};

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
    pub kernels: Vec<Bound>,
}

impl Condition {
    /// Whether `result`, of a run at `place`, is one of them.
    pub fn is_met(&self, place: &Place, result: &ScenarioResult) -> bool {
        one_of(&self.scenarios, |pattern| pattern.fits(&result.scenario))
            && one_of(&self.backends, |backend| *backend == result.backend)
            && one_of(&self.subjects, |subject| *subject == result.subject)
            && one_of(&self.file_systems, |name| is_on(place, name))
            && is_within(&self.kernels, place.kernel())
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

/// By what the place is called, and by what the kernel calls it: `fuse-locks`
/// shows as `fuse` there.
fn is_on(place: &Place, name: &str) -> bool {
    place.file_system() == name || place.environment.file_system == name
}

fn is_within(bounds: &[Bound], kernel: &str) -> bool {
    let release = || kernel.parse::<Release>().ok();
    bounds.is_empty()
        || release().is_some_and(|release| bounds.iter().all(|bound| bound.admits(&release)))
}

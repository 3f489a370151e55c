//! The result of a run and the fate of a place, in words.

use imglock_core::Verdict;
use imglock_engine::{Builtin, Place, PlaceFate, ScenarioResult};
use imglock_scenario::Standing;

use super::palette::Worth;

/// One word for a result, known failures considered.
pub fn word(result: &ScenarioResult) -> &'static str {
    match result.standing() {
        Standing::Known => "known",
        Standing::Surprise => "unexpected",
        Standing::Passed | Standing::Skipped | Standing::Bad => result.verdict.name(),
    }
}

/// How a reader should take a result.
pub fn worth(result: &ScenarioResult) -> Worth {
    match result.standing() {
        Standing::Passed => Worth::Good,
        Standing::Known | Standing::Skipped => Worth::Careful,
        Standing::Surprise | Standing::Bad => Worth::Bad,
    }
}

/// Why the run is known to fail; empty for one that is not.
pub fn known(result: &ScenarioResult) -> &str {
    result.known.as_ref().map_or("", |known| &known.why)
}

/// Why the run did not pass, or why its pass is unexpected.
pub fn reason(result: &ScenarioResult) -> String {
    let known = known(result);
    match (result.standing(), result.verdict) {
        (Standing::Known, _) => known.to_owned(),
        (Standing::Surprise, Verdict::Passed) => {
            format!("passed, although it is known to fail: {known}")
        }
        (Standing::Surprise, _) => format!("not the known failure ({known}): {}", result.reason),
        (Standing::Passed | Standing::Skipped | Standing::Bad, _) => result.reason.clone(),
    }
}

/// The backend, then the subject unless it is the built-in one: `ofd`, or
/// `ofd by qemu-system`.
pub fn locks(result: &ScenarioResult) -> String {
    match result.subject.as_str() {
        Builtin::NAME => result.backend.to_string(),
        subject => format!("{} by {subject}", result.backend),
    }
}

/// As [`locks`], then the place if it has a name: `ofd by qemu-system, ext4`.
pub fn on(result: &ScenarioResult) -> String {
    match result.place.is_here() {
        true => locks(result),
        false => format!("{}, {}", locks(result), result.place),
    }
}

/// What became of a place where scenarios did not run to the end, and why.
pub fn fate(place: &Place) -> Option<(&'static str, Worth, &str)> {
    match &place.fate {
        PlaceFate::Reached => None,
        PlaceFate::Skipped { why } => Some(("skipped", Worth::Careful, why)),
        PlaceFate::Lost { why, .. } => Some(("lost", Worth::Bad, why)),
    }
}

/// The last lines on the console of a lost kernel.
pub fn console(place: &Place) -> &[String] {
    match &place.fate {
        PlaceFate::Lost { console, .. } => console,
        PlaceFate::Reached | PlaceFate::Skipped { .. } => &[],
    }
}

//! Advice on the errors of the library, which knows no command line.

use imglock_harness::file_system::SiteError;
use imglock_harness::handover::HandoverError;
use imglock_harness::holders::SurveyError;
use imglock_harness::probe::ProbeError;
use imglock_harness::process::{ProcessError, describe};
use imglock_harness::run::HarnessError;
use imglock_harness::vm::KernelError;

pub(super) fn harness(error: &HarnessError) -> Option<String> {
    match error {
        HarnessError::Directory { .. } | HarnessError::NoLocks { .. } => {
            unless_given(error, "choose another directory with --dir")
        }
        HarnessError::NoSuchLocks { .. } => unless_given(
            error,
            "choose other locks with --backend, or another directory with --dir",
        ),
        HarnessError::Process(error) => process(error),
        HarnessError::Race { .. } => None,
    }
}

fn process(error: &ProcessError) -> Option<String> {
    match error {
        ProcessError::TooMany { .. } => unless_given(error, "raise the limit with `ulimit -n`"),
        _ => None,
    }
}

pub(super) fn site(error: &SiteError) -> Option<String> {
    match error {
        SiteError::NotPrivate(_) => {
            Some("run imglock as root, or use an existing directory: --dir instead of --fs".into())
        }
        SiteError::Process(error) => process(error),
    }
}

pub(super) fn handover(error: &HandoverError) -> Option<String> {
    match error {
        HandoverError::Process(error) => process(error),
        HandoverError::Survey(error) => survey(error),
        _ => None,
    }
}

pub(super) fn probe(error: &ProbeError) -> Option<String> {
    match error {
        ProbeError::Directory { .. } => {
            unless_given(error, "name a directory that you can write to")
        }
        ProbeError::Process(error) => process(error),
        ProbeError::Story(_) => {
            unless_given(error, "this is an error in imglock; please report it")
        }
    }
}

pub(super) fn kernel(error: &KernelError) -> Option<String> {
    match error {
        KernelError::NoImage { .. } => unless_given(
            error,
            "name the package that it depends on with --kernel; its name contains the version of \
             the kernel",
        ),
        KernelError::NoModules { release, .. } => unless_given(
            error,
            &format!(
                "name /lib/modules/{release}, or the directory that contains it, with --modules"
            ),
        ),
        _ => None,
    }
}

pub(super) fn survey(error: &SurveyError) -> Option<String> {
    match error {
        SurveyError::Image { .. } => {
            Some("name a file that you can reach, or /proc/PID/fd/N for a deleted file".to_owned())
        }
        SurveyError::Proc(_) => unless_given(error, "check that /proc is mounted"),
    }
}

/// The error text of a survey, without Rust's `(os error N)`.
pub(super) fn not_surveyed(error: &SurveyError) -> String {
    match error {
        SurveyError::Image { path, source } => {
            format!("cannot examine {}: {}", path.display(), describe(source))
        }
        SurveyError::Proc(_) => error.to_string(),
    }
}

/// `advice`, unless the text of the error contains advice already.
fn unless_given(error: &impl std::fmt::Display, advice: &str) -> Option<String> {
    let has_advice = ["; choose", "; raise", "; name", "; is it", "; please"];
    let text = error.to_string();
    (!has_advice.iter().any(|words| text.contains(words))).then(|| advice.to_owned())
}

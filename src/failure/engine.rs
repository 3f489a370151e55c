//! Advice on the errors of the library, which knows no command line.

use imglock_engine::{HarnessError, ProbeError, ProcessError, RaceError, SiteError};
use imglock_locks::SurveyError;
use imglock_qemu::HandoverError;
#[cfg(feature = "vm")]
use imglock_qemu::KernelError;

use crate::phrase::quoted;

pub(super) fn race(error: &RaceError) -> Option<String> {
    match error {
        RaceError::TimedOut { .. } => Some("allow more time for a step with --timeout".to_owned()),
        RaceError::Harness(error) => harness(error),
        _ => None,
    }
}

pub(super) fn harness(error: &HarnessError) -> Option<String> {
    match error {
        HarnessError::Directory { .. } | HarnessError::NoLocks { .. } => {
            Some("choose another directory with --dir".to_owned())
        }
        HarnessError::NoSuchLocks { .. } => {
            Some("choose other locks with --backend, or another directory with --dir".to_owned())
        }
        HarnessError::Process(error) => process(error),
        _ => None,
    }
}

fn process(error: &ProcessError) -> Option<String> {
    match error {
        ProcessError::Scratch { .. } => Some("choose another directory with --dir".to_owned()),
        _ => None,
    }
}

pub(super) fn site(error: &SiteError) -> Option<String> {
    match error {
        SiteError::NotPrivate(_) => {
            Some("run imglock as root, or use an existing directory: --dir instead of --fs".into())
        }
        SiteError::Process(error) => process(error),
        _ => None,
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
        ProbeError::Directory { .. } => Some("name a directory that you can write to".to_owned()),
        ProbeError::Unreachable { .. } => {
            Some("name a directory, or a file or device that exists".to_owned())
        }
        ProbeError::Survey(error) => survey(error),
        ProbeError::InUse { path } => Some(format!(
            "the locks of a probe would be in the way of its users; `imglock holders {}` shows them",
            quoted(&path.display().to_string())
        )),
        ProbeError::Process(error) => process(error),
        ProbeError::Story(_) => Some("this is an error in imglock; please report it".to_owned()),
        _ => None,
    }
}

#[cfg(feature = "vm")]
pub(super) fn kernel(error: &KernelError) -> Option<String> {
    match error {
        KernelError::NoImage { .. } => Some(
            "name the package that it depends on with --kernel; its name contains the version of \
             the kernel"
                .to_owned(),
        ),
        KernelError::NoModules { release, .. } => Some(format!(
            "name /lib/modules/{release}, or the directory that contains it, with --modules"
        )),
        _ => None,
    }
}

pub(super) fn survey(error: &SurveyError) -> Option<String> {
    match error {
        SurveyError::Image { .. } => {
            Some("name a file that you can reach, or /proc/PID/fd/N for a deleted file".to_owned())
        }
        SurveyError::NotAnImage { what: "a directory", .. } => {
            Some("name an image in this directory".to_owned())
        }
        SurveyError::NotAnImage { .. } => Some("name a file or a block device".to_owned()),
        SurveyError::Proc(_) => Some("check that /proc is mounted".to_owned()),
        _ => None,
    }
}

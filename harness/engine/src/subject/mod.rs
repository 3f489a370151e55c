//! The subjects that play the processes of a scenario: builtin workers, or a
//! real QEMU.
//!
//! A [`Subject`] starts processes. Each process is a [`Player`], which performs
//! one [`Deed`] at a time and returns the result. A subject reports unsupported
//! actions with a reason. A scenario that needs such an action is skipped with
//! this reason; no outcome is made up.
//!
//! A deed begins and ends in two calls, so that several players can act at the
//! same moment.

mod absent;
mod builtin;
mod deed;
mod failure;
mod message;
mod program;

pub use absent::Absent;
pub use builtin::{Builtin, BuiltinPlayer, request};
pub use deed::{Deed, OpenNode, Performed, Stage};
pub use failure::StepFailure;
pub use message::Message;
pub use program::SubjectProgram;

use crate::process::{Launcher, Worker};
use imglock_core::{Action, Backend};

/// A kind of program that can play processes of a scenario.
pub trait Subject: std::fmt::Debug + Send + Sync {
    /// The name that flags and reports use, such as `qemu-storage-daemon`.
    fn name(&self) -> &str;

    /// The external program that plays; `None` for builtin workers.
    fn program(&self) -> Option<SubjectProgram> {
        None
    }

    /// Whether the subject supports an action.
    ///
    /// # Errors
    /// When it does not. The text follows the subject's name: `cannot fork`.
    fn can(&self, action: &Action, backend: Backend) -> Result<(), String>;

    /// Starts one process for each name.
    ///
    /// # Errors
    /// When a process cannot be started, or does not answer.
    fn start(
        &self,
        launcher: &mut Launcher,
        names: &[String],
        stage: &Stage<'_>,
    ) -> Result<Vec<Box<dyn Player>>, StepFailure>;
}

/// One process that plays.
///
/// It has no methods for signals: the harness stops, resumes and kills every
/// process by its pid, with any subject.
pub trait Player: std::fmt::Debug + Send {
    /// Its process id.
    fn pid(&self) -> i32;

    /// Begins a deed. Preparations that touch no lock happen here; the decisive
    /// request is only sent.
    ///
    /// # Errors
    /// When the process has exited, or does not support the deed.
    fn begin(&mut self, deed: &Deed<'_>, stage: &Stage<'_>) -> Result<(), StepFailure>;

    /// Waits for the result of the deed.
    ///
    /// # Errors
    /// When no answer comes.
    fn finish(&mut self, stage: &Stage<'_>) -> Result<Performed, StepFailure>;

    /// Makes the process exit by itself; this call does not wait for the exit.
    ///
    /// # Errors
    /// When the process has exited.
    fn leave(&mut self) -> Result<(), StepFailure>;

    /// The builtin worker, for actions that only a worker supports: fork, share
    /// its descriptors, wait for a lock.
    fn worker(&mut self) -> Option<&mut Worker> {
        None
    }

    /// The messages to and from the process since the last call.
    fn take_messages(&mut self) -> Vec<Message> {
        Vec::new()
    }

    /// The process's whole output on standard error.
    fn printed(&self) -> String {
        String::new()
    }
}

//! Who plays the processes of a scenario: our own workers, or a real QEMU.
//!
//! A [`Subject`] starts processes; each is a [`Player`], which is told a
//! [`Deed`] at a time and says what came of it. What a subject has no way of
//! doing is an inability, with its reason; a scenario that wants it is skipped
//! with that reason, and nothing is ever made up.
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
use imglock_core::Action;
use imglock_core::Backend;

/// Something that can play processes of a scenario.
pub trait Subject: std::fmt::Debug + Send + Sync {
    /// The word that flags and reports use, such as `qemu-storage-daemon`.
    fn name(&self) -> &str;

    /// The program that plays, where it is not ours.
    fn program(&self) -> Option<SubjectProgram> {
        None
    }

    /// Whether it has a way of doing this at all.
    ///
    /// # Errors
    /// Why not, in words that go on after its name: `cannot fork`.
    fn can(&self, action: &Action, backend: Backend) -> Result<(), String>;

    /// Starts one process for each name.
    ///
    /// # Errors
    /// When there is no process, or it does not answer.
    fn start(
        &self,
        launcher: &mut Launcher,
        names: &[String],
        stage: &Stage<'_>,
    ) -> Result<Vec<Box<dyn Player>>, StepFailure>;
}

/// One process that plays.
///
/// Signals are not its affair: a process is stopped, resumed and killed by its
/// pid, whoever plays it.
pub trait Player: std::fmt::Debug + Send {
    /// Its process id.
    fn pid(&self) -> i32;

    /// Begins a deed. Whatever can be prepared without touching a lock is done
    /// here; what decides is only sent.
    ///
    /// # Errors
    /// When it is gone, or has no way of doing that.
    fn begin(&mut self, deed: &Deed<'_>, stage: &Stage<'_>) -> Result<(), StepFailure>;

    /// Waits for what came of the deed.
    ///
    /// # Errors
    /// When no answer comes.
    fn finish(&mut self, stage: &Stage<'_>) -> Result<Performed, StepFailure>;

    /// Tells it to exit on its own; nobody waits for that here.
    ///
    /// # Errors
    /// When it is gone.
    fn leave(&mut self) -> Result<(), StepFailure>;

    /// Our worker, for what only that can do: fork, share its descriptors,
    /// wait for a lock.
    fn worker(&mut self) -> Option<&mut Worker> {
        None
    }

    /// What was said to it and by it since this was last asked.
    fn take_messages(&mut self) -> Vec<Message> {
        Vec::new()
    }

    /// All that it has printed on standard error.
    fn printed(&self) -> String {
        String::new()
    }
}

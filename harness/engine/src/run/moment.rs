use std::path::Path;

use super::{Event, Trace};

/// The state right after an event, while every process of the scenario is idle.
/// An observer ([`Engine::run_watched`]) receives it.
///
/// [`Engine::run_watched`]: super::Engine::run_watched
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'a> {
    /// The directory with the scenario's images. An unlinked image has no name
    /// here, though processes may have it open.
    pub directory: &'a Path,
    /// The trace so far, including the processes that took part.
    pub trace: &'a Trace,
}

impl<'a> Snapshot<'a> {
    /// The latest event. Where its table was read, the kernel's locks are still
    /// the same.
    pub fn event(&self) -> Option<&'a Event> {
        self.trace.events.last()
    }
}

/// A function that receives every snapshot of a run.
pub(super) type Observer<'a> = &'a mut dyn FnMut(&Snapshot<'_>);

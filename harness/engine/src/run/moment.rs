use std::path::Path;

use super::{Event, Trace};

/// The moment right after an event, while every process of the scenario
/// stands still: what an observer ([`Engine::run_watched`]) is shown.
///
/// [`Engine::run_watched`]: super::Engine::run_watched
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'a> {
    /// The directory that the scenario's images are in. An image that was
    /// unlinked is not there any more, though processes may have it open.
    pub directory: &'a Path,
    /// What has happened so far, the processes that took part included.
    pub trace: &'a Trace,
}

impl<'a> Snapshot<'a> {
    /// The event that has just happened. Its table is the kernel's at this
    /// moment, where it was read.
    pub fn event(&self) -> Option<&'a Event> {
        self.trace.events.last()
    }
}

/// Who is shown every moment of a run.
pub(super) type Observer<'a> = &'a mut dyn FnMut(&Snapshot<'_>);

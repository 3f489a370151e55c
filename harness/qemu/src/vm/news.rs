use std::time::Duration;

use crate::guest::Accelerator;
use imglock_engine::{Place, ScenarioResult, TourObserver};

/// An observer of guests. It receives places and results, as from any tour, and
/// events of the guests themselves.
pub trait VmObserver: TourObserver {
    /// An event of the guest with this number in the plan, from 0.
    ///
    /// # Errors
    /// An error ends all guests.
    fn news(&mut self, kernel: usize, news: VmNews) -> Result<(), Self::Stop>;
}

/// An event of a guest that is neither a place nor a result.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum VmNews {
    /// QEMU was started.
    Started(Accelerator),
    /// The guest wrote these bytes on its console.
    Console(Vec<u8>),
    /// KVM does not work here, for this reason; TCG is tried next.
    GaveUpKvm(String),
    /// Its init reported, this long after the start.
    Booted(Duration),
    /// It was ended because it exceeded this limit.
    TimedOut(VmLimit),
}

/// A limit on how long a guest may be silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VmLimit {
    /// [`VmOptions::boot_timeout`](super::VmOptions::boot_timeout).
    Boot,
    /// [`VmOptions::silence`](super::VmOptions::silence).
    Silence,
}

/// All messages about one guest.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Told {
    News(VmNews),
    Place(Box<Place>),
    Result(Box<ScenarioResult>),
    /// The guest has ended, with its places in their final state.
    Over(Vec<Place>),
}

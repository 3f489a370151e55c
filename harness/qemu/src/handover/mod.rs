//! Measures the time for which no process holds an image while its guest
//! migrates, and whether another opener is granted the image in that time.
//!
//! A source releases its locks before the destination takes them, on one host
//! as on two, with OFD locks as with POSIX locks. Only time separates the two
//! events, so it is measured: a guest moves repeatedly, each destination being
//! the next source, while a thread polls the lock bytes as often as it can. In
//! other handovers, another thread plays an opener that keeps trying.
//!
//! The drills ([`drill`](crate::drill)) show each moment of a single handover.
//! They can stop QEMU in the gap.
//!
//! The numbers depend on the machine and its load, and most of all on the
//! watcher: a gap between two polls is not seen. So the longest time between
//! two polls is kept with each handover, and a gap that was not seen is
//! reported as missed, not as absent.

mod chain;
mod data;
mod ends;
mod lesson;
mod measure;
mod opener;
mod watch;

pub use data::{
    ContestedHandover, Handling, HandoverEnd, HandoverGaps, HandoverSeries, Handovers,
    WatchedHandover,
};
pub use imglock_engine::Distribution;
pub use lesson::HandoverLesson;
pub use measure::{HandoverError, HandoverOptions, measure_handovers};

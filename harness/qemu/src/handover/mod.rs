//! How long nobody holds an image while its guest moves from one QEMU to
//! another, and who gets in meanwhile.
//!
//! A source gives its locks up before the destination takes them, on one host
//! as on two, with OFD locks as with POSIX locks. Nothing but time is in
//! between, so it is measured: a guest moves again and again, each destination
//! being the next source, while a thread asks for the lock bytes as often as it
//! can. In other handovers another thread plays an opener that keeps trying.
//!
//! What a single handover does at each moment the drills show
//! ([`drill`](crate::drill)), which can hold the gap still.
//!
//! The numbers depend on the machine and its load, and most of all on the
//! watcher: a gap that falls into one of its holes is not seen. So the longest
//! hole is kept beside each handover, and a gap that was not seen is told as
//! missed and not as none.

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

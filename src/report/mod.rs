//! What a reader gets to see. Everything here turns finished data into text;
//! no verdict is computed.

mod changes;
pub mod claims;
pub mod compare;
mod course;
mod drawing;
mod evidence;
pub mod explore;
mod files;
mod foresight;
pub mod handover;
pub mod history;
pub mod holders;
mod html;
mod json;
mod junit;
mod ktap;
mod legend;
mod lifetimes;
mod lines;
pub mod listing;
mod live;
pub mod mode_table;
pub mod modes;
pub mod palette;
mod places;
pub mod probe;
mod progress;
pub mod race;
mod record;
mod replaced;
pub mod repro;
pub mod self_test;
pub mod story;
mod summary;
mod table_words;
mod terminal;
mod timeline;
mod times;
mod waiters;

#[cfg(test)]
mod probe_tests;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod samples_places;
#[cfg(test)]
mod tests;

pub use files::ReportFiles;
pub use json::Json;
pub use ktap::Ktap;
pub use lines::Lines;
pub use live::LiveJson;
pub use progress::{Progress, Work};
pub use record::{MeasuredModes, Rerun, RunRecord};
pub use summary::Summary;
pub use terminal::Terminal;

use std::io::{self, Write};

use imglock_harness::run::{Place, ScenarioResult};

/// A format of standard output: told of the run as it goes on.
///
/// # Errors
/// Each call fails only when `out` cannot be written.
pub trait Reporter {
    /// Before the first result.
    fn begin(&mut self, record: &RunRecord, out: &mut dyn Write) -> io::Result<()>;
    /// A place has been gone to, reached or not; `record` holds it already.
    fn arrived(&mut self, _: &RunRecord, _: &Place, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
    /// A scenario has ended; `record` holds it already, as its last result.
    fn ended(
        &mut self,
        record: &RunRecord,
        result: &ScenarioResult,
        out: &mut dyn Write,
    ) -> io::Result<()>;
    /// Nothing more comes from a place, which may have been lost meanwhile.
    fn left(&mut self, _: &RunRecord, _: &Place, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
    /// After the last result, the planned one or not.
    fn finish(&mut self, record: &RunRecord, out: &mut dyn Write) -> io::Result<()>;
}

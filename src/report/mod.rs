//! The reports: finished data as text, Markdown, JSON or HTML. No verdict is
//! computed here. The words of a thing are derived once (`course`,
//! `lifetimes`, `standing`, `findings`, `summary`); each format only lays them
//! out.
//!
//! A function that writes to `out` or to a page fails only when that cannot be
//! written.

mod action;
mod changes;
pub mod claims;
mod columns;
pub mod compare;
mod course;
mod document;
mod documented;
mod drawing;
mod environment;
mod evidence;
pub mod explore;
mod files;
mod findings;
mod groups;
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
mod names;
mod page;
pub mod palette;
mod permissions;
mod places;
mod predictions;
pub mod probe;
mod progress;
pub mod race;
mod record;
mod replaced;
pub mod repro;
pub mod self_test;
mod standing;
pub mod story;
mod summary;
mod table_words;
mod terminal;
mod timeline;
mod times;
mod waiters;
mod wrap;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod samples_places;
#[cfg(test)]
mod shown;
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

use imglock_engine::{Place, ScenarioResult};

/// A format of standard output. It receives the events of a run as they happen.
///
/// # Errors
/// Each call fails only when `out` cannot be written.
pub trait Reporter {
    /// The run begins.
    fn begin(&mut self, _: &RunRecord, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
    /// A place is reached or not; it is already in the record.
    fn arrived(&mut self, _: &RunRecord, _: &Place, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
    /// A run has ended; its result is the last one in the record.
    fn ended(&mut self, _: &RunRecord, _: &ScenarioResult, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
    /// No more results come from a place. It may have been lost since its arrival.
    fn left(&mut self, _: &RunRecord, _: &Place, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
    /// The run has ended, complete or not.
    fn finish(&mut self, record: &RunRecord, out: &mut dyn Write) -> io::Result<()>;
}

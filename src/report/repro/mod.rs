//! What real QEMU did with its locks, told so that it can be passed on.

mod list;
mod markdown;
mod sum;
mod terminal;
mod words;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use list::{list, tables};
pub use markdown::markdown;
pub use sum::{line, sum};
pub use terminal::terminal;

use std::io::{self, Write};

use imglock_harness::drill::{Drill, DrillResult};
use imglock_harness::run::Environment;
use serde::Serialize;

/// The version of the document; it rises when a reader could be broken.
const SCHEMA: u32 = 1;

/// One drill, told.
#[derive(Debug)]
pub struct Narrative<'a> {
    /// What it is about.
    pub drill: &'a Drill,
    /// The run that is told step by step.
    pub told: &'a DrillResult,
    /// The same commands with OFD locks, where that is another run.
    pub control: Option<&'a DrillResult>,
    /// Where.
    pub environment: Environment,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    results: &'a [&'a DrillResult],
}

/// Results as one JSON document.
///
/// # Errors
/// When `out` cannot be written.
pub fn json(results: &[&DrillResult], out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Document { schema: SCHEMA, results })?;
    writeln!(out)
}

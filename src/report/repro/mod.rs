//! What real QEMU does with its locks, step by step, as a report that can be passed on.

mod list;
mod markdown;
mod steps;
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

use imglock_engine::Environment;
use imglock_qemu::{Drill, DrillResult};

use super::document;

/// A drill with its results.
#[derive(Debug)]
pub struct Narrative<'a> {
    /// The drill.
    pub drill: &'a Drill,
    /// The run that is written step by step.
    pub told: &'a DrillResult,
    /// The run of the same commands with OFD locks, where `told` has none.
    pub control: Option<&'a DrillResult>,
    /// Where it ran.
    pub environment: Environment,
}

/// Writes results as one JSON document.
pub fn json(results: &[&DrillResult], out: &mut dyn Write) -> io::Result<()> {
    document::write(&serde_json::json!({ "schema": 1, "results": results }), out)
}

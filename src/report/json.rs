use std::io::{self, Write};

use imglock_harness::run::{Environment, ScenarioResult};
use serde::Serialize;

use super::{Reporter, RunRecord, Summary};

/// The version of the document; it rises when a reader could be broken.
const SCHEMA: u32 = 1;

/// The JSON document on standard output, once the run has ended.
pub struct Json;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    /// Whether all that was planned has ended.
    complete: bool,
    environment: &'a Environment,
    summary: Summary,
    results: &'a [ScenarioResult],
}

impl Reporter for Json {
    fn begin(&mut self, _: &RunRecord, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn ended(&mut self, _: &RunRecord, _: &ScenarioResult, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
        write(record, out)
    }
}

/// Writes the whole document.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema: SCHEMA,
        complete: record.is_complete(),
        environment: &record.environment,
        summary: Summary::of(&record.results),
        results: &record.results,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

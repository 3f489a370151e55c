use std::io::{self, Write};

use imglock_harness::run::{Document, Place, ScenarioResult};
use serde::Serialize;

use super::{Reporter, RunRecord, Summary};

/// The JSON document on standard output, once the run has ended.
pub struct Json;

/// A [`Document`] with the results counted.
#[derive(Serialize)]
struct Counted<'a> {
    schema: u32,
    complete: bool,
    places: &'a [Place],
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
    let document = Counted {
        schema: Document::SCHEMA,
        complete: record.is_complete(),
        places: &record.places,
        summary: Summary::of(&record.results),
        results: &record.results,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

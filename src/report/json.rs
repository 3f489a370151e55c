use std::io::{self, Write};

use imglock_engine::{Place, RunDocument, ScenarioResult};
use serde::Serialize;

use super::{Reporter, RunRecord, Summary};

/// The JSON document on standard output, after the run.
pub struct Json;

/// A [`RunDocument`] with counted results.
#[derive(Serialize)]
struct Counted<'a> {
    schema: u32,
    complete: bool,
    places: &'a [Place],
    summary: Summary,
    results: &'a [ScenarioResult],
}

impl Reporter for Json {
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
        schema: RunDocument::SCHEMA,
        complete: record.tour.is_complete(),
        places: &record.tour.places,
        summary: Summary::of(&record.tour.results),
        results: &record.tour.results,
    };
    pretty(&document, out)
}

/// Writes a document of several lines.
///
/// # Errors
/// When `out` cannot be written.
pub fn pretty(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}

use std::io::{self, Write};

use imglock_engine::{Place, RunDocument, RunLine, ScenarioResult};

use super::{Reporter, RunRecord};

/// A line with a JSON object for each event of the run, at once: for a program
/// that follows the run.
pub struct Lines;

impl Reporter for Lines {
    fn begin(&mut self, record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
        let (schema, planned) = (RunDocument::SCHEMA, record.tour.expected());
        line(&RunLine::Begin { schema, planned, places: record.tour.planned_places.len() }, out)
    }

    fn arrived(&mut self, _: &RunRecord, place: &Place, out: &mut dyn Write) -> io::Result<()> {
        line(&RunLine::Place(Box::new(place.clone())), out)
    }

    fn ended(
        &mut self,
        _: &RunRecord,
        result: &ScenarioResult,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        line(&RunLine::Result(Box::new(result.clone())), out)
    }

    fn left(&mut self, _: &RunRecord, place: &Place, out: &mut dyn Write) -> io::Result<()> {
        // The line from its arrival no longer holds.
        if place.is_lost() { line(&RunLine::Place(Box::new(place.clone())), out) } else { Ok(()) }
    }

    fn finish(&mut self, record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
        line(&RunLine::End { complete: record.tour.is_complete() }, out)
    }
}

fn line(line: &RunLine, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    writeln!(out)?;
    out.flush()
}

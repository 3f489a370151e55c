use std::io::Write;
use std::time::Instant;

use imglock_harness::run::{Place, ScenarioResult};

use crate::cli::{ReportArgs, RunFormat};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use crate::report::{
    Json, Ktap, Lines, Progress, ReportFiles, Reporter, RunRecord, Summary, Terminal, Work,
};

/// A run that is recorded and told as it goes on, wherever it takes place.
pub struct RunLog<'o> {
    record: RunRecord,
    reporter: Box<dyn Reporter>,
    files: ReportFiles,
    progress: Progress,
    output: &'o mut Output,
    began: Instant,
}

impl<'o> RunLog<'o> {
    /// Begins to tell of `record`. `traced` draws each run; `quiet` allows a
    /// progress bar.
    ///
    /// # Errors
    /// When a report cannot be written.
    pub fn begin(
        record: RunRecord,
        told: ReportArgs,
        traced: bool,
        quiet: bool,
        output: &'o mut Output,
    ) -> Result<RunLog<'o>, Failure> {
        let files = ReportFiles::create(told.reports, &record)?;
        let mut reporter: Box<dyn Reporter> = match told.format {
            RunFormat::Human => Box::new(Terminal::new(output.width()).tracing(traced)),
            RunFormat::Json => Box::new(Json),
            RunFormat::JsonLines => Box::new(Lines),
            RunFormat::Ktap => Box::new(Ktap::default()),
        };
        let progress = Progress::new(Work::Scenarios, record.expected() as u64, quiet);
        reporter.begin(&record, output)?;
        Ok(RunLog { record, reporter, files, progress, output, began: Instant::now() })
    }

    /// A place has been gone to, or could not be.
    ///
    /// # Errors
    /// When a report cannot be written.
    pub fn arrive(&mut self, place: Place) -> Result<(), Failure> {
        let RunLog { record, reporter, progress, output, .. } = self;
        record.places.push(place);
        let Some(place) = record.places.last() else { return Ok(()) };
        progress.expect(record.expected() as u64);
        progress.aside(|| reporter.arrived(record, place, output))?;
        self.tell_files()
    }

    /// A run has ended at the place called `place`.
    ///
    /// # Errors
    /// When a report cannot be written.
    pub fn add(&mut self, place: &str, result: ScenarioResult) -> Result<(), Failure> {
        let RunLog { record, reporter, progress, output, .. } = self;
        record.results.push(ScenarioResult { place: place.to_owned(), ..result });
        progress.advance();
        if let Some(result) = record.results.last() {
            progress.aside(|| reporter.ended(record, result, output))?;
        }
        self.tell_files()
    }

    /// Nothing more comes from a place; `place` is as it is known now.
    ///
    /// # Errors
    /// When a report cannot be written.
    pub fn leave(&mut self, place: Place) -> Result<(), Failure> {
        let RunLog { record, reporter, progress, output, .. } = self;
        if let Some(known) = record.places.iter_mut().find(|known| known.name == place.name) {
            known.clone_from(&place);
        }
        progress.expect(record.expected() as u64);
        progress.aside(|| reporter.left(record, &place, output))?;
        self.tell_files()
    }

    /// Says something on standard error that is no part of any report.
    pub fn hint(&self, text: &str) {
        let mut errors = self.output.errors();
        self.progress.aside(|| {
            // Nobody has to read it.
            let _ = writeln!(errors, "{text}");
        });
    }

    /// The record so far.
    pub fn record(&self) -> &RunRecord {
        &self.record
    }

    /// Tells how it ended, once `last` has entered what is known only now.
    /// `broken` is why it did not go on, if it did not.
    ///
    /// # Errors
    /// When a report cannot be written; and `broken`, after all else is told.
    pub fn finish(
        self,
        last: impl FnOnce(&mut RunRecord),
        broken: Option<Failure>,
    ) -> Result<ExitCode, Failure> {
        let RunLog { mut record, mut reporter, files, progress, output, began } = self;
        drop(progress);
        record.elapsed = began.elapsed();
        last(&mut record);
        reporter.finish(&record, output)?;
        output.flush()?;
        files.finish(&record)?;
        broken.map_or_else(|| exit(&record), Err)
    }

    fn tell_files(&mut self) -> Result<(), Failure> {
        self.record.elapsed = self.began.elapsed();
        self.files.update(&self.record)
    }
}

fn exit(record: &RunRecord) -> Result<ExitCode, Failure> {
    let summary = Summary::of(&record.results);
    let is_bad = summary.bad() > 0
        || record.lost().next().is_some()
        || record.matrix_is_bad()
        || !record.mix_differences().is_empty();
    if record.interrupted {
        Ok(ExitCode::Interrupted)
    } else if !record.is_complete() {
        Err(Failure::Incomplete { ran: record.results.len(), planned: record.expected() })
    } else if is_bad {
        Ok(ExitCode::Failed)
    } else if summary.passed + summary.known == 0 {
        Err(Failure::NothingRan)
    } else {
        Ok(ExitCode::AsExpected)
    }
}

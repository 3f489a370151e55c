use std::io::Write;
use std::time::Instant;

use imglock_harness::compare::Comparison;
use imglock_harness::known::KnownFailures;
use imglock_harness::run::{Place, ScenarioResult};

use super::baseline::Baseline;
use super::known;
use crate::cli::{ReportArgs, RunFormat};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use crate::report::palette::CAREFUL;
use crate::report::{
    Json, Ktap, Lines, Progress, ReportFiles, Reporter, RunRecord, Summary, Terminal, Work,
};

/// A run that is recorded and told as it goes on, wherever it takes place.
pub struct RunLog<'o> {
    record: RunRecord,
    known: KnownFailures,
    baseline: Option<Baseline>,
    format: RunFormat,
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
    /// When a report cannot be written, or what is known, or the baseline,
    /// cannot be read.
    pub fn begin(
        record: RunRecord,
        told: ReportArgs,
        traced: bool,
        quiet: bool,
        output: &'o mut Output,
    ) -> Result<RunLog<'o>, Failure> {
        // Before the report files: one of them may replace the baseline.
        let baseline = told.baseline.as_deref().map(Baseline::read).transpose()?;
        let known = known::failures(&told.known)?;
        let format = told.format;
        let files = ReportFiles::create(told.reports, &record)?;
        let mut reporter: Box<dyn Reporter> = match format {
            RunFormat::Human => Box::new(Terminal::new(output.width()).tracing(traced)),
            RunFormat::Json => Box::new(Json),
            RunFormat::JsonLines => Box::new(Lines),
            RunFormat::Ktap => Box::new(Ktap::default()),
        };
        let progress = Progress::new(Work::Scenarios, record.expected() as u64, quiet);
        reporter.begin(&record, output)?;
        let began = Instant::now();
        Ok(RunLog { record, known, baseline, format, reporter, files, progress, output, began })
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
        let RunLog { record, known, reporter, progress, output, .. } = self;
        let mut result = ScenarioResult { place: place.to_owned(), ..result };
        if let Some(place) = record.places.iter().find(|one| one.name == place) {
            result.known = known.of(&result.key(place));
        }
        record.results.push(result);
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
        let RunLog { mut record, mut reporter, files, progress, output, began, .. } = self;
        drop(progress);
        record.elapsed = began.elapsed();
        last(&mut record);
        // Where nothing could be begun, why not is all there is to tell.
        if broken.is_none() || !record.results.is_empty() {
            reporter.finish(&record, output)?;
            output.flush()?;
        }
        files.finish(&record)?;
        if let Some(failure) = broken {
            return Err(failure);
        }
        for remark in known::remarks(&self.known, &record) {
            // Nobody is left to be told when standard error is gone.
            let _ = writeln!(output.errors(), "{CAREFUL}note{CAREFUL:#}: {remark}");
        }
        let comparison = self.baseline.map(|it| it.compare(&record, self.format, output));
        exit(&record, comparison.transpose()?.as_ref())
    }

    fn tell_files(&mut self) -> Result<(), Failure> {
        self.record.elapsed = self.began.elapsed();
        self.files.update(&self.record)
    }
}

/// How the command ends: as the comparison says, where there is one.
fn exit(record: &RunRecord, comparison: Option<&Comparison>) -> Result<ExitCode, Failure> {
    let summary = Summary::of(&record.results);
    let is_bad = match comparison {
        Some(comparison) => comparison.is_broken(),
        None => {
            summary.bad() > 0
                || record.lost().next().is_some()
                || record.matrix_is_bad()
                || !record.mix_differences().is_empty()
        }
    };
    if record.interrupted {
        Ok(ExitCode::Interrupted)
    } else if !record.is_complete() {
        Err(Failure::Incomplete { ran: record.results.len(), planned: record.expected() })
    } else if is_bad {
        Ok(ExitCode::Failed)
    } else if summary.passed + summary.known + summary.bad() == 0 {
        Err(Failure::NothingRan)
    } else {
        Ok(ExitCode::AsExpected)
    }
}

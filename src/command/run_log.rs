use std::io::Write;
use std::time::Instant;

use imglock_harness::compare::Comparison;
use imglock_harness::known::KnownFailures;
use imglock_harness::run::{Place, ScenarioResult};

use super::baseline::Baseline;
use super::known;
use crate::cli::{ReportArgs, RunFormat};
use crate::exit::ExitCode;
use crate::failure::{self, Failure};
use crate::output::Output;
use crate::report::palette::CAREFUL;
use crate::report::{
    Json, Ktap, Lines, Progress, ReportFiles, Reporter, RunRecord, Summary, Terminal, Work,
};

/// Records a run and reports it while it goes on, at any place.
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
    /// Begins to report `record`. `traced` draws a timeline of each run; `quiet`
    /// allows a progress bar.
    ///
    /// # Errors
    /// A report cannot be written, or the expected failures or the baseline
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

    /// Records a new place, reached or not.
    ///
    /// # Errors
    /// A report cannot be written.
    pub fn arrive(&mut self, place: Place) -> Result<(), Failure> {
        let RunLog { record, reporter, progress, output, .. } = self;
        record.places.push(place);
        let Some(place) = record.places.last() else { return Ok(()) };
        progress.expect(record.expected() as u64);
        progress.aside(|| reporter.arrived(record, place, output))?;
        self.tell_files()
    }

    /// Records the result of a run at the place named `place`.
    ///
    /// # Errors
    /// A report cannot be written.
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

    /// Records that a place is finished; `place` is its final state.
    ///
    /// # Errors
    /// A report cannot be written.
    pub fn leave(&mut self, place: Place) -> Result<(), Failure> {
        let RunLog { record, reporter, progress, output, .. } = self;
        if let Some(known) = record.places.iter_mut().find(|known| known.name == place.name) {
            known.clone_from(&place);
        }
        progress.expect(record.expected() as u64);
        progress.aside(|| reporter.left(record, &place, output))?;
        self.tell_files()
    }

    /// Prints a note on standard error that is not part of any report.
    pub fn hint(&self, text: &str) {
        let mut errors = self.output.errors();
        self.progress.aside(|| {
            // If standard error is closed, the note is lost.
            let _ = writeln!(errors, "{text}");
        });
    }

    /// The record so far.
    pub fn record(&self) -> &RunRecord {
        &self.record
    }

    /// Reports the end of the run, after `last` has completed the record.
    /// `broken` is the failure that ended the run early, if any.
    ///
    /// # Errors
    /// A report cannot be written; or `broken`, after everything else is
    /// reported.
    pub fn finish(
        self,
        last: impl FnOnce(&mut RunRecord),
        broken: Option<Failure>,
    ) -> Result<ExitCode, Failure> {
        let RunLog { mut record, mut reporter, files, progress, output, began, .. } = self;
        drop(progress);
        record.elapsed = began.elapsed();
        last(&mut record);
        // If the run could not begin, the failure alone is reported.
        if broken.is_none() || !record.results.is_empty() {
            reporter.finish(&record, output)?;
            output.flush()?;
        }
        files.finish(&record)?;
        if let Some(failure) = broken {
            return Err(failure);
        }
        for remark in known::remarks(&self.known, &record) {
            // If standard error is closed, the note is lost.
            let _ = writeln!(output.errors(), "{CAREFUL}note{CAREFUL:#}: {remark}");
        }
        let in_guests = !record.rerun.guests.is_empty();
        if let Some(advice) = failure::advice_on_results(&record.results, in_guests) {
            failure::help(advice, output.errors());
        }
        let comparison = self.baseline.map(|it| it.compare(&record, self.format, output));
        exit(&record, comparison.transpose()?.as_ref())
    }

    fn tell_files(&mut self) -> Result<(), Failure> {
        self.record.elapsed = self.began.elapsed();
        self.files.update(&self.record)
    }
}

/// The exit code of a run; a comparison alone decides it, if there is one.
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

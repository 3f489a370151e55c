use std::io::Write;
use std::time::Instant;

use imglock_engine::{Comparison, Place, ScenarioResult, TourObserver};

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
        mut record: RunRecord,
        told: ReportArgs,
        traced: bool,
        quiet: bool,
        output: &'o mut Output,
    ) -> Result<RunLog<'o>, Failure> {
        // Before the report files: one of them may replace the baseline.
        let baseline = told.baseline.as_deref().map(Baseline::read).transpose()?;
        record.tour = record.tour.knowing(known::failures(&told.known)?);
        let format = told.format;
        let files = ReportFiles::create(told.reports, &record)?;
        let mut reporter: Box<dyn Reporter> = match format {
            RunFormat::Human => Box::new(Terminal::new(output.width()).tracing(traced)),
            RunFormat::Json => Box::new(Json),
            RunFormat::JsonLines => Box::new(Lines),
            RunFormat::Ktap => Box::new(Ktap::default()),
        };
        let progress = Progress::new(Work::Scenarios, record.tour.expected() as u64, quiet);
        reporter.begin(&record, output)?;
        let began = Instant::now();
        Ok(RunLog { record, baseline, format, reporter, files, progress, output, began })
    }

    /// Prints a note on standard error that is not part of any report.
    #[cfg(feature = "vm")]
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
        record.tour.sort_places();
        last(&mut record);
        // If the run could not begin, the failure alone is reported.
        if broken.is_none() || !record.tour.results.is_empty() {
            reporter.finish(&record, output)?;
            output.flush()?;
        }
        files.finish(&record)?;
        if let Some(failure) = broken {
            return Err(failure);
        }
        for remark in known::remarks(&record) {
            // If standard error is closed, the note is lost.
            let _ = writeln!(output.errors(), "{CAREFUL}note{CAREFUL:#}: {remark}");
        }
        let in_guests = !record.rerun.guests.is_empty();
        if let Some(advice) = failure::advice_on_results(&record.tour.results, in_guests) {
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

impl TourObserver for RunLog<'_> {
    type Stop = Failure;

    fn arrive(&mut self, place: Place) -> Result<(), Failure> {
        let RunLog { record, reporter, progress, output, .. } = self;
        let Ok(()) = record.tour.arrive(place);
        let Some(place) = record.tour.places.last() else { return Ok(()) };
        progress.expect(record.tour.expected() as u64);
        progress.aside(|| reporter.arrived(record, place, output))?;
        self.tell_files()
    }

    fn add(&mut self, result: ScenarioResult) -> Result<(), Failure> {
        let RunLog { record, reporter, progress, output, .. } = self;
        let Ok(()) = record.tour.add(result);
        progress.advance();
        if let Some(result) = record.tour.results.last() {
            progress.aside(|| reporter.ended(record, result, output))?;
        }
        self.tell_files()
    }

    fn leave(&mut self, place: Place) -> Result<(), Failure> {
        let RunLog { record, reporter, progress, output, .. } = self;
        let Ok(()) = record.tour.leave(place.clone());
        progress.expect(record.tour.expected() as u64);
        progress.aside(|| reporter.left(record, &place, output))?;
        self.tell_files()
    }
}

/// The exit code of a run; a comparison alone decides it, if there is one.
fn exit(record: &RunRecord, comparison: Option<&Comparison>) -> Result<ExitCode, Failure> {
    let summary = Summary::of(&record.tour.results);
    let is_bad = match comparison {
        Some(comparison) => comparison.is_broken(),
        None => {
            summary.bad() > 0
                || record.tour.lost().next().is_some()
                || record.matrix_is_bad()
                || !record.mix_differences().is_empty()
        }
    };
    if record.interrupted {
        Ok(ExitCode::Interrupted)
    } else if !record.tour.is_complete() {
        Err(Failure::Incomplete { ran: record.tour.results.len(), planned: record.tour.expected() })
    } else if is_bad {
        Ok(ExitCode::Failed)
    } else if summary.passed + summary.known + summary.bad() == 0 {
        Err(Failure::NothingRan)
    } else {
        Ok(ExitCode::AsExpected)
    }
}

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use imglock_core::{Backend, ScenarioName};
use imglock_engine::{Comparison, Job, RunDocument, ScenarioResult};

use super::compare;
use crate::cli::RunFormat;
use crate::failure::Failure;
use crate::output::Output;
use crate::phrase::count;
use crate::report::RunRecord;
use crate::report::compare::{Compared, text};
use crate::report::palette::FAINT;

/// The factor by which the time of a slower run exceeds its earlier time.
const SLOWER: f64 = 3.0;

/// The report of an earlier run, to compare a run with.
pub struct Baseline {
    name: String,
    document: RunDocument,
}

impl Baseline {
    /// Reads the report, before the run begins.
    ///
    /// # Errors
    /// The file cannot be read, or is not a report of runs.
    pub fn read(path: &Path) -> Result<Baseline, Failure> {
        let document = compare::read(path)?;
        Ok(Baseline { name: path.display().to_string(), document })
    }

    /// Compares the planned runs with the baseline and prints the differences: after the human
    /// format on standard output, with a machine format on standard error.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn compare(
        &self,
        record: &RunRecord,
        format: RunFormat,
        output: &mut Output,
    ) -> Result<Comparison, Failure> {
        let asked: BTreeSet<_> = record.tour.planned.iter().map(key_of_job).collect();
        let mut before = self.document.clone();
        before.results.retain(|result| asked.contains(&key(result)));
        let others = self.document.results.len() - before.results.len();
        let comparison = Comparison::of(&before, &record.tour.document(), SLOWER);
        let compared = Compared {
            old: self.name.clone(),
            new: "this run".to_owned(),
            comparison: &comparison,
        };
        let width = output.width();
        if format == RunFormat::Human {
            writeln!(output, "\ncompared with the baseline:\n")?;
            if others > 0 {
                let runs = count(others, "other run", "other runs");
                writeln!(
                    output,
                    "{FAINT}{runs} of the baseline were not selected for this run{FAINT:#}\n"
                )?;
            }
            text(&compared, false, width, output)?;
            output.flush()?;
        } else {
            // If standard error is closed, the text is lost.
            let _ = text(&compared, false, width, &mut output.errors());
        }
        Ok(comparison)
    }
}

fn key(result: &ScenarioResult) -> (ScenarioName, Backend, String) {
    (result.scenario.clone(), result.backend, result.subject.clone())
}

fn key_of_job(job: &Job) -> (ScenarioName, Backend, String) {
    (job.scenario.name.clone(), job.backend, job.casting.to_string())
}

use std::io::{self, Write};

use imglock_harness::run::{ScenarioResult, Starts, Verdict};
use unicode_width::UnicodeWidthStr;

use super::changes::Changes;
use super::palette::{self, BAD, CAREFUL, FAINT, GOOD, STRONG};
use super::{MeasuredModes, Reporter, RunRecord, Summary, drawing, evidence, legend, times};
use crate::phrase::count;

/// What a person reads: a line a scenario as it ends, then the failures in
/// full, then the summary.
pub struct Terminal {
    width: usize,
    name_width: usize,
    traced: bool,
}

impl Terminal {
    /// For a terminal of `width` columns.
    pub fn new(width: usize) -> Terminal {
        Terminal { width, name_width: 0, traced: false }
    }

    /// Draws every run, whatever came of it, if `traced`.
    pub fn tracing(self, traced: bool) -> Terminal {
        Terminal { traced, ..self }
    }

    fn draw(&self, result: &ScenarioResult, out: &mut dyn Write) -> io::Result<()> {
        if !self.traced || result.trace.events.is_empty() {
            return Ok(());
        }
        writeln!(out)?;
        drawing::whole(result).draw(out, self.width)?;
        let changes = Changes::of(&result.trace);
        legend::write(changes.gained(), out, self.width)?;
        writeln!(out)
    }
}

impl Reporter for Terminal {
    fn begin(&mut self, record: &RunRecord, _: &mut dyn Write) -> io::Result<()> {
        let names = record.planned.iter().map(|job| job.scenario.name.width());
        self.name_width = names.max().unwrap_or(0);
        Ok(())
    }

    fn ended(
        &mut self,
        _: &RunRecord,
        result: &ScenarioResult,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let style = palette::of_verdict(result.verdict);
        let time = times::readable(result.duration);
        let pad = self.name_width.saturating_sub(result.scenario.width());
        let line = format!(
            "{style}{:9}{style:#}  {}{:pad$}  {:5}  {FAINT}{time:>8}{FAINT:#}  {}",
            result.verdict, result.scenario, "", result.backend, result.reason
        );
        writeln!(out, "{}", line.trim_end())?;
        self.draw(result, out)?;
        out.flush()
    }

    fn finish(&mut self, record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
        for result in &record.results {
            if matches!(result.verdict, Verdict::Failed | Verdict::TimedOut) {
                writeln!(out)?;
                evidence::write(record, result, out, self.width)?;
            }
        }
        writeln!(out)?;
        sum_up(record, out)?;
        out.flush()
    }
}

fn sum_up(record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
    let summary = Summary::of(&record.results);
    let parts = [
        (summary.passed, Verdict::Passed, GOOD),
        (summary.failed, Verdict::Failed, BAD),
        (summary.skipped, Verdict::Skipped, CAREFUL),
        (summary.timed_out, Verdict::TimedOut, BAD),
    ];
    let parts = parts.map(|(number, verdict, style)| {
        let style = if number == 0 { FAINT } else { style };
        format!("{style}{number} {verdict}{style:#}")
    });
    writeln!(out, "{} in {}", parts.join(", "), times::readable(record.elapsed))?;
    for (reason, number) in &summary.skip_reasons {
        writeln!(out, "  skipped {number}: {reason}")?;
    }
    for ((hazard, backend), number) in &summary.reproduced {
        let words = hazard.name().replace('-', " ");
        let scenarios = if *number == 1 { "scenario" } else { "scenarios" };
        writeln!(out, "  {words} reproduced under {backend} by {number} {scenarios}")?;
    }
    for (backend, Starts { contested, nobody_won }) in &summary.starts {
        writeln!(
            out,
            "  {} at the same moment under {backend}; nobody won {nobody_won}, as the contract allows",
            count(*contested, "contested start", "contested starts")
        )?;
    }
    for modes in &record.modes {
        let MeasuredModes { backend, cells, .. } = modes;
        if modes.is_bad() {
            let advice = "`imglock matrix` says where";
            writeln!(out, "  {BAD}mode matrix not as it must be under {backend}{BAD:#}; {advice}")?;
        } else {
            writeln!(out, "  {} pairs of modes under {backend} as they must be", cells.len())?;
        }
    }
    for directory in &record.kept {
        writeln!(out, "  kept {}", directory.display())?;
    }
    if record.interrupted {
        let (ran, planned) = (record.results.len(), record.planned.len());
        writeln!(out, "{STRONG}interrupted{STRONG:#}: {ran} of {planned} ran")?;
    }
    Ok(())
}

use std::collections::BTreeMap;
use std::io::{self, Write};

use imglock_core::Verdict;
use imglock_engine::{MixDifference, Place, ScenarioResult};
use unicode_width::UnicodeWidthStr;

use super::changes::Changes;
use super::palette::{BAD, CAREFUL, FAINT, STRONG};
use super::wrap::wrapped;
use super::{
    MeasuredModes, Reporter, RunRecord, Summary, drawing, evidence, legend, places, standing, times,
};
use crate::phrase::count;

/// The report for a terminal: a line for each run as it ends, then the
/// failures in full, then a summary.
pub struct Terminal {
    width: usize,
    name_width: usize,
    /// The width of the subject's column; 0 if only the built-in one plays.
    subject_width: usize,
    traced: bool,
}

impl Terminal {
    /// For a terminal of `width` columns.
    pub fn new(width: usize) -> Terminal {
        Terminal { width, name_width: 0, subject_width: 0, traced: false }
    }

    /// Draws every run, whatever its result, if `traced`.
    pub fn tracing(self, traced: bool) -> Terminal {
        Terminal { traced, ..self }
    }

    fn draw(&self, result: &ScenarioResult, out: &mut dyn Write) -> io::Result<()> {
        if !self.traced || result.trace.events.is_empty() {
            return Ok(());
        }
        let changes = Changes::of(&result.trace);
        writeln!(out)?;
        drawing::whole(result, &changes).draw(out, self.width)?;
        legend::write(changes.lifetimes.iter().map(|one| &one.lock), out, self.width)?;
        writeln!(out)
    }
}

impl Reporter for Terminal {
    fn begin(&mut self, record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
        warn(record, self.width, out)?;
        let names = record.tour.planned.iter().map(|job| job.scenario.name.as_str().width());
        self.name_width = names.max().unwrap_or(0);
        if record.has_subjects() {
            let subjects = record.tour.planned.iter().map(|job| job.casting.to_string().len() + 2);
            self.subject_width = subjects.max().unwrap_or(0);
        }
        Ok(())
    }

    fn ended(
        &mut self,
        record: &RunRecord,
        result: &ScenarioResult,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        // The table at the end shows the other results of several places.
        let named = record.tour.has_named_places();
        if named && !self.traced && !result.standing().is_news() {
            return Ok(());
        }
        let (word, style) = (standing::word(result), standing::worth(result).style());
        let (name, backend) = (&result.scenario, result.backend);
        // `unexpected` is one column wider than any verdict.
        let after_word = 11_usize.saturating_sub(word.len());
        let after_name = self.name_width.saturating_sub(name.as_str().width());
        let subject = if self.subject_width > 0 { result.subject.as_str() } else { "" };
        let place = if named { format!("{}  ", result.place) } else { String::new() };
        let time = times::readable(result.duration);
        let line = format!(
            "{style}{word}{style:#}{:after_word$}{name}{:after_name$}  {backend:5}  \
             {subject:subject_width$}{place}{FAINT}{time:>8}{FAINT:#}  {}",
            "",
            "",
            standing::reason(result),
            subject_width = self.subject_width,
        );
        writeln!(out, "{}", line.trim_end())?;
        self.draw(result, out)?;
        out.flush()
    }

    fn left(&mut self, record: &RunRecord, place: &Place, out: &mut dyn Write) -> io::Result<()> {
        if !record.tour.has_named_places() {
            return Ok(());
        }
        let told = match standing::fate(place) {
            None => counted(&Summary::of(record.tour.results_at(&place.name))),
            Some((word, worth, why)) => format!("{0}{word}{0:#}: {why}", worth.style()),
        };
        writeln!(out, "{STRONG}{}{STRONG:#}  {told}", place.name)?;
        for line in standing::console(place) {
            writeln!(out, "  {FAINT}|{FAINT:#} {line}")?;
        }
        for complaint in place.boot.iter().flat_map(|boot| &boot.complaints) {
            writeln!(out, "  {CAREFUL}kernel warning{CAREFUL:#}: {complaint}")?;
        }
        out.flush()
    }

    fn finish(&mut self, record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
        for result in record.tour.results.iter().filter(|result| result.standing().is_news()) {
            writeln!(out)?;
            evidence::write(record, result, out, self.width)?;
        }
        writeln!(out)?;
        warn(record, self.width, out)?;
        if record.tour.has_named_places() && record.tour.places.len() > 1 {
            places::write(record, out, self.width)?;
        }
        sum_up(record, self.width, out)?;
        out.flush()
    }
}

/// The warning that the results are not this machine's.
fn warn(record: &RunRecord, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let Some(warning) = record.warning() else { return Ok(()) };
    for line in wrapped(&warning, width, "") {
        writeln!(out, "{BAD}{line}{BAD:#}")?;
    }
    Ok(())
}

fn sum_up(record: &RunRecord, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let summary = Summary::of(&record.tour.results);
    writeln!(out, "{} in {}", counted(&summary), times::readable(record.elapsed))?;
    summary.reasons().iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    let lost: Vec<String> = record.tour.lost().map(|place| place.name.to_string()).collect();
    if !lost.is_empty() {
        let places = count(lost.len(), "place", "places");
        writeln!(out, "  {BAD}{places} lost{BAD:#}: {}", lost.join(", "))?;
    }
    for place in record.tour.places.iter().filter(|place| place.environment.hides_locks) {
        let name = place.name.to_string();
        let at = if name.is_empty() { "this place" } else { &name };
        writeln!(out, "  judged by outcomes alone at {at}: the kernel shows no lock there")?;
    }
    if !summary.hazards.is_empty() {
        let words = summary.hazard_words().join(", ");
        let line = format!("known hazards, shown as intended: {words}");
        let lines = wrapped(&line, width.saturating_sub(2), "  ");
        lines.iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    }
    summary.contests().iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    mix(record, out)?;
    for modes in &record.modes {
        let MeasuredModes { backend, cells, .. } = modes;
        if modes.is_bad() {
            let advice = "see `imglock matrix`";
            writeln!(out, "  {BAD}the mode matrix is not as stated ({backend}){BAD:#}; {advice}")?;
        } else {
            writeln!(out, "  {} pairs of modes are as stated ({backend})", cells.len())?;
        }
    }
    for directory in &record.kept {
        writeln!(out, "  kept {}", directory.display())?;
    }
    if record.interrupted {
        let (ran, planned) = (record.tour.results.len(), record.tour.expected());
        writeln!(out, "{STRONG}interrupted{STRONG:#}: {ran} of {planned} ran")?;
    }
    Ok(())
}

/// `10 passed, 0 failed, 0 skipped, 0 timed out`, then known failures.
fn counted(summary: &Summary) -> String {
    let parts = summary.counts().into_iter().map(|(number, words, worth)| {
        let style = if number == 0 { FAINT } else { worth.style() };
        format!("{style}{number} {words}{style:#}")
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// The comparison of the subjects' results.
fn mix(record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
    if !record.mixed {
        return Ok(());
    }
    let differences = record.mix_differences();
    if differences.is_empty() {
        let mut played: BTreeMap<_, usize> = BTreeMap::new();
        for result in record.tour.results.iter().filter(|one| one.verdict != Verdict::Skipped) {
            *played.entry((&result.scenario, result.backend)).or_default() += 1;
        }
        let compared = played.values().filter(|casts| **casts > 1).count();
        let scenarios = count(compared, "scenario has", "scenarios have");
        return writeln!(out, "  {scenarios} the same results with every subject");
    }
    let number = count(differences.len(), "result depends", "results depend");
    writeln!(out, "  {BAD}{number}{BAD:#} on the subject:")?;
    for MixDifference { scenario, backend, first, second, at, with_first, with_second } in
        differences
    {
        writeln!(out, "    {STRONG}{scenario}{STRONG:#} on {backend}, {at}")?;
        writeln!(out, "      {first}: {with_first}")?;
        writeln!(out, "      {second}: {with_second}")?;
    }
    Ok(())
}

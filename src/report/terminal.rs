use std::collections::BTreeMap;
use std::io::{self, Write};

use imglock_harness::run::{Fate, Place, ScenarioResult, Starts, Verdict};
use imglock_harness::sweep::MixDifference;
use unicode_width::UnicodeWidthStr;

use super::changes::Changes;
use super::palette::{self, BAD, CAREFUL, FAINT, GOOD, STRONG};
use super::{
    MeasuredModes, Reporter, RunRecord, Summary, drawing, evidence, legend, places, times,
};
use crate::phrase::count;

/// What a person reads: a line a scenario as it ends, then the failures in
/// full, then the summary.
pub struct Terminal {
    width: usize,
    name_width: usize,
    /// Of the column that says who plays; 0 when only our workers do.
    subject_width: usize,
    traced: bool,
}

impl Terminal {
    /// For a terminal of `width` columns.
    pub fn new(width: usize) -> Terminal {
        Terminal { width, name_width: 0, subject_width: 0, traced: false }
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
    fn begin(&mut self, record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
        warn(record, self.width, out)?;
        let names = record.planned.iter().map(|job| job.scenario.name.width());
        self.name_width = names.max().unwrap_or(0);
        if record.has_subjects() {
            let subjects = record.planned.iter().map(|job| job.casting.to_string().len() + 2);
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
        // Of several places the table at the end shows the rest.
        let named = record.has_named_places();
        if named && !self.traced && !result.standing().is_news() {
            return Ok(());
        }
        let (word, style) = palette::standing(result);
        let time = times::readable(result.duration);
        let pad = self.name_width.saturating_sub(result.scenario.width());
        let subject = if self.subject_width > 0 { result.subject.as_str() } else { "" };
        let line = format!(
            "{style}{word:9}{style:#}  {}{:pad$}  {:5}  {subject:subject_width$}{}\
             {FAINT}{time:>8}{FAINT:#}  {}",
            result.scenario,
            "",
            result.backend,
            if named { format!("{}  ", result.place) } else { String::new() },
            palette::reason(result),
            subject_width = self.subject_width,
        );
        writeln!(out, "{}", line.trim_end())?;
        self.draw(result, out)?;
        out.flush()
    }

    fn left(&mut self, record: &RunRecord, place: &Place, out: &mut dyn Write) -> io::Result<()> {
        if !record.has_named_places() {
            return Ok(());
        }
        let name = &place.name;
        match &place.fate {
            Fate::Reached => {
                let counts = counted(&Summary::of(record.results_at(place)));
                writeln!(out, "{STRONG}{name}{STRONG:#}  {counts}")?;
            }
            Fate::Skipped { why } => {
                writeln!(out, "{STRONG}{name}{STRONG:#}  {CAREFUL}skipped{CAREFUL:#}: {why}")?;
            }
            Fate::Lost { why, console } => {
                writeln!(out, "{STRONG}{name}{STRONG:#}  {BAD}lost{BAD:#}: {why}")?;
                console.iter().try_for_each(|line| writeln!(out, "  {FAINT}|{FAINT:#} {line}"))?;
            }
        }
        let boot = place.boot.iter().flat_map(|boot| &boot.complaints);
        for complaint in boot {
            writeln!(out, "  {CAREFUL}the kernel complained{CAREFUL:#}: {complaint}")?;
        }
        out.flush()
    }

    fn finish(&mut self, record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
        for result in record.results.iter().filter(|result| result.standing().is_news()) {
            writeln!(out)?;
            evidence::write(record, result, out, self.width)?;
        }
        writeln!(out)?;
        warn(record, self.width, out)?;
        if record.has_named_places() && record.places.len() > 1 {
            places::write(record, out, self.width)?;
        }
        sum_up(record, out)?;
        out.flush()
    }
}

/// That what is said is not true of this machine.
fn warn(record: &RunRecord, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let Some(warning) = record.warning() else { return Ok(()) };
    for line in textwrap::wrap(&warning, width) {
        writeln!(out, "{BAD}{line}{BAD:#}")?;
    }
    Ok(())
}

fn sum_up(record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
    let summary = Summary::of(&record.results);
    writeln!(out, "{} in {}", counted(&summary), times::readable(record.elapsed))?;
    for (reason, number) in &summary.skip_reasons {
        writeln!(out, "  skipped {number}: {reason}")?;
    }
    for (reason, number) in &summary.known_reasons {
        writeln!(out, "  known {number}: {reason}")?;
    }
    let lost: Vec<&str> = record.lost().map(|place| place.name.as_str()).collect();
    if !lost.is_empty() {
        let places = count(lost.len(), "place", "places");
        writeln!(out, "  {BAD}{places} lost{BAD:#}: {}", lost.join(", "))?;
    }
    for place in record.places.iter().filter(|place| place.environment.hides_locks) {
        let at = if place.name.is_empty() { "this place" } else { &place.name };
        writeln!(out, "  judged by outcomes alone at {at}: the kernel shows no lock there")?;
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
    mix(record, out)?;
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
        let (ran, planned) = (record.results.len(), record.expected());
        writeln!(out, "{STRONG}interrupted{STRONG:#}: {ran} of {planned} ran")?;
    }
    Ok(())
}

/// `10 passed, 0 failed, 0 skipped, 0 timed out`, and what is known where
/// anything is.
fn counted(summary: &Summary) -> String {
    let always = [
        (summary.passed, "passed", GOOD),
        (summary.failed, "failed", BAD),
        (summary.skipped, "skipped", CAREFUL),
        (summary.timed_out, "timed out", BAD),
    ];
    let known = [
        (summary.known, "known to fail", CAREFUL),
        (summary.surprises, "otherwise than is known", BAD),
    ];
    let parts = always.into_iter().chain(known.into_iter().filter(|(number, ..)| *number > 0));
    let parts = parts.map(|(number, words, style)| {
        let style = if number == 0 { FAINT } else { style };
        format!("{style}{number} {words}{style:#}")
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// What did not come out the same with every cast.
fn mix(record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
    if !record.mixed {
        return Ok(());
    }
    let differences = record.mix_differences();
    if differences.is_empty() {
        let mut played: BTreeMap<_, usize> = BTreeMap::new();
        for result in record.results.iter().filter(|one| one.verdict != Verdict::Skipped) {
            *played.entry((&result.scenario, result.backend)).or_default() += 1;
        }
        let compared = played.values().filter(|casts| **casts > 1).count();
        let scenarios = count(compared, "scenario came", "scenarios came");
        return writeln!(out, "  {scenarios} out the same whoever played");
    }
    let number = count(differences.len(), "cell differs", "cells differ");
    writeln!(out, "  {BAD}{number}{BAD:#} with who plays:")?;
    for MixDifference { scenario, backend, first, second, at, with_first, with_second } in
        differences
    {
        writeln!(out, "    {STRONG}{scenario}{STRONG:#} on {backend}, {at}")?;
        writeln!(out, "      {first}: {with_first}")?;
        writeln!(out, "      {second}: {with_second}")?;
    }
    Ok(())
}

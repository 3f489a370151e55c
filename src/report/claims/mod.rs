//! A sweep over claims, as a table and in words.

mod differences;
mod table;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::Path;

use imglock_harness::run::Environment;
use imglock_harness::sweep::{ClaimSweep, Openers};

use super::palette::{BAD, CAREFUL, FAINT, GOOD, STRONG};
use crate::phrase::{count, grouped, quoted};

/// How a sweep ended, besides what it found.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ending<'a> {
    /// It was interrupted.
    pub stopped: bool,
    /// The file that it can be gone on from.
    pub file: Option<&'a Path>,
    /// Where differences were written, and how many.
    pub saved: Option<(&'a Path, usize)>,
}

/// What was tried, the table, the differences, and the verdict.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(sweep: &ClaimSweep, ending: &Ending<'_>, out: &mut dyn Write) -> io::Result<()> {
    head(sweep, out)?;
    table::write(sweep, out)?;
    differences::write(sweep, ending, out)?;
    verdict(sweep, ending, out)
}

fn head(sweep: &ClaimSweep, out: &mut dyn Write) -> io::Result<()> {
    let what = match sweep.openers {
        Openers::Two => {
            "Every ordered pair of claims: one opener holds the image, another one tries"
        }
        Openers::Three => {
            "Every claim beside every two that are compatible: two hold, a third one tries"
        }
    };
    writeln!(out, "{STRONG}{what}{STRONG:#}")?;
    let Environment { kernel, architecture, file_system, .. } = &sweep.environment;
    let part = match sweep.shard {
        imglock_harness::Shard::WHOLE => String::new(),
        part => format!("; part {part} of the work"),
    };
    writeln!(out, "  {FAINT}{file_system} on Linux {kernel} ({architecture}){part}{FAINT:#}\n")
}

fn verdict(sweep: &ClaimSweep, ending: &Ending<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (done, all) = (grouped(sweep.cases_done()), grouped(sweep.cases()));
    let found = match sweep.differences() {
        0 => format!("{GOOD}all as the algebra says{GOOD:#}"),
        1 => format!("{BAD}1 not as the algebra says{BAD:#}"),
        many => format!("{BAD}{} not as the algebra says{BAD:#}", grouped(many)),
    };
    if sweep.complete {
        let arrangements = count(sweep.arrangements.len(), "arrangement", "arrangements");
        return writeln!(out, "\n{done} cases in {arrangements}, {found}");
    }
    let why = if ending.stopped { "interrupted" } else { "given up" };
    write!(out, "\n{CAREFUL}{why}{CAREFUL:#}: {done} of {all} cases tried, {found}")?;
    writeln!(out, "{}", if sweep.differences() == 0 { " so far" } else { "" })?;
    match ending.file {
        Some(file) => {
            let file = quoted(&file.display().to_string());
            writeln!(out, "go on with: imglock matrix --all --resume {file}")
        }
        None => writeln!(out, "with --report json=FILE it could be gone on with (--resume FILE)"),
    }
}

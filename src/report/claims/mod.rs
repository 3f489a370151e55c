//! The result of a sweep over claims, as a table and in words.

mod differences;
mod ending;
mod table;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use imglock_engine::{ClaimSweep, Openers, Shard};

pub use ending::Ending;

use super::environment;
use super::page::Page;
use super::palette::{BAD, CAREFUL, FAINT, GOOD, STRONG};
use crate::phrase::{count, grouped, quoted};

/// The columns of a page.
const WIDTH: usize = 96;

/// Writes what was tried, the table, the differences, and the verdict.
pub fn write(sweep: &ClaimSweep, ending: &Ending<'_>, out: &mut dyn Write) -> io::Result<()> {
    let page = &mut Page::new(out, WIDTH);
    head(sweep, page)?;
    table::write(sweep, page)?;
    differences::write(sweep, ending, page)?;
    verdict(sweep, ending, page)
}

fn head(sweep: &ClaimSweep, page: &mut Page<'_>) -> io::Result<()> {
    let what = match sweep.openers {
        Openers::Two => {
            "Every ordered pair of claims: one opener holds the image, another opens it"
        }
        Openers::Three => {
            "Every claim beside every compatible pair: two openers hold the image, a third opens it"
        }
    };
    let part = match sweep.shard {
        Shard::WHOLE => String::new(),
        part => format!("; part {part} of the work"),
    };
    writeln!(page, "{STRONG}{what}{STRONG:#}")?;
    writeln!(page, "  {FAINT}{}{part}{FAINT:#}\n", environment::place(&sweep.environment))
}

fn verdict(sweep: &ClaimSweep, ending: &Ending<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let (done, all) = (grouped(sweep.cases_done()), grouped(sweep.cases()));
    let found = match sweep.differences() {
        0 => format!("{GOOD}all as the contract requires{GOOD:#}"),
        1 => format!("{BAD}1 differs from the contract{BAD:#}"),
        many => format!("{BAD}{} differ from the contract{BAD:#}", grouped(many)),
    };
    if sweep.complete {
        let arrangements = count(sweep.arrangements.len(), "arrangement", "arrangements");
        return writeln!(page, "\n{done} cases in {arrangements}, {found}");
    }
    let why = if ending.stopped { "interrupted" } else { "aborted" };
    let so_far = if sweep.differences() == 0 { " so far" } else { "" };
    writeln!(page, "\n{CAREFUL}{why}{CAREFUL:#}: {done} of {all} cases tried, {found}{so_far}")?;
    match ending.file {
        Some(file) => {
            let file = quoted(&file.display().to_string());
            writeln!(page, "Resume:  imglock matrix --all --resume {file}")
        }
        None => writeln!(page, "Add --report json=FILE to be able to --resume FILE."),
    }
}

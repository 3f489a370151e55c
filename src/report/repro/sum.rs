use std::io::{self, Write};

use imglock_core::Verdict;
use imglock_qemu::DrillResult;

use super::words;
use crate::report::documented::documented;
use crate::report::palette::{self, FAINT};

/// Writes one result as a line.
pub fn line(result: &DrillResult, out: &mut dyn Write) -> io::Result<()> {
    let DrillResult { verdict, reason, account } = result;
    let style = palette::of_verdict(*verdict);
    let (drill, variant, program) = (&account.drill, account.variant.to_string(), &account.program);
    let effects: Vec<&str> = account.cells.iter().map(|cell| words::effect(cell.effect)).collect();
    let what = match verdict {
        Verdict::Passed => effects.join(" ").to_lowercase(),
        _ => reason.clone(),
    };
    write!(out, "{style}{verdict:9}{style:#}  {drill:27}  {variant:22}  ")?;
    writeln!(out, "{FAINT}{program}{FAINT:#}  {what}")
}

/// Writes how many results are as documented.
pub fn sum(results: &[DrillResult], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}", documented(results.iter().map(|result| result.verdict)))
}

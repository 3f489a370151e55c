use std::io::{self, Write};

use imglock_harness::drill::DrillResult;
use imglock_harness::run::Verdict;

use super::words;
use crate::report::palette::{self, FAINT};

/// The columns of a name.
const NAME: usize = 27;

/// One result, in a line.
///
/// # Errors
/// When `out` cannot be written.
pub fn line(result: &DrillResult, out: &mut dyn Write) -> io::Result<()> {
    let DrillResult { verdict, reason, account } = result;
    let style = palette::of_verdict(*verdict);
    let effects: Vec<&str> = account.cells.iter().map(|cell| words::effect(cell.effect)).collect();
    let what = match verdict {
        Verdict::Passed => effects.join(" ").to_lowercase(),
        _ => reason.clone(),
    };
    writeln!(
        out,
        "{style}{verdict:9}{style:#}  {:NAME$}  {:22}  {FAINT}{}{FAINT:#}  {what}",
        account.drill,
        account.variant.to_string(),
        account.program
    )
}

/// What all of them came to.
///
/// # Errors
/// When `out` cannot be written.
pub fn sum(results: &[DrillResult], out: &mut dyn Write) -> io::Result<()> {
    let of = |verdict| results.iter().filter(|result| result.verdict == verdict).count();
    writeln!(
        out,
        "\n{} as documented, {} not, {} skipped, {} timed out",
        of(Verdict::Passed),
        of(Verdict::Failed),
        of(Verdict::Skipped),
        of(Verdict::TimedOut)
    )
}

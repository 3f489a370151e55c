use std::io::{self, Write};

use anstyle::Style;
use imglock_harness::self_test::{End, FaultResult, Hunt, SelfTest};

use super::text::{backends, name_width};
use crate::report::palette::{CAREFUL, FAINT, GOOD, PLAIN, STRONG};

/// The columns of a hunter.
const CELL: usize = 10;

/// Which hunter finds which fault, and on which locks.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(tested: &SelfTest, ended: &[&FaultResult], out: &mut dyn Write) -> io::Result<()> {
    let names = name_width(ended.iter().map(|result| result.fault));
    let backends = backends(tested);
    let heads = tested.hunters.iter().map(|hunter| (STRONG, hunter.name()));
    writeln!(out)?;
    line((FAINT, "found on"), names, heads, out)?;
    for result in ended {
        let cells = tested.hunters.iter().map(|hunter| {
            let by = result.hunts.iter().filter(|hunt| hunt.hunter == *hunter);
            cell(&by.collect::<Vec<_>>(), backends.len())
        });
        line((PLAIN, result.fault.name()), names, cells, out)?;
    }
    Ok(())
}

fn line<'a>(
    (style, name): (Style, &str),
    names: usize,
    cells: impl Iterator<Item = (Style, &'a str)>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut line = format!("  {style}{name:names$}{style:#} ");
    let mut gap = 0;
    for (style, word) in cells {
        line += &format!("{:gap$} {style}{word}{style:#}", "");
        gap = CELL.saturating_sub(word.len());
    }
    writeln!(out, "{line}")
}

/// Where it was found; `-` where it was looked for in vain.
fn cell(hunts: &[&Hunt], backends: usize) -> (Style, &'static str) {
    let found: Vec<_> = hunts.iter().filter(|hunt| matches!(hunt.end, End::Caught(_))).collect();
    match found.as_slice() {
        [] if hunts.is_empty() => (PLAIN, ""),
        [] if hunts.iter().any(|hunt| hunt.end == End::Nothing) => (FAINT, "-"),
        [] => (CAREFUL, "skipped"),
        all if all.len() == backends && backends > 1 => (GOOD, "both"),
        [one, ..] => (if backends > 1 { PLAIN } else { GOOD }, one.backend.name()),
    }
}

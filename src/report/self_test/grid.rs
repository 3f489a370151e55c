use std::io;

use anstyle::Style;
use imglock_engine::{Detection, FaultResult, HuntEnd, SelfTest};

use super::table::name_width;
use crate::report::page::Page;
use crate::report::palette::{CAREFUL, FAINT, GOOD, PLAIN, STRONG};

/// The columns of a detector.
const CELL: usize = 10;

/// Writes which detector catches which fault, and on which backend.
pub fn write(tested: &SelfTest, ended: &[&FaultResult], page: &mut Page<'_>) -> io::Result<()> {
    let names = name_width(ended.iter().map(|result| result.fault));
    let mut backends: Vec<_> = tested.baseline.iter().map(|hunt| hunt.backend).collect();
    backends.sort_unstable();
    backends.dedup();
    let heads = tested.hunters.iter().map(|hunter| (STRONG, hunter.name()));
    writeln!(page)?;
    line((FAINT, "caught on"), names, heads, page)?;
    for result in ended {
        let cells = tested.hunters.iter().map(|hunter| {
            let by = result.hunts.iter().filter(|hunt| hunt.hunter == *hunter);
            cell(&by.collect::<Vec<_>>(), backends.len())
        });
        line((PLAIN, result.fault.name()), names, cells, page)?;
    }
    Ok(())
}

fn line<'a>(
    (style, name): (Style, &str),
    names: usize,
    cells: impl Iterator<Item = (Style, &'a str)>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    write!(page, "  {style}{name:names$}{style:#} ")?;
    let mut gap = 0;
    for (style, word) in cells {
        write!(page, "{:gap$} {style}{word}{style:#}", "")?;
        gap = CELL.saturating_sub(word.len());
    }
    writeln!(page)
}

/// The backend on which the fault was caught; `-` where it was not.
fn cell(hunts: &[&Detection], backends: usize) -> (Style, &'static str) {
    let found: Vec<_> =
        hunts.iter().filter(|hunt| matches!(hunt.end, HuntEnd::Caught(_))).collect();
    match found.as_slice() {
        [] if hunts.is_empty() => (PLAIN, ""),
        [] if hunts.iter().any(|hunt| hunt.end == HuntEnd::Nothing) => (FAINT, "-"),
        [] => (CAREFUL, "skipped"),
        all if all.len() == backends && backends > 1 => (GOOD, "both"),
        [one, ..] => (if backends > 1 { PLAIN } else { GOOD }, one.backend.name()),
    }
}

use std::io::{self, Write};

use imglock_harness::self_test::{End, Hunt, SelfTest};

use super::text::{backends, name_width};
use crate::report::palette::{CAREFUL, FAINT, GOOD, PLAIN, STRONG};

/// The columns of a hunter.
const CELL: usize = 10;

/// Which hunter finds which fault, and on which locks.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(tested: &SelfTest, out: &mut dyn Write) -> io::Result<()> {
    let names = name_width(tested.results.iter().map(|result| result.fault));
    let backends = backends(tested);
    write!(out, "\n{FAINT}  {:names$} {FAINT:#}", "found on")?;
    for hunter in &tested.hunters {
        write!(out, " {STRONG}{hunter:CELL$}{STRONG:#}")?;
    }
    writeln!(out)?;
    for result in &tested.results {
        write!(out, "  {:names$} ", result.fault.name())?;
        for hunter in &tested.hunters {
            let by = result.hunts.iter().filter(|hunt| hunt.hunter == *hunter);
            let (style, word) = cell(&by.collect::<Vec<_>>(), backends.len());
            write!(out, " {style}{word:CELL$}{style:#}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Where it was found; `-` where it was looked for in vain.
fn cell(hunts: &[&Hunt], backends: usize) -> (anstyle::Style, &'static str) {
    let found: Vec<_> = hunts.iter().filter(|hunt| matches!(hunt.end, End::Caught(_))).collect();
    match found.as_slice() {
        [] if hunts.iter().any(|hunt| hunt.end == End::Nothing) => (FAINT, "-"),
        [] => (CAREFUL, "skipped"),
        all if all.len() == backends && backends > 1 => (GOOD, "both"),
        [one, ..] => (if backends > 1 { PLAIN } else { GOOD }, one.backend.name()),
    }
}

use std::io::{self, Write};

use imglock_harness::sweep::{ClaimSweep, Swept};

use crate::phrase::grouped;
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD, PLAIN, STRONG};
use crate::report::times;

/// The columns of a line: the arrangement, and then the numbers.
const LABEL: usize = 22;
const CELL: usize = 11;

/// A line for each arrangement.
pub fn write(sweep: &ClaimSweep, out: &mut dyn Write) -> io::Result<()> {
    let others = sweep.arrangements.iter().any(|swept| swept.other > 0);
    write!(out, "  {STRONG}{:LABEL$}", "")?;
    let heads = ["tried", "granted", "refused", "neither", "differ", "time", "a second"];
    for head in heads.into_iter().filter(|head| others || *head != "neither") {
        write!(out, "{head:>CELL$}")?;
    }
    writeln!(out, "{STRONG:#}")?;
    for swept in &sweep.arrangements {
        line(swept, others, out)?;
    }
    Ok(())
}

fn line(swept: &Swept, others: bool, out: &mut dyn Write) -> io::Result<()> {
    let style = |number: u64, style| if number == 0 { PLAIN } else { style };
    write!(out, "  {:LABEL$}", swept.arrangement.to_string())?;
    if swept.rows_done == 0 {
        return writeln!(out, "{FAINT}{:>CELL$}{FAINT:#}", "not yet");
    }
    let tried = swept.granted + swept.refused + swept.other;
    let whole = if swept.rows_done < swept.rows { CAREFUL } else { PLAIN };
    let cells = [(tried, whole), (swept.granted, PLAIN), (swept.refused, PLAIN)];
    let other = others.then_some((swept.other, style(swept.other, CAREFUL)));
    let differ = if swept.differences == 0 { GOOD } else { BAD };
    for (number, style) in cells.into_iter().chain(other).chain([(swept.differences, differ)]) {
        write!(out, "{style}{:>CELL$}{style:#}", grouped(number))?;
    }
    let seconds = swept.took().as_secs_f64();
    let rate = if seconds > 0.0 { (tried as f64 / seconds) as u64 } else { 0 };
    writeln!(out, "{:>CELL$}{:>CELL$}", times::readable(swept.took()), grouped(rate))
}

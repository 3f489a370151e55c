use std::io;

use imglock_engine::{ClaimSweep, SweptPart};

use crate::phrase::grouped;
use crate::report::columns::Columns;
use crate::report::page::Page;
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD, PLAIN};
use crate::report::times;

const COLUMNS: Columns = Columns { label: 24, cell: 11 };

/// Writes a line for each arrangement.
pub fn write(sweep: &ClaimSweep, page: &mut Page<'_>) -> io::Result<()> {
    let others = sweep.arrangements.iter().any(|swept| swept.other > 0);
    let heads = ["tried", "granted", "refused", "neither", "differ", "time", "a second"];
    let heads = heads.into_iter().filter(|head| others || *head != "neither");
    COLUMNS.head("", &heads.collect::<Vec<_>>(), page)?;
    sweep.arrangements.iter().try_for_each(|swept| line(swept, others, page))
}

fn line(swept: &SweptPart, others: bool, page: &mut Page<'_>) -> io::Result<()> {
    let label = format!("  {}", swept.arrangement);
    if swept.rows_done == 0 {
        return COLUMNS.row(&label, [(FAINT, "not yet".to_owned())], page);
    }
    let tried = swept.granted + swept.refused + swept.other;
    let whole = if swept.rows_done < swept.rows { CAREFUL } else { PLAIN };
    let other = (others, if swept.other == 0 { PLAIN } else { CAREFUL }, swept.other);
    let differ = if swept.differences == 0 { GOOD } else { BAD };
    let numbers = [
        (true, whole, tried),
        (true, PLAIN, swept.granted),
        (true, PLAIN, swept.refused),
        other,
        (true, differ, swept.differences),
    ];
    let numbers = numbers.into_iter().filter(|(shown, ..)| *shown);
    let seconds = swept.took().as_secs_f64();
    let rate = if seconds > 0.0 { (tried as f64 / seconds) as u64 } else { 0 };
    let times = [(PLAIN, times::readable(swept.took())), (PLAIN, grouped(rate))];
    let cells = numbers.map(|(_, style, number)| (style, grouped(number))).chain(times);
    COLUMNS.row(&label, cells, page)
}

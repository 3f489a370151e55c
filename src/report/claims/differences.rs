use std::io;

use imglock_engine::{ClaimDifference, ClaimSweep, CommonDifference, DifferencePattern};

use super::ending::Ending;
use crate::phrase::{count, grouped, quoted};
use crate::report::page::Page;
use crate::report::palette::{BAD, FAINT, STRONG};
use crate::report::permissions::clauses;

/// How many differences are shown in full, and how many kinds are described.
const SHOWN: usize = 3;
const MOST_KINDS: usize = 8;
/// A scenario with every claim in it is cut off after these lines.
const MOST_LINES: usize = 30;

/// Writes the kinds of differences, the first differences in full, and how to repeat them.
pub fn write(sweep: &ClaimSweep, ending: &Ending<'_>, page: &mut Page<'_>) -> io::Result<()> {
    if sweep.differences() == 0 {
        return Ok(());
    }
    for swept in sweep.arrangements.iter().filter(|swept| swept.differences > 0) {
        writeln!(page, "\n{STRONG}{}{STRONG:#}", swept.arrangement)?;
        swept.patterns.iter().take(MOST_KINDS).try_for_each(|pattern| kind(pattern, page))?;
        match swept.patterns.len().saturating_sub(MOST_KINDS) {
            0 => {}
            more => writeln!(page, "  {FAINT}and {more} other kinds{FAINT:#}")?,
        }
    }
    let kept = || sweep.arrangements.iter().flat_map(|swept| &swept.first_differences);
    kept().take(SHOWN).try_for_each(|difference| in_full(difference, page))?;
    match ending.saved {
        Some((folder, files)) => {
            let folder = quoted(&folder.display().to_string());
            let files = count(files, "scenario file", "scenario files");
            writeln!(page, "\nWritten: {files} in {folder}. Repeat:  imglock run {folder}")
        }
        None => {
            let kept = kept().count();
            writeln!(page, "\nTo repeat one, save it as FILE:  imglock run FILE")?;
            writeln!(page, "To write the first {kept} as files, add --save DIR.")
        }
    }
}

fn in_full(difference: &ClaimDifference, page: &mut Page<'_>) -> io::Result<()> {
    writeln!(page, "\n{FAINT}{}.kdl{FAINT:#}", difference.label())?;
    let scenario = difference.scenario().to_string();
    for line in scenario.lines().take(MOST_LINES) {
        writeln!(page, "{}", format!("  {line}").trim_end())?;
    }
    match scenario.lines().count().saturating_sub(MOST_LINES) {
        0 => Ok(()),
        more => writeln!(page, "  {FAINT}// {more} more lines{FAINT:#}"),
    }
}

fn kind(pattern: &DifferencePattern, page: &mut Page<'_>) -> io::Result<()> {
    let DifferencePattern { expected, actual, count, common } = pattern;
    writeln!(page, "  {BAD}{:>9}{BAD:#}  expected {expected}, got {actual}", grouped(*count))?;
    match words(common) {
        words if words.is_empty() || *count < 2 => Ok(()),
        words => page.paragraph(&format!("{:13}", ""), &format!("{FAINT}in all: {words}{FAINT:#}")),
    }
}

/// `the opener wants write; a holder does not share write`.
fn words(common: &CommonDifference) -> String {
    let opener = [("wants", common.wanted), ("does not share", common.unshared)];
    let holder = [("holds", common.taken), ("does not share", common.kept)];
    let both = [("the opener", clauses(opener)), ("a holder", clauses(holder))];
    let both = both.into_iter().filter(|(_, clauses)| !clauses.is_empty());
    let both = both.map(|(name, clauses)| format!("{name} {}", clauses.join(" and ")));
    both.collect::<Vec<_>>().join("; ")
}

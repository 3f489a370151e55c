use std::io::{self, Write};

use imglock_harness::image::Permissions;
use imglock_harness::sweep::{ClaimDifference, ClaimSweep, Common, Pattern};

use super::Ending;
use crate::phrase::{count, grouped, quoted};
use crate::report::palette::{BAD, FAINT, STRONG};

/// How many are shown in full, and of how many kinds something is said.
const SHOWN: usize = 3;
const MOST_KINDS: usize = 8;
/// The columns of a page, and those before the words about a kind.
const WIDTH: usize = 96;
const INDENT: usize = 13;
/// A scenario with every claim in it is longer than anybody reads here.
const MOST_LINES: usize = 30;

/// Of what kinds they are, the first ones in full, and where the others are.
pub fn write(sweep: &ClaimSweep, ending: &Ending<'_>, out: &mut dyn Write) -> io::Result<()> {
    if sweep.differences() == 0 {
        return Ok(());
    }
    for swept in sweep.arrangements.iter().filter(|swept| swept.differences > 0) {
        writeln!(out, "\n{STRONG}{}{STRONG:#}", swept.arrangement)?;
        for pattern in swept.patterns.iter().take(MOST_KINDS) {
            kind(pattern, out)?;
        }
        let more = swept.patterns.len().saturating_sub(MOST_KINDS);
        if more > 0 {
            writeln!(out, "  {FAINT}and {more} other kinds{FAINT:#}")?;
        }
    }
    let kept = || sweep.arrangements.iter().flat_map(|swept| &swept.first_differences);
    for difference in kept().take(SHOWN) {
        in_full(difference, out)?;
    }
    writeln!(out)?;
    match ending.saved {
        Some((folder, files)) => {
            let folder = quoted(&folder.display().to_string());
            let files = count(files, "scenario file is", "scenario files are");
            writeln!(out, "{files} in {folder}; see them again with: imglock run {folder}")
        }
        None => writeln!(
            out,
            "save one as FILE and see it again with: imglock run FILE; --save DIR writes the first {}",
            kept().count()
        ),
    }
}

fn in_full(difference: &ClaimDifference, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{FAINT}{}.kdl{FAINT:#}", difference.label())?;
    let scenario = difference.scenario().to_string();
    for line in scenario.lines().take(MOST_LINES) {
        writeln!(out, "{}", format!("  {line}").trim_end())?;
    }
    match scenario.lines().count().saturating_sub(MOST_LINES) {
        0 => Ok(()),
        more => writeln!(out, "  {FAINT}// {more} more lines{FAINT:#}"),
    }
}

fn kind(pattern: &Pattern, out: &mut dyn Write) -> io::Result<()> {
    let Pattern { expected, actual, count, common } = pattern;
    writeln!(out, "  {BAD}{:>9}{BAD:#}  must be {expected}, was {actual}", grouped(*count))?;
    match words(common) {
        words if words.is_empty() || *count < 2 => Ok(()),
        words => {
            let text = format!("in all of them {words}");
            for line in textwrap::wrap(&text, WIDTH - INDENT) {
                writeln!(out, "{:INDENT$}{FAINT}{line}{FAINT:#}", "")?;
            }
            Ok(())
        }
    }
}

fn words(common: &Common) -> String {
    let opener = of("the opener", ("wants", common.wanted), common.unshared);
    let holder = of("a holder", ("has", common.taken), common.kept);
    opener.into_iter().chain(holder).collect::<Vec<_>>().join("; ")
}

fn of(who: &str, (takes, taken): (&str, Permissions), unshared: Permissions) -> Option<String> {
    let part = |does: &str, what: Permissions| {
        (!what.is_empty()).then(|| format!("{does} {}", what.to_string().replace(' ', ", ")))
    };
    match (part(takes, taken), part("does not share", unshared)) {
        (Some(takes), Some(keeps)) => Some(format!("{who} {takes} and {keeps}")),
        (one, other) => one.or(other).map(|does| format!("{who} {does}")),
    }
}

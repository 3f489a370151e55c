use std::io::{self, Write};

use imglock_harness::image::Permissions;
use imglock_harness::sweep::{ClaimSweep, Common, Pattern};

use super::Ending;
use crate::phrase::{count, grouped, quoted};
use crate::report::palette::{BAD, FAINT, STRONG};

/// How many are shown in full, and of how many kinds something is said.
const SHOWN: usize = 3;
const MOST_KINDS: usize = 8;

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
        writeln!(out, "\n{FAINT}{}.kdl{FAINT:#}", difference.label())?;
        for line in difference.scenario().to_string().lines() {
            writeln!(out, "{}", format!("  {line}").trim_end())?;
        }
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

fn kind(pattern: &Pattern, out: &mut dyn Write) -> io::Result<()> {
    let Pattern { expected, actual, count, common } = pattern;
    writeln!(out, "  {BAD}{:>9}{BAD:#}  must be {expected}, was {actual}", grouped(*count))?;
    match words(common) {
        words if words.is_empty() || *count < 2 => Ok(()),
        words => writeln!(out, "  {FAINT}{:9}  in all of them {words}{FAINT:#}", ""),
    }
}

fn words(common: &Common) -> String {
    let of = |who: &str, does: &str, what: Permissions| {
        (!what.is_empty())
            .then(|| format!("{who} {does} {}", what.to_string().replace(' ', " and ")))
    };
    let all = [
        of("the opener", "wants", common.wanted),
        of("the opener", "does not share", common.unshared),
        of("a holder", "has", common.taken),
        of("a holder", "does not share", common.kept),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

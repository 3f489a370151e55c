use std::collections::BTreeSet;
use std::io::{self, Write};

use anstyle::Style;
use imglock_core::{Mode, Permission, Verdict};
use imglock_engine::Environment;
use imglock_qemu::{DrillPlayer, ModeCheck, QemuBinary, Recipe};

use super::{Trial, bytes, numbers};
use crate::report::documented::documented;
use crate::report::environment::place;
use crate::report::groups::groups;
use crate::report::page::Page;
use crate::report::palette::{self, BAD, CAREFUL, FAINT, GOOD, STRONG};

/// The columns of a page.
const WIDTH: usize = 100;
/// The columns of a result, and of a recipe.
const WORD: usize = 9;
const HOW: usize = 48;

/// Writes the meaning of the columns.
pub fn head(environment: &Environment, out: &mut dyn Write) -> io::Result<()> {
    let place = place(environment);
    writeln!(out, "{STRONG}The lock bytes of QEMU in each mode{STRONG:#}; {place}")?;
    let each = Permission::ALL.map(|one| format!("{} {one}", one.number()));
    writeln!(
        out,
        "{FAINT}permissions: {}\n\
         otherwise: it looks like the mode, but takes the lock bytes below{FAINT:#}\n\n\
         {FAINT}{:15} {:9} unshared{FAINT:#}",
        each.join(", "),
        "mode",
        "held"
    )
}

/// Writes a mode, and the result of each recipe for it.
pub fn block(mode: Mode, trials: &[Trial], out: &mut dyn Write) -> io::Result<()> {
    let page = &mut Page::new(out, WIDTH);
    let (held, unshared) = (numbers(mode.claim().held), numbers(mode.claim().unshared()));
    writeln!(page, "\n{STRONG}{:15}{STRONG:#} {held:9} {unshared}", mode.name())?;
    for Trial { recipe: Recipe { how, players, .. }, checks } in trials {
        if checks.is_empty() {
            let players = players.iter().map(DrillPlayer::to_string).collect();
            line((CAREFUL, "missing"), how, players, page)?;
        }
        let by_result = checks.iter().map(|check| ((check.verdict, &check.reason), check));
        for (_, alike) in groups(by_result) {
            line(result(alike[0]), how, programs(&alike), page)?;
            if let Some(remark) = remark(alike[0]) {
                page.paragraph(&" ".repeat(2 + WORD + 2), &remark)?;
            }
        }
    }
    Ok(())
}

/// Each program with its versions.
fn programs(checks: &[&ModeCheck]) -> Vec<String> {
    let programs = checks.iter().map(|check| {
        let QemuBinary { program, version, .. } = &check.program;
        (program.file_name(), version.to_string())
    });
    let programs = groups(programs).into_iter();
    programs.map(|(name, versions)| format!("{name} {}", versions.join(", "))).collect()
}

/// Writes a result, the recipe, and the programs, one below the other.
fn line(
    (style, word): (Style, &str),
    how: &str,
    programs: Vec<String>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let mut lead = format!("  {style}{word:WORD$}{style:#}  {how:HOW$}  ");
    for program in programs {
        page.beside(&lead, &format!("{FAINT}{program}{FAINT:#}"))?;
        lead = " ".repeat(2 + WORD + 2 + HOW + 2);
    }
    Ok(())
}

/// The lock bytes that are not the mode's, or the reason why there are none.
fn remark(check: &ModeCheck) -> Option<String> {
    let ModeCheck { verdict, stated, measured, reason, .. } = check;
    let as_the_mode = *stated == check.mode.claim();
    match (verdict, measured) {
        (Verdict::Passed, _) => (!as_the_mode).then(|| bytes(*stated)),
        (_, Some(measured)) if measured != stated && as_the_mode => Some(bytes(*measured)),
        (_, Some(measured)) if measured != stated => {
            Some(format!("{}; expected: {}", bytes(*measured), bytes(*stated)))
        }
        _ => Some(reason.clone()),
    }
}

fn result(check: &ModeCheck) -> (Style, &'static str) {
    let word = match check.verdict {
        // It looks like the mode, but is documented as another claim.
        Verdict::Passed if check.stated != check.mode.claim() => return (FAINT, "otherwise"),
        Verdict::Passed => "agrees",
        Verdict::Failed => "differs",
        Verdict::Skipped => "skipped",
        Verdict::TimedOut => "timed out",
    };
    (palette::of_verdict(check.verdict), word)
}

/// Writes how many checks are as documented, and how many modes they confirm.
pub fn sum(trials: &[Trial], out: &mut dyn Write) -> io::Result<()> {
    let checks = || trials.iter().flat_map(|trial| &trial.checks);
    let confirms =
        |check: &&ModeCheck| check.verdict == Verdict::Passed && check.stated == check.mode.claim();
    let confirmed: BTreeSet<Mode> = checks().filter(confirms).map(|check| check.mode).collect();
    let modes: BTreeSet<Mode> = trials.iter().map(|trial| trial.recipe.mode).collect();
    let missing = trials.iter().filter(|trial| trial.checks.is_empty()).count();
    let is_bad = |check: &ModeCheck| matches!(check.verdict, Verdict::Failed | Verdict::TimedOut);
    let style = if checks().any(is_bad) { BAD } else { GOOD };
    let documented = documented(checks().map(|check| check.verdict));
    writeln!(
        out,
        "\n{style}{documented}, {missing} missing; {} of {} modes confirmed{style:#}",
        confirmed.len(),
        modes.len()
    )
}

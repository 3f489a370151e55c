use std::collections::BTreeSet;
use std::io::{self, Write};

use anstyle::Style;
use imglock_harness::drill::{ModeCheck, Player, Recipe};
use imglock_harness::image::{Mode, Permission};
use imglock_harness::qemu::Binary;
use imglock_harness::run::{Environment, Verdict};

use super::{Trial, bytes, numbers};
use crate::report::palette::{self, BAD, CAREFUL, FAINT, GOOD, STRONG};

/// The columns of the word that says what a recipe came to.
const WORD: usize = 9;
/// The columns of a recipe's phrase.
const HOW: usize = 48;
/// The columns of a program and its versions.
const WHO: usize = 36;
/// What stands before a line that goes on.
const INDENT: usize = 2 + WORD + 2;

/// What the columns mean.
///
/// # Errors
/// When `out` cannot be written.
pub fn head(environment: &Environment, out: &mut dyn Write) -> io::Result<()> {
    let Environment { kernel, file_system, .. } = environment;
    writeln!(
        out,
        "{STRONG}What QEMU locks in each mode{STRONG:#} on {file_system}, Linux {kernel}"
    )?;
    let each = Permission::ALL.map(|one| format!("{} {one}", one.number()));
    writeln!(out, "{FAINT}permissions: {}{FAINT:#}", each.join(", "))?;
    writeln!(
        out,
        "{FAINT}otherwise: it looks like the mode, and locks what is said below{FAINT:#}\n\n\
         {FAINT}{:15} {:9} unshared{FAINT:#}",
        "mode", "held"
    )
}

/// A mode, and each way of asking for it.
///
/// # Errors
/// When `out` cannot be written.
pub fn block(mode: Mode, trials: &[Trial], out: &mut dyn Write) -> io::Result<()> {
    let (held, unshared) = (numbers(mode.claim().held), numbers(mode.claim().unshared()));
    writeln!(out, "\n{STRONG}{:15}{STRONG:#} {held:9} {unshared}", mode.name())?;
    for Trial { recipe, checks } in trials {
        let Recipe { how, players, .. } = recipe;
        if checks.is_empty() {
            line(CAREFUL, "missing", how, players.iter().map(Player::to_string), out)?;
        }
        for alike in alike(checks) {
            let (style, word) = result(alike[0]);
            line(style, word, how, programs(&alike), out)?;
            remark(alike[0], out)?;
        }
    }
    Ok(())
}

/// Checks that came to the same, together.
fn alike(checks: &[ModeCheck]) -> Vec<Vec<&ModeCheck>> {
    let mut groups: Vec<Vec<&ModeCheck>> = Vec::new();
    for check in checks {
        let is_alike = |group: &&mut Vec<&ModeCheck>| {
            (group[0].verdict, &group[0].reason) == (check.verdict, &check.reason)
        };
        match groups.iter_mut().find(is_alike) {
            Some(group) => group.push(check),
            None => groups.push(vec![check]),
        }
    }
    groups
}

/// A program and its versions, for each program.
fn programs(checks: &[&ModeCheck]) -> impl Iterator<Item = String> {
    let mut programs: Vec<(String, Vec<String>)> = Vec::new();
    for check in checks {
        let Binary { program, version, .. } = &check.program;
        let (name, version) = (program.file_name(), version.to_string());
        match programs.iter_mut().find(|(other, _)| *other == name) {
            Some((_, versions)) => versions.push(version),
            None => programs.push((name, vec![version])),
        }
    }
    programs.into_iter().map(|(name, versions)| format!("{name} {}", versions.join(", ")))
}

/// What came of it, how QEMU was asked, and who was; a line for each of these.
fn line(
    style: Style,
    word: &str,
    how: &str,
    who: impl Iterator<Item = String>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let who: Vec<String> = who.collect();
    let lines = who.iter().flat_map(|words| textwrap::wrap(words, WHO));
    for (number, who) in lines.enumerate() {
        let (word, how) = if number == 0 { (word, how) } else { ("", "") };
        writeln!(out, "  {style}{word:WORD$}{style:#}  {how:HOW$}  {FAINT}{who}{FAINT:#}")?;
    }
    Ok(())
}

/// What there is in place of the mode's locks, or why there is nothing.
fn remark(check: &ModeCheck, out: &mut dyn Write) -> io::Result<()> {
    let ModeCheck { verdict, stated, measured, reason, .. } = check;
    let as_the_mode = *stated == check.mode.claim();
    let words = match (verdict, measured) {
        (Verdict::Passed, _) if as_the_mode => return Ok(()),
        (Verdict::Passed, _) => bytes(*stated),
        (_, Some(measured)) if measured != stated && as_the_mode => bytes(*measured),
        (_, Some(measured)) if measured != stated => {
            format!("{}; it should be: {}", bytes(*measured), bytes(*stated))
        }
        _ => reason.clone(),
    };
    for line in textwrap::wrap(&words, 100 - INDENT) {
        writeln!(out, "{:INDENT$}{line}", "")?;
    }
    Ok(())
}

fn result(check: &ModeCheck) -> (Style, &'static str) {
    let word = match check.verdict {
        // It looks like the mode, and is not; that is documented.
        Verdict::Passed if check.stated != check.mode.claim() => return (FAINT, "otherwise"),
        Verdict::Passed => "agrees",
        Verdict::Failed => "differs",
        Verdict::Skipped => "skipped",
        Verdict::TimedOut => "timed out",
    };
    (palette::of_verdict(check.verdict), word)
}

/// What all of them came to.
///
/// # Errors
/// When `out` cannot be written.
pub fn sum(trials: &[Trial], out: &mut dyn Write) -> io::Result<()> {
    let checks: Vec<&ModeCheck> = trials.iter().flat_map(|trial| &trial.checks).collect();
    let of = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    let agreed: BTreeSet<Mode> = checks
        .iter()
        .filter(|check| check.verdict == Verdict::Passed && check.stated == check.mode.claim())
        .map(|check| check.mode)
        .collect();
    let modes: BTreeSet<Mode> = trials.iter().map(|trial| trial.recipe.mode).collect();
    let missing = trials.iter().filter(|trial| trial.checks.is_empty()).count();
    let style = if of(Verdict::Failed) + of(Verdict::TimedOut) > 0 { BAD } else { GOOD };
    writeln!(
        out,
        "\n{style}{} as documented, {} not, {} skipped, {} timed out, {missing} missing; \
         {} of {} modes shown{style:#}",
        of(Verdict::Passed),
        of(Verdict::Failed),
        of(Verdict::Skipped),
        of(Verdict::TimedOut),
        agreed.len(),
        modes.len()
    )
}

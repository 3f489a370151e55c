//! The mode matrix as the kernel gives it, beside the one written by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use anstyle::Style;
use imglock_harness::image::{Mode, Permission, Side};
use imglock_harness::run::Finding;
use imglock_harness::step::Outcome;
use imglock_harness::sweep::Difference;

use super::palette::{BAD, CAREFUL, FAINT, GOOD, STRONG};
use crate::phrase::count;

/// The table that was measured `on` some locks, then each difference in words.
/// Pairs that the openers are unable to play are left out, with the reasons.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(
    on: &str,
    unable: &BTreeMap<(Mode, Mode), String>,
    cell: &dyn Fn(Mode, Mode) -> Option<Outcome>,
    differences: &[Difference],
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "{STRONG}{on}{STRONG:#}: the mode of each row opens first, that of each column second\n"
    )?;
    let heads: Vec<String> = (1..=Mode::ALL.len()).map(|number| format!("{number:>3}")).collect();
    writeln!(out, "  {:16}  {FAINT}{}{FAINT:#}", "", heads.concat())?;
    for (number, first) in (1..).zip(Mode::ALL) {
        write!(out, "  {FAINT}{number:>2}{FAINT:#} {first:13}  ")?;
        for second in Mode::ALL {
            let differs =
                differences.iter().any(|pair| pair.first == *first && pair.second == *second);
            let (style, code) = match unable.contains_key(&(*first, *second)) {
                true => (FAINT, '-'),
                false => code(cell(*first, *second).as_ref()),
            };
            let style = if differs { BAD.invert() } else { style };
            write!(out, " {}{style}{code}{style:#}", if differs { "*" } else { " " })?;
        }
        writeln!(out)?;
    }
    let reasons: BTreeSet<&String> = unable.values().collect();
    for (number, reason) in reasons.into_iter().enumerate() {
        let pairs = unable.values().filter(|why| *why == reason).count();
        let space = if number == 0 { "\n" } else { "" };
        writeln!(out, "{space}  {FAINT}-{FAINT:#} {}: {reason}", count(pairs, "pair", "pairs"))?;
    }
    let cells = Mode::ALL.len() * Mode::ALL.len() - unable.len();
    verdict(on, cells, differences, out)
}

fn verdict(
    on: &str,
    cells: usize,
    differences: &[Difference],
    out: &mut dyn Write,
) -> io::Result<()> {
    if differences.is_empty() {
        return writeln!(
            out,
            "\n{GOOD}{cells} pairs measured on {on}, all as scenarios/matrix.kdl says{GOOD:#}"
        );
    }
    let number = count(differences.len(), "pair differs", "pairs differ");
    writeln!(
        out,
        "\n{BAD}{number}{BAD:#} of {cells} on {on} from scenarios/matrix.kdl, marked *:"
    )?;
    for Difference { first, second, measured, stated } in differences {
        let measured = measured.as_ref().map_or_else(|| "nothing".to_owned(), Outcome::to_string);
        writeln!(
            out,
            "  {first} first, then {second}: the kernel says {measured}, the file says {stated}"
        )?;
    }
    Ok(())
}

/// What the judges found fault with while it was measured; the same words
/// only once.
///
/// # Errors
/// When `out` cannot be written.
pub fn objections(findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    let mut said = BTreeSet::new();
    for Finding { judge, message, expected, actual, .. } in findings {
        let compared = match (expected.is_empty(), actual.is_empty() || actual == message) {
            (false, false) => format!(" (expected {expected}, actual {actual})"),
            (false, true) => format!(" (expected {expected})"),
            (true, false) => format!(" (actual {actual})"),
            (true, true) => String::new(),
        };
        let words = format!("  {STRONG}{judge}{STRONG:#} objects: {message}{compared}");
        if said.insert(words.clone()) {
            writeln!(out, "{words}")?;
        }
    }
    Ok(())
}

/// What the codes mean.
///
/// # Errors
/// When `out` cannot be written.
pub fn legend(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n  {GOOD}.{GOOD:#} granted")?;
    for permission in Permission::ALL {
        let [small, large] = letters(permission);
        writeln!(
            out,
            "  {CAREFUL}{small}{CAREFUL:#} refused {permission:16} {CAREFUL}{large}{CAREFUL:#} refused shared {permission}"
        )?;
    }
    writeln!(
        out,
        "  {BAD}!{BAD:#} anything else\n\n\
         `refused write`: the second wants write, which the first does not share;\n\
         `refused shared write`: the first has write, which the second does not share."
    )
}

fn code(outcome: Option<&Outcome>) -> (Style, char) {
    match outcome {
        Some(Outcome::Granted) => (GOOD, '.'),
        Some(Outcome::Refused(refusal)) => {
            let [small, large] = letters(refusal.permission);
            (CAREFUL, if refusal.side == Side::Wanted { small } else { large })
        }
        _ => (BAD, '!'),
    }
}

fn letters(permission: Permission) -> [char; 2] {
    match permission {
        Permission::ConsistentRead => ['c', 'C'],
        Permission::Write => ['w', 'W'],
        Permission::WriteUnchanged => ['u', 'U'],
        Permission::Resize => ['r', 'R'],
    }
}

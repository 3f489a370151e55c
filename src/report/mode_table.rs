//! The measured mode matrix beside the stated one. Terminal and page take
//! their words from here.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use anstyle::Style;
use imglock_core::{Mode, Outcome, Permission, Side};
use imglock_engine::{Finding, ModeDifference};

use super::palette::{BAD, CAREFUL, FAINT, GOOD, STRONG};
use crate::phrase::count;

/// The matrix measured `on` some locks, then each difference in words. Pairs
/// that the openers cannot play are left out, with the reasons.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(
    on: &str,
    unable: &BTreeMap<(Mode, Mode), String>,
    cell: &dyn Fn(Mode, Mode) -> Option<Outcome>,
    differences: &[ModeDifference],
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{STRONG}{on}{STRONG:#}: rows open first, columns open second\n")?;
    let heads: Vec<String> = (1..=Mode::ALL.len()).map(|number| format!("{number:>3}")).collect();
    writeln!(out, "  {:16}  {FAINT}{}{FAINT:#}", "", heads.concat())?;
    for (number, first) in (1..).zip(Mode::ALL) {
        write!(out, "  {FAINT}{number:>2}{FAINT:#} {first:13}  ")?;
        for second in Mode::ALL {
            let (style, code) = match unable.contains_key(&(*first, *second)) {
                true => (FAINT, '-'),
                false => code(cell(*first, *second).as_ref()),
            };
            let (style, star) = match differs(differences, *first, *second) {
                true => (BAD.invert(), '*'),
                false => (style, ' '),
            };
            write!(out, " {star}{style}{code}{style:#}")?;
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
    if differences.is_empty() {
        let words =
            format!("{cells} pairs measured on {on}, all as stated in scenarios/matrix.kdl");
        return writeln!(out, "\n{GOOD}{words}{GOOD:#}");
    }
    let differ = if differences.len() == 1 { "differs" } else { "differ" };
    let number = format!("{BAD}{} of {cells} pairs{BAD:#}", differences.len());
    writeln!(out, "\n{number} on {on} {differ} from scenarios/matrix.kdl:")?;
    differences.iter().try_for_each(|pair| writeln!(out, "  * {}", difference(pair)))
}

/// Whether a pair is among the differences.
pub fn differs(differences: &[ModeDifference], first: Mode, second: Mode) -> bool {
    differences.iter().any(|pair| pair.first == first && pair.second == second)
}

/// A pair that is not as stated, in words.
pub fn difference(pair: &ModeDifference) -> String {
    let ModeDifference { first, second, measured, stated } = pair;
    let measured = measured.as_ref().map_or_else(|| "nothing".to_owned(), Outcome::to_string);
    format!("{first} first, then {second}: measured {measured}, stated {stated}")
}

/// The judges' objections during the measurement, in words: judge and
/// sentence, each pair once.
pub fn objection_words(findings: &[Finding]) -> Vec<(String, String)> {
    let mut words = Vec::new();
    for Finding { judge, message, expected, actual, .. } in findings {
        let expected = (!expected.is_empty()).then(|| format!("expected {expected}"));
        let actual = (!actual.is_empty() && actual != message).then(|| format!("actual {actual}"));
        let compared: Vec<String> = expected.into_iter().chain(actual).collect();
        let compared = match compared.is_empty() {
            true => String::new(),
            false => format!(" ({})", compared.join(", ")),
        };
        let objection = (judge.to_string(), format!("{message}{compared}"));
        if !words.contains(&objection) {
            words.push(objection);
        }
    }
    words
}

/// Writes these objections.
///
/// # Errors
/// When `out` cannot be written.
pub fn objections(findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    let lines = objection_words(findings);
    lines.iter().try_for_each(|(judge, words)| {
        writeln!(out, "  {STRONG}{judge}{STRONG:#} objects: {words}")
    })
}

/// The meaning of the codes.
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
    let [wanted, unshared] = SIDES;
    writeln!(
        out,
        "  {BAD}!{BAD:#} any other outcome\n\n\
         `refused write`: {wanted};\n\
         `refused shared write`: {unshared}."
    )
}

/// The meaning of `refused write` and of `refused shared write`.
pub const SIDES: [&str; 2] = [
    "the second opener wants write, which the first does not share",
    "the first opener has write, which the second does not share",
];

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

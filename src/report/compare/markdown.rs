use std::io::{self, Write};

use imglock_harness::compare::{Change, PlaceChange};
use imglock_harness::run::{Fate, Place};
use textwrap::{WordSeparator, WordSplitter};
use unicode_width::UnicodeWidthStr;

use super::group::Group;
use super::sides::Names;
use super::steps::{self, StepLine, StepOutcome};
use super::{Compared, LISTED, TOLD, again, sides, words};
use crate::phrase::{count, printable};

/// What a mail to a list may have.
const WIDTH: usize = 72;
/// How many of a lost kernel's last lines are quoted.
const CONSOLE: usize = 15;

/// What is different, as Markdown that reads well as the plain text of a
/// mail; lists in full if `all`.
///
/// # Errors
/// When `out` cannot be written.
pub fn markdown(compared: &Compared<'_>, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let comparison = compared.comparison;
    let title = format!("imglock: {}{}", words::verdict(comparison), sides::kernels(comparison));
    writeln!(out, "{title}\n{}\n", "=".repeat(title.width()))?;
    paragraph(&format!("{}.", words::counts(comparison)), "", out)?;
    for caution in words::cautions(comparison) {
        writeln!(out)?;
        paragraph(&caution, "", out)?;
    }
    head(compared, out)?;
    broken(compared, all, out)?;
    for change in LISTED {
        list(compared, change, all, out)?;
    }
    Ok(())
}

/// Which two are compared, what is not the same about them, and how many runs
/// became what at each place.
fn head(compared: &Compared<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Compared { old, new, comparison } = compared;
    writeln!(out)?;
    let places = |side: fn(&PlaceChange) -> Option<&Place>| {
        sides::described(comparison.places.iter().filter_map(side))
    };
    for (word, name, told) in [
        ("old", old, places(|place| place.old.as_ref())),
        ("new", new, places(|place| place.new.as_ref())),
    ] {
        let told = if told.is_empty() { String::new() } else { format!(": {told}") };
        paragraph(&format!("* {word}, {}{told}", code(name)), "  ", out)?;
    }
    for (contrast, places) in sides::contrasts(comparison) {
        let at =
            if places.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) };
        paragraph(&format!("* {}: {}{at}", contrast.what, sides::words(contrast)), "  ", out)?;
    }
    for place in &comparison.places {
        let told = words::of_place(place).filter(|_| place.change != Change::Broken);
        if let Some(told) = told {
            paragraph(
                &format!("* {} {}: {told}", compared.names().name(place), place.change),
                "  ",
                out,
            )?;
        }
    }
    if compared.names().several { table(&sides::table(comparison), out) } else { Ok(()) }
}

fn table(rows: &[Vec<String>], out: &mut dyn Write) -> io::Result<()> {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().map(|row| row[column].width()).max().unwrap_or(0).max(3))
        .collect();
    writeln!(out)?;
    for (number, row) in rows.iter().enumerate() {
        write!(out, "| {:first$} |", row[0], first = widths[0])?;
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            write!(out, " {cell:>width$} |")?;
        }
        writeln!(out)?;
        if number == 0 {
            write!(out, "| {} |", "-".repeat(widths[0]))?;
            for width in &widths[1..] {
                write!(out, " {}: |", "-".repeat(width - 1))?;
            }
            writeln!(out)?;
        }
    }
    Ok(())
}

fn broken(compared: &Compared<'_>, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let places = compared.comparison.places.iter();
    for place in places.filter(|place| place.change == Change::Broken) {
        heading(&format!("broken: {}", compared.names().name(place)), out)?;
        let told = words::of_place(place).unwrap_or_default();
        paragraph(&sentence(&told), "", out)?;
        if let Some(Fate::Lost { console, .. }) = place.new.as_ref().map(|place| &place.fate) {
            let last = &console[console.len().saturating_sub(CONSOLE)..];
            if !last.is_empty() {
                writeln!(out, "\nThe last lines of its console:\n")?;
            }
            last.iter().try_for_each(|line| writeln!(out, "    {}", printable(line)))?;
        }
    }
    let runs = compared.of(Change::Broken);
    let in_full = if all { runs.len() } else { TOLD };
    for group in runs.iter().take(in_full) {
        full(group, compared.names(), out)?;
    }
    let rest = &runs[runs.len().min(in_full)..];
    if !rest.is_empty() {
        let more = rest.iter().map(Group::len).sum();
        heading(&format!("broken: {}", count(more, "more run", "more runs")), out)?;
    }
    rest.iter().try_for_each(|group| entry(group, compared.names(), out))
}

/// A run with everything that tells what broke.
fn full(group: &Group<'_>, names: Names, out: &mut dyn Write) -> io::Result<()> {
    let Group { run, place, .. } = group;
    heading(&format!("broken: {}", printable(&run.scenario)), out)?;
    let at = upper(&group.at(names));
    paragraph(&format!("{at}. {}", words::verdicts(run)), "", out)?;
    let lines = steps::steps(run, WIDTH - 4);
    if !lines.is_empty() {
        writeln!(out)?;
    }
    for StepLine { text, outcome } in lines {
        write!(out, "    {}", text.join("\n    "))?;
        match outcome {
            StepOutcome::Same(outcome) => writeln!(out, "   {outcome}")?,
            StepOutcome::Differs([old, new]) => {
                let pad = text.last().map_or(0, |line| line.width());
                writeln!(out, "   {old}  before")?;
                writeln!(out, "    {:pad$}   {new}  now", "")?;
            }
        }
    }
    for (label, lines) in words::beyond_outcome(run) {
        writeln!(out)?;
        if label.is_empty() {
            lines.iter().try_for_each(|line| paragraph(&sentence(line), "", out))?;
            continue;
        }
        writeln!(out, "{}:\n", upper(label))?;
        lines.iter().try_for_each(|line| writeln!(out, "    {line}"))?;
    }
    for words::Objected { judge, to, lines } in words::objections(run) {
        writeln!(out)?;
        paragraph(&format!("The {judge} {to}"), "", out)?;
        writeln!(out)?;
        lines.iter().try_for_each(|line| writeln!(out, "    {line}"))?;
    }
    if let Some(reason) = words::bare_reason(run) {
        writeln!(out)?;
        paragraph(&sentence(&reason), "", out)?;
    }
    let (line, hint) = again::again(place.new.as_ref(), run);
    let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
    writeln!(out, "\nTo run just this one again{hint}:\n\n    {line}")
}

fn list(compared: &Compared<'_>, change: Change, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let runs = compared.of(change);
    if runs.is_empty() {
        return Ok(());
    }
    let number: usize = runs.iter().map(Group::len).sum();
    heading(&format!("{change}: {}", count(number, "run", "runs")), out)?;
    let shown = if all { runs.len() } else { TOLD.min(runs.len()) };
    let (shown, rest) = runs.split_at(shown);
    shown.iter().try_for_each(|group| entry(group, compared.names(), out))?;
    match rest.iter().map(Group::len).sum() {
        0 => Ok(()),
        more => writeln!(out, "* and {more} more"),
    }
}

/// A run in a list.
fn entry(group: &Group<'_>, names: Names, out: &mut dyn Write) -> io::Result<()> {
    let (title, brief) = (group.title(names), words::brief(group.run));
    let brief = if brief.is_empty() { brief } else { format!(": {brief}") };
    paragraph(&format!("* {title}{brief}"), "  ", out)?;
    match words::first_difference(group.run) {
        Some(difference) => paragraph(&format!("  {difference}"), "  ", out),
        None => Ok(()),
    }
}

fn heading(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let text = upper(text);
    writeln!(out, "\n{text}\n{}\n", "-".repeat(text.width()))
}

fn upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn sentence(text: &str) -> String {
    format!("{}.", upper(text.trim_end_matches('.')))
}

fn code(text: &str) -> String {
    format!("`{}`", printable(text))
}

fn paragraph(text: &str, rest: &str, out: &mut dyn Write) -> io::Result<()> {
    let options = textwrap::Options::new(WIDTH)
        .subsequent_indent(rest)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::wrap(text, options).iter().try_for_each(|line| writeln!(out, "{line}"))
}

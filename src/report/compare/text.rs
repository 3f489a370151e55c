use std::io::{self, Write};

use imglock_harness::compare::{Change, PlaceChange, RunChange};
use imglock_harness::run::{Fate, Place};
use textwrap::{WordSeparator, WordSplitter};
use unicode_width::UnicodeWidthStr;

use super::group::Group;
use super::sides::Names;
use super::steps::{self, StepLine, StepOutcome};
use super::{Compared, LISTED, TOLD, again, sides, words};
use crate::phrase::{count, printable};
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD, PLAIN, STRONG};

/// How many of a lost kernel's last lines are shown.
const CONSOLE: usize = 15;

/// What is different, for a terminal of `width` columns; lists in full if
/// `all`.
///
/// # Errors
/// When `out` cannot be written.
pub fn text(
    compared: &Compared<'_>,
    all: bool,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    head(compared, width, out)?;
    broken(compared, all, width, out)?;
    for change in LISTED {
        list(compared, change, all, width, out)?;
    }
    writeln!(out)?;
    sum(compared, out)
}

/// Which two are compared, and what is not the same about them.
fn head(compared: &Compared<'_>, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let Compared { old, new, comparison } = compared;
    let name_width = old.width().max(new.width());
    let places = |side: fn(&PlaceChange) -> Option<&Place>| {
        sides::described(comparison.places.iter().filter_map(side))
    };
    for (word, name, told) in [
        ("old", old, places(|place| place.old.as_ref())),
        ("new", new, places(|place| place.new.as_ref())),
    ] {
        let pad = name_width - name.width();
        writeln!(out, "{STRONG}{word}{STRONG:#}  {name}{:pad$}  {FAINT}{told}{FAINT:#}", "")?;
    }
    let contrasts = sides::contrasts(comparison);
    let what_width = contrasts.iter().map(|(one, _)| one.what.width()).max().unwrap_or(0);
    if !contrasts.is_empty() {
        writeln!(out)?;
    }
    for (contrast, places) in contrasts {
        let place =
            if places.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) };
        let line = format!("{:what_width$}  {}{place}", contrast.what, sides::words(contrast));
        paragraph(&line, "  ", &" ".repeat(what_width + 4), width, out)?;
    }
    for caution in words::cautions(comparison) {
        writeln!(out)?;
        paragraph(&format!("{CAREFUL}{caution}{CAREFUL:#}"), "", "", width, out)?;
    }
    for place in &comparison.places {
        let Some(told) = words::of_place(place).filter(|_| place.change != Change::Broken) else {
            continue;
        };
        let style = style(place.change);
        let name = compared.names().name(place);
        let line = format!("{style}{}{style:#}  {STRONG}{name}{STRONG:#}: {told}", place.change);
        writeln!(out)?;
        paragraph(&line, "", "  ", width, out)?;
    }
    if compared.names().several { table(compared, out) } else { Ok(()) }
}

/// How many runs became what at each place.
fn table(compared: &Compared<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rows = sides::table(compared.comparison);
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().map(|row| row[column].width()).max().unwrap_or(0))
        .collect();
    writeln!(out)?;
    for (number, row) in rows.iter().enumerate() {
        let style = if number == 0 { FAINT } else { PLAIN };
        write!(out, "  {style}{:first$}", row[0], first = widths[0])?;
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            write!(out, "  {cell:>width$}")?;
        }
        writeln!(out, "{style:#}")?;
    }
    Ok(())
}

/// What broke: lost kernels and runs, in full as far as that can be read.
fn broken(compared: &Compared<'_>, all: bool, width: usize, out: &mut dyn Write) -> io::Result<()> {
    for place in &compared.comparison.places {
        if place.change == Change::Broken {
            let told = words::of_place(place).unwrap_or_default();
            let name = compared.names().name(place);
            let line = format!("{BAD}broken{BAD:#}  {STRONG}{name}{STRONG:#}: {told}");
            writeln!(out)?;
            paragraph(&line, "", "  ", width, out)?;
            console(place, out)?;
        }
    }
    let runs = compared.of(Change::Broken);
    let in_full = if all { runs.len() } else { TOLD };
    for group in runs.iter().take(in_full) {
        writeln!(out)?;
        full(group, compared.names(), width, out)?;
    }
    let rest = &runs[runs.len().min(in_full)..];
    if !rest.is_empty() {
        let more = rest.iter().map(Group::len).sum();
        let more = count(more, "more run", "more runs");
        writeln!(out, "\n{BAD}broken{BAD:#}  {more}, which --all tells in full:")?;
    }
    rest.iter().try_for_each(|group| entry(group, compared.names(), width, out))
}

fn console(place: &PlaceChange, out: &mut dyn Write) -> io::Result<()> {
    let Some(Fate::Lost { console, .. }) = place.new.as_ref().map(|place| &place.fate) else {
        return Ok(());
    };
    let last = &console[console.len().saturating_sub(CONSOLE)..];
    last.iter().try_for_each(|line| writeln!(out, "    {FAINT}{}{FAINT:#}", printable(line)))
}

/// A run with everything that tells what broke.
fn full(group: &Group<'_>, names: Names, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let Group { run, place, .. } = group;
    let title = group.title(names);
    writeln!(out, "{BAD}broken{BAD:#}  {STRONG}{title}{STRONG:#}")?;
    paragraph(&words::verdicts(run), "  ", "  ", width, out)?;
    let lines = steps::steps(run, width.saturating_sub(4));
    if !lines.is_empty() {
        writeln!(out)?;
    }
    let last = lines.len().saturating_sub(1);
    for (number, StepLine { text, outcome }) in lines.iter().enumerate() {
        let mark = if number == last { "▶" } else { " " };
        write!(out, "  {BAD}{mark}{BAD:#} {}", text.join("\n    "))?;
        match outcome {
            StepOutcome::Same(outcome) => writeln!(out, "   {outcome}")?,
            StepOutcome::Differs([old, new]) => {
                let pad = text.last().map_or(0, |line| line.width());
                writeln!(out, "   {GOOD}{old}{GOOD:#}  before")?;
                writeln!(out, "    {:pad$}   {BAD}{new}{BAD:#}  now", "")?;
            }
        }
    }
    for (label, lines) in words::beyond_outcome(run) {
        writeln!(out)?;
        if !label.is_empty() {
            writeln!(out, "  {}{}:", label[..1].to_uppercase(), &label[1..])?;
        }
        lines.iter().try_for_each(|line| writeln!(out, "    {line}"))?;
    }
    judges(run, out)?;
    let (line, hint) = again::again(place.new.as_ref(), run);
    writeln!(out, "\n  Run just this one again:\n    {line}")?;
    hint.map_or(Ok(()), |hint| writeln!(out, "    {FAINT}({hint}){FAINT:#}"))
}

/// What each judge objects to; where none does, the reason alone.
fn judges(run: &RunChange, out: &mut dyn Write) -> io::Result<()> {
    for words::Objected { judge, to, lines } in words::objections(run) {
        writeln!(out, "\n  {STRONG}{judge}{STRONG:#} {to}")?;
        lines.iter().try_for_each(|line| writeln!(out, "    {line}"))?;
    }
    match words::bare_reason(run) {
        Some(reason) => writeln!(out, "\n  {reason}"),
        None => Ok(()),
    }
}

/// One kind of change that is no break, a line or two each.
fn list(
    compared: &Compared<'_>,
    change: Change,
    all: bool,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let runs = compared.of(change);
    if runs.is_empty() {
        return Ok(());
    }
    let style = style(change);
    let number: usize = runs.iter().map(Group::len).sum();
    writeln!(out, "\n{style}{change}{style:#}  {}", count(number, "run", "runs"))?;
    let shown = if all { runs.len() } else { TOLD.min(runs.len()) };
    let (shown, rest) = runs.split_at(shown);
    shown.iter().try_for_each(|group| entry(group, compared.names(), width, out))?;
    match rest.iter().map(Group::len).sum() {
        0 => Ok(()),
        more => writeln!(out, "  {FAINT}and {more} more; --all shows them{FAINT:#}"),
    }
}

/// A run in a list: what has become of it, and where it is first different.
fn entry(group: &Group<'_>, names: Names, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let title = group.title(names);
    let line = format!("{STRONG}{title}{STRONG:#}: {}", words::brief(group.run));
    paragraph(&line, "  ", "    ", width, out)?;
    match words::first_difference(group.run) {
        Some(difference) => paragraph(&difference, "    ", "      ", width, out),
        None => Ok(()),
    }
}

fn sum(compared: &Compared<'_>, out: &mut dyn Write) -> io::Result<()> {
    let comparison = compared.comparison;
    let style = if comparison.is_broken() { BAD } else { GOOD };
    let verdict = words::verdict(comparison);
    writeln!(out, "{style}{verdict}{style:#} ({})", words::counts(comparison))
}

fn style(change: Change) -> anstyle::Style {
    match change {
        Change::Broken => BAD,
        Change::Fixed | Change::Tried => GOOD,
        Change::Changed | Change::Untried | Change::Slower | Change::NotRun => CAREFUL,
        Change::New | Change::Gone | Change::Same => STRONG,
    }
}

fn paragraph(
    text: &str,
    first: &str,
    rest: &str,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::wrap(text, options).iter().try_for_each(|line| writeln!(out, "{line}"))
}

use std::io::{self, Write};

use imglock_engine::{Change, Place, PlaceChange, PlaceFate};
use unicode_width::UnicodeWidthStr;

use super::group::Group;
use super::sheet::{Form, Sheet};
use super::{Compared, LISTED, TOLD, again, sides, steps, words};
use crate::phrase::{capitalised, count, printable};
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD, STRONG};

/// How many of a lost kernel's last lines are shown.
const CONSOLE: usize = 15;

/// Writes the differences for a terminal of `width` columns; lists in full if `all`.
pub fn text(
    compared: &Compared<'_>,
    all: bool,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let comparison = compared.comparison;
    let sheet = &mut Sheet::screen(out, width);
    head(compared, sheet)?;
    body(compared, all, sheet)?;
    let style = if comparison.is_broken() { BAD } else { GOOD };
    let (verdict, counts) = (words::verdict(comparison), words::counts(comparison));
    writeln!(sheet.page, "\n{style}{verdict}{style:#} ({counts})")
}

/// Writes the differences as Markdown that reads well as the plain text of a
/// mail; lists in full if `all`.
pub fn markdown(compared: &Compared<'_>, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let comparison = compared.comparison;
    let sheet = &mut Sheet::mail(out);
    let title = format!("imglock: {}{}", words::verdict(comparison), sides::kernels(comparison));
    writeln!(sheet.page, "{title}\n{}\n", "=".repeat(title.width()))?;
    sheet.text(&format!("{}.", words::counts(comparison)))?;
    cautions(compared, sheet)?;
    head(compared, sheet)?;
    body(compared, all, sheet)
}

fn cautions(compared: &Compared<'_>, sheet: &mut Sheet<'_>) -> io::Result<()> {
    for caution in words::cautions(compared.comparison) {
        writeln!(sheet.page)?;
        match sheet.form {
            Form::Screen => sheet.page.paragraph("", &format!("{CAREFUL}{caution}{CAREFUL:#}"))?,
            Form::Mail => sheet.text(caution)?,
        }
    }
    Ok(())
}

/// Writes which documents are compared, what differs about their places, and a
/// table of the places.
fn head(compared: &Compared<'_>, sheet: &mut Sheet<'_>) -> io::Result<()> {
    let Compared { old, new, comparison } = compared;
    let described = |side: fn(&PlaceChange) -> Option<&Place>| {
        sides::described(comparison.places.iter().filter_map(side))
    };
    let both = [
        ("old", old, described(|place| place.old.as_ref())),
        ("new", new, described(|place| place.new.as_ref())),
    ];
    let contrasts = sides::contrasts(comparison);
    match sheet.form {
        Form::Screen => {
            let width = old.width().max(new.width());
            for (word, name, told) in both {
                let pad = " ".repeat(width - name.width());
                let lead = format!("{STRONG}{word}{STRONG:#}  {name}{pad}");
                writeln!(sheet.page, "{lead}  {FAINT}{told}{FAINT:#}")?;
            }
            if !contrasts.is_empty() {
                writeln!(sheet.page)?;
            }
            let width = contrasts.iter().map(|(what, _)| what.width()).max().unwrap_or(0);
            for (what, words) in contrasts {
                sheet.page.beside(&format!("  {what:width$}  "), &words)?;
            }
            cautions(compared, sheet)?;
        }
        Form::Mail => {
            writeln!(sheet.page)?;
            for (word, name, told) in both {
                sheet.item(&format!("{word}, `{}`", printable(name)), &told, None)?;
            }
            contrasts.iter().try_for_each(|(what, words)| sheet.item(what, words, None))?;
        }
    }
    for place in comparison.places.iter().filter(|place| place.change != Change::Broken) {
        let name = compared.names().name(place);
        let Some(told) = words::of_place(place) else { continue };
        match sheet.form {
            Form::Screen => sheet.heading(place.change, &name, &told)?,
            Form::Mail => sheet.item(&format!("{name} {}", place.change), &told, None)?,
        }
    }
    if compared.names().several { sheet.table(&sides::table(comparison)) } else { Ok(()) }
}

/// Writes the lost places, the broken runs, and all other changes.
fn body(compared: &Compared<'_>, all: bool, sheet: &mut Sheet<'_>) -> io::Result<()> {
    let places = compared.comparison.places.iter();
    for place in places.filter(|place| place.change == Change::Broken) {
        let told = words::of_place(place).unwrap_or_default();
        sheet.heading(Change::Broken, &compared.names().name(place), &told)?;
        if let Some(PlaceFate::Lost { console, .. }) = place.new.as_ref().map(|place| &place.fate) {
            let last = console[console.len().saturating_sub(CONSOLE)..].iter();
            let last: Vec<String> = last.map(|line| printable(line)).collect();
            sheet.block("The last lines of its console:", &last)?;
        }
    }
    let broken = compared.of(Change::Broken);
    let (in_full, rest) = broken.split_at(if all { broken.len() } else { TOLD.min(broken.len()) });
    in_full.iter().try_for_each(|group| full(compared, group, sheet))?;
    if !rest.is_empty() {
        let more = count(runs(rest), "more run", "more runs");
        let hint = if sheet.form == Form::Screen { "; --all shows them in full" } else { "" };
        sheet.heading(Change::Broken, &format!("{more}{hint}"), "")?;
        rest.iter().try_for_each(|group| entry(compared, group, sheet))?;
    }
    for change in LISTED {
        let groups = compared.of(change);
        if groups.is_empty() {
            continue;
        }
        sheet.heading(change, &count(runs(&groups), "run", "runs"), "")?;
        let shown = if all { groups.len() } else { TOLD.min(groups.len()) };
        groups[..shown].iter().try_for_each(|group| entry(compared, group, sheet))?;
        sheet.more(runs(&groups[shown..]))?;
    }
    Ok(())
}

fn runs(groups: &[Group<'_>]) -> usize {
    groups.iter().map(Group::len).sum()
}

/// Writes a run with everything that shows what broke.
fn full(compared: &Compared<'_>, group: &Group<'_>, sheet: &mut Sheet<'_>) -> io::Result<()> {
    let Group { run, place, .. } = group;
    let (scenario, at) = (printable(run.scenario.as_str()), group.at(compared.names()));
    let verdicts = words::verdicts(run);
    match sheet.form {
        Form::Screen => {
            sheet.heading(Change::Broken, &format!("{scenario} {at}"), "")?;
            sheet.text(&verdicts)?;
        }
        Form::Mail => {
            sheet.heading(Change::Broken, &scenario, "")?;
            sheet.text(&format!("{}. {verdicts}", capitalised(&at)))?;
        }
    }
    sheet.block("", &steps::steps(run, sheet.page.width, sheet.form))?;
    for (label, lines) in words::beyond_outcome(run) {
        match label {
            "" => lines.iter().try_for_each(|line| sheet.remark(line))?,
            label => sheet.block(label, &lines)?,
        }
    }
    for (judge, lines) in words::objections(run) {
        sheet.block(&judge, &lines)?;
    }
    if let Some(reason) = words::bare_reason(run) {
        sheet.remark(&reason)?;
    }
    let (line, hint) = again::again(place.new.as_ref(), run);
    let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
    sheet.block(&format!("Run only this scenario again{hint}:"), &[line])
}

/// Writes a run as an entry of a list.
fn entry(compared: &Compared<'_>, group: &Group<'_>, sheet: &mut Sheet<'_>) -> io::Result<()> {
    let difference = words::first_difference(group.run);
    let title = group.title(compared.names());
    sheet.item(&title, &words::brief(group.run), difference.as_deref())
}

use std::io::{self, Write};

use imglock_harness::drill::{Act, Effect, Entry};
use imglock_harness::run::Verdict;
use imglock_harness::step::Outcome;

use super::{Narrative, words};
use crate::phrase::printable;
use crate::report::palette::{self, BAD, CAREFUL, FAINT, GOOD, STRONG, TAKEN};

/// A drill for a terminal of `width` columns.
///
/// # Errors
/// When `out` cannot be written.
pub fn terminal(narrative: &Narrative<'_>, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let Narrative { drill, told, .. } = narrative;
    let width = width.min(100);
    writeln!(out, "{STRONG}{}{STRONG:#}  {FAINT}{}{FAINT:#}", drill.name, words::place(narrative))?;
    paragraph(drill.summary, "", width, out)?;
    writeln!(out)?;
    paragraph(drill.about, "  ", width, out)?;
    paragraph(&format!("Here: {}.", words::conditions(narrative)), "  ", width, out)?;
    let mut before: &[_] = &[];
    for (number, entry) in told.account.entries.iter().enumerate() {
        step(number + 1, entry, out)?;
        for (image, lines) in words::changes(before, entry) {
            for line in lines {
                writeln!(out, "       {TAKEN}{image}{TAKEN:#}  {line}")?;
            }
        }
        before = &entry.locks;
    }
    end(narrative, width, out)
}

fn step(number: usize, entry: &Entry, out: &mut dyn Write) -> io::Result<()> {
    let Entry { actor, title, act, messages, printed, .. } = entry;
    writeln!(out, "\n{FAINT}{number:>3}{FAINT:#}  {STRONG}{actor}{STRONG:#}  {title}")?;
    if let Some(command) = words::command(act) {
        writeln!(out, "     $ {command}")?;
    }
    for message in messages {
        writeln!(out, "     {FAINT}{message}{FAINT:#}")?;
    }
    for line in printed {
        writeln!(out, "     {CAREFUL}{}{CAREFUL:#}", printable(line))?;
    }
    if let Act::Prove(outcome) = act {
        let style = if *outcome == Outcome::Granted { BAD } else { GOOD };
        writeln!(out, "     {style}{}{style:#}", words::answer(outcome))?;
    }
    if let Some(fate) = words::fate(act) {
        writeln!(out, "     {CAREFUL}{fate}{CAREFUL:#}")?;
    }
    Ok(())
}

fn end(narrative: &Narrative<'_>, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let Narrative { drill, told, .. } = narrative;
    writeln!(out, "\n{STRONG}What came of it{STRONG:#}")?;
    for cell in &told.account.cells {
        let style = match cell.effect {
            Some(Effect::Keeps) => GOOD,
            _ => BAD,
        };
        let word = words::effect(cell.effect);
        let text = words::proof(cell);
        let options = unbroken(width - 9);
        for (number, line) in textwrap::wrap(&text, options).iter().enumerate() {
            let word = if number == 0 { word } else { "" };
            writeln!(out, "  {style}{word:5}{style:#}  {line}")?;
        }
    }
    if let Some(control) = words::control(narrative) {
        writeln!(out)?;
        paragraph(&control, "  ", width, out)?;
    }
    writeln!(out, "\n{STRONG}How to be safe{STRONG:#}")?;
    paragraph(drill.safe, "  ", width, out)?;
    for result in [*told].into_iter().chain(narrative.control) {
        if result.verdict != Verdict::Passed {
            let style = palette::of_verdict(result.verdict);
            writeln!(
                out,
                "\n{style}{}{style:#} ({}): {}",
                result.verdict, result.account.variant, result.reason
            )?;
        }
    }
    writeln!(out, "\nTo be pasted into a bug report:  imglock repro {} --markdown", drill.name)
}

fn paragraph(text: &str, indent: &str, width: usize, out: &mut dyn Write) -> io::Result<()> {
    for line in textwrap::wrap(text, unbroken(width - indent.len())) {
        writeln!(out, "{indent}{line}")?;
    }
    Ok(())
}

/// Lines of this width; words such as `auto-read-only` are not broken.
fn unbroken(width: usize) -> textwrap::Options<'static> {
    textwrap::Options::new(width).word_splitter(textwrap::WordSplitter::NoHyphenation)
}

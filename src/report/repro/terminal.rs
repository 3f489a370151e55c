use std::io::{self, Write};

use imglock_qemu::LockEffect;

use super::steps::{Step, steps};
use super::{Narrative, words};
use crate::report::page::Page;
use crate::report::palette::{self, BAD, CAREFUL, FAINT, GOOD, STRONG, TAKEN};

/// Writes a drill for a terminal of `width` columns.
pub fn terminal(narrative: &Narrative<'_>, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let Narrative { drill, told, environment, .. } = narrative;
    let page = &mut Page::new(out, width.min(100));
    let place = format!("Linux {}, {}", environment.kernel, environment.file_system);
    let program = &told.account.program;
    writeln!(page, "{STRONG}{}{STRONG:#}  {FAINT}{program}, {place}{FAINT:#}", drill.name)?;
    page.paragraph("", drill.summary)?;
    writeln!(page)?;
    page.paragraph("  ", drill.about)?;
    page.paragraph("  ", &format!("Conditions: {}.", words::conditions(narrative)))?;
    steps(&told.account).try_for_each(|one| step(one, page))?;
    writeln!(page, "\n{STRONG}Result{STRONG:#}")?;
    for cell in &told.account.cells {
        let style = if cell.effect == Some(LockEffect::Keeps) { GOOD } else { BAD };
        let word = words::effect(cell.effect);
        page.beside(&format!("  {style}{word:5}{style:#}  "), &words::proof(cell))?;
    }
    if let Some(control) = words::control(narrative) {
        writeln!(page)?;
        page.paragraph("  ", &control)?;
    }
    writeln!(page, "\n{STRONG}How to be safe{STRONG:#}")?;
    page.paragraph("  ", drill.safe)?;
    for result in words::failures(narrative) {
        let style = palette::of_verdict(result.verdict);
        let (verdict, variant) = (result.verdict, result.account.variant);
        writeln!(page, "\n{style}{verdict}{style:#} ({variant}): {}", result.reason)?;
    }
    writeln!(page, "\nFor a bug report:  imglock repro {} --markdown", drill.name)
}

fn step(step: Step<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let Step { number, actor, title, .. } = step;
    writeln!(page, "\n{FAINT}{number:>3}{FAINT:#}  {STRONG}{actor}{STRONG:#}  {title}")?;
    if let Some(command) = step.command {
        writeln!(page, "     $ {command}")?;
    }
    let answer = step.answer.map(|(answer, granted)| (if granted { BAD } else { GOOD }, answer));
    let said = step.messages.into_iter().map(|line| (FAINT, line));
    let printed = step.printed.into_iter().map(|line| (CAREFUL, line));
    let fate = step.fate.map(|fate| (CAREFUL, fate));
    for (style, line) in said.chain(printed).chain(answer).chain(fate) {
        writeln!(page, "     {style}{line}{style:#}")?;
    }
    for (image, line) in step.changes {
        writeln!(page, "       {TAKEN}{image}{TAKEN:#}  {line}")?;
    }
    Ok(())
}

use std::io::{self, Write};

use super::steps::{Step, steps};
use super::{Narrative, words};

/// Writes a drill as Markdown, for a bug report.
pub fn markdown(narrative: &Narrative<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Narrative { drill, told, environment, .. } = narrative;
    writeln!(out, "## {}\n\n{}\n", drill.summary, drill.about)?;
    writeln!(out, "| | |\n| --- | --- |")?;
    writeln!(out, "| QEMU | {} |", told.account.program)?;
    writeln!(out, "| kernel | Linux {} ({}) |", environment.kernel, environment.architecture)?;
    writeln!(out, "| file system | {} |", environment.file_system)?;
    writeln!(out, "| locks | {} |", words::conditions(narrative))?;
    writeln!(out, "| commands | {} |\n\n### Result\n", drill.commands)?;
    for cell in &told.account.cells {
        writeln!(out, "* **{}** {}", words::effect(cell.effect), words::proof(cell))?;
    }
    if let Some(control) = words::control(narrative) {
        writeln!(out, "\n{control}")?;
    }
    writeln!(out, "\n### Step by step\n")?;
    steps(&told.account).try_for_each(|one| step(one, out))?;
    writeln!(out, "### How to be safe\n\n{}\n", drill.safe)?;
    for result in words::failures(narrative) {
        let (verdict, variant) = (result.verdict, result.account.variant);
        writeln!(out, "**{verdict}** ({variant}): {}\n", result.reason)?;
    }
    let version = &environment.imglock;
    writeln!(out, "Made by `imglock repro {} --markdown` (imglock {version}).", drill.name)
}

fn step(step: Step<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}. **{}**: {}\n", step.number, step.actor, step.title)?;
    let command = step.command.map(|command| format!("$ {command}"));
    let said: Vec<String> = command.into_iter().chain(step.messages).chain(step.printed).collect();
    if !said.is_empty() {
        writeln!(out, "   ```text\n   {}\n   ```\n", said.join("\n   "))?;
    }
    if let Some((answer, _)) = step.answer {
        writeln!(out, "   **{answer}**\n")?;
    }
    if let Some(fate) = step.fate {
        writeln!(out, "   *{fate}*\n")?;
    }
    let mut images = step.changes.iter().peekable();
    while let Some((image, line)) = images.next() {
        writeln!(out, "   * `{image}`: {line}")?;
        if images.peek().is_none_or(|(next, _)| next != image) {
            writeln!(out)?;
        }
    }
    Ok(())
}

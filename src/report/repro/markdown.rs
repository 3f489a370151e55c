use std::io::{self, Write};

use imglock_harness::drill::{Act, Entry};
use imglock_harness::run::Verdict;

use super::{Narrative, words};
use crate::phrase::printable;

/// A drill as Markdown, to be pasted into a bug report.
///
/// # Errors
/// When `out` cannot be written.
pub fn markdown(narrative: &Narrative<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Narrative { drill, told, environment, .. } = narrative;
    writeln!(out, "## {}\n", drill.summary)?;
    writeln!(out, "{}\n", drill.about)?;
    writeln!(out, "| | |\n| --- | --- |")?;
    writeln!(out, "| QEMU | {} |", told.account.program)?;
    writeln!(out, "| kernel | Linux {} ({}) |", environment.kernel, environment.architecture)?;
    writeln!(out, "| file system | {} |", environment.file_system)?;
    writeln!(out, "| locks | {} |", words::conditions(narrative))?;
    writeln!(out, "| commands | {} |\n", drill.commands)?;
    writeln!(out, "### What came of it\n")?;
    for cell in &told.account.cells {
        writeln!(out, "* **{}** {}", words::effect(cell.effect), words::proof(cell))?;
    }
    if let Some(control) = words::control(narrative) {
        writeln!(out, "\n{control}")?;
    }
    writeln!(out, "\n### Step by step\n")?;
    let mut before: &[_] = &[];
    for (number, entry) in told.account.entries.iter().enumerate() {
        step(number + 1, entry, words::changes(before, entry), out)?;
        before = &entry.locks;
    }
    writeln!(out, "### How to be safe\n\n{}\n", drill.safe)?;
    for result in [*told].into_iter().chain(narrative.control) {
        if result.verdict != Verdict::Passed {
            let (verdict, variant) = (result.verdict, result.account.variant);
            writeln!(out, "**{verdict}** ({variant}): {}\n", result.reason)?;
        }
    }
    let version = &environment.imglock;
    writeln!(out, "Made by `imglock repro {} --markdown` (imglock {version}).", drill.name)
}

fn step(
    number: usize,
    entry: &Entry,
    changes: Vec<(String, Vec<String>)>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Entry { actor, title, act, messages, printed, .. } = entry;
    writeln!(out, "{number}. **{actor}**: {title}\n")?;
    let said = words::command(act).map(|command| format!("$ {command}"));
    let said = said.into_iter().chain(messages.iter().map(ToString::to_string));
    let said: Vec<String> = said.chain(printed.iter().map(|line| printable(line))).collect();
    if !said.is_empty() {
        writeln!(out, "   ```text")?;
        for line in said {
            writeln!(out, "   {line}")?;
        }
        writeln!(out, "   ```\n")?;
    }
    if let Act::Prove(outcome) = act {
        writeln!(out, "   **{}**\n", words::answer(outcome))?;
    }
    if let Some(fate) = words::fate(act) {
        writeln!(out, "   *{fate}*\n")?;
    }
    for (image, lines) in changes {
        for line in lines {
            writeln!(out, "   * `{image}`: {line}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

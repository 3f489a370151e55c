use std::io::{self, Write};

use imglock_harness::drill::{self, Drill, Effect, Expected, FileNode, Theme, Variant};
use imglock_harness::lock::Backend;

use crate::report::palette::{FAINT, STRONG};

/// Every drill by theme, for a terminal of `width` columns.
///
/// # Errors
/// When `out` cannot be written.
pub fn list(width: usize, out: &mut dyn Write) -> io::Result<()> {
    let pad = drill::all().map(|drill| drill.name.len()).max().unwrap_or(0);
    for Theme { title, drills } in drill::THEMES {
        writeln!(out, "{STRONG}{title}{STRONG:#}")?;
        for drill in *drills {
            let options = textwrap::Options::new(width.min(100).saturating_sub(pad + 4));
            let lines = textwrap::wrap(drill.summary, options);
            for (number, line) in lines.iter().enumerate() {
                let name = if number == 0 { drill.name } else { "" };
                writeln!(out, "  {STRONG}{name:pad$}{STRONG:#}  {line}")?;
            }
            writeln!(out, "  {:pad$}  {FAINT}{}{FAINT:#}", "", drill.commands)?;
        }
        writeln!(out)?;
    }
    writeln!(out, "Show one:  imglock repro hotplug")
}

/// What every command does with locks, a table for each theme.
///
/// # Errors
/// When `out` cannot be written.
pub fn tables(out: &mut dyn Write) -> io::Result<()> {
    for (number, Theme { title, drills }) in drill::THEMES.iter().enumerate() {
        let space = if number == 0 { "" } else { "\n" };
        write!(out, "{space}### {title}\n\n{}", table(drills))?;
    }
    Ok(())
}

/// What each command does with locks, as a table of the documentation.
pub fn table(drills: &[Drill]) -> String {
    let mut text = String::from(
        "| commands | image | OFD | POSIX, read-write | POSIX, auto-read-only | POSIX, inline | `imglock repro` |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for drill in drills {
        for (number, expected) in drill.expected.iter().enumerate() {
            let (commands, name) = match number {
                0 => (drill.commands, format!("`{}`", drill.name)),
                _ => ("", String::new()),
            };
            let [ofd, fixed, auto, inline] = COLUMNS.map(|variant| word(drill, expected, variant));
            let place = expected.place;
            text += &format!(
                "| {commands} | {place} | {ofd} | {fixed} | {auto} | {inline} | {name} |\n"
            );
        }
    }
    text
}

/// The conditions of the table's columns.
const COLUMNS: [Variant; 4] = [
    Variant::new(Backend::Ofd, FileNode::ReadWrite),
    Variant::new(Backend::Posix, FileNode::ReadWrite),
    Variant::new(Backend::Posix, FileNode::AutoReadOnly),
    Variant::new(Backend::Posix, FileNode::Inline),
];

fn word(drill: &Drill, expected: &Expected, variant: Variant) -> &'static str {
    if drill.inability(variant).is_some() {
        return "-";
    }
    match expected.on(variant) {
        Effect::Keeps => "keeps",
        Effect::Loses => "**loses**",
        Effect::Weakens => "**keeps a part**",
        Effect::Open => "*open*",
    }
}

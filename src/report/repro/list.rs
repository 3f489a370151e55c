use std::io::{self, Write};

use imglock_harness::drill::{self, Drill, Effect, Expected, FileNode, Theme, Variant};
use imglock_harness::lock::Backend;

use crate::report::page::Page;
use crate::report::palette::{FAINT, STRONG};

/// Writes every drill by theme, for a terminal of `width` columns.
pub fn list(width: usize, out: &mut dyn Write) -> io::Result<()> {
    let page = &mut Page::new(out, width.min(100));
    let pad = drill::all().map(|drill| drill.name.len()).max().unwrap_or(0);
    for Theme { title, drills } in drill::THEMES {
        writeln!(page, "{STRONG}{title}{STRONG:#}")?;
        for Drill { name, summary, commands, .. } in *drills {
            page.beside(&format!("  {STRONG}{name:pad$}{STRONG:#}  "), summary)?;
            writeln!(page, "  {:pad$}  {FAINT}{commands}{FAINT:#}", "")?;
        }
        writeln!(page)?;
    }
    writeln!(page, "Show one:  imglock repro hotplug")
}

/// Writes the effect of every command on locks, a table for each theme.
pub fn tables(out: &mut dyn Write) -> io::Result<()> {
    for (number, Theme { title, drills }) in drill::THEMES.iter().enumerate() {
        let space = if number == 0 { "" } else { "\n" };
        write!(out, "{space}### {title}\n\n{}", table(drills))?;
    }
    Ok(())
}

/// The effect of each command on locks, as a table of the documentation.
fn table(drills: &[Drill]) -> String {
    let mut text = String::from(
        "| commands | image | OFD | POSIX, read-write | POSIX, auto-read-only | POSIX, inline | `imglock repro` |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for drill in drills {
        let (mut commands, mut name) = (drill.commands, format!("`{}`", drill.name));
        for expected in drill.expected {
            let effects = COLUMNS.map(|variant| word(drill, expected, variant)).join(" | ");
            text += &format!("| {commands} | {} | {effects} | {name} |\n", expected.place);
            (commands, name) = ("", String::new());
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

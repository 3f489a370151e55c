use std::io::{self, Write};

use imglock_core::Backend;
use imglock_qemu::{
    DRILL_THEMES, Drill, DrillExpected, DrillTheme, DrillVariant, FileNode, LockEffect, all_drills,
};

use crate::report::page::Page;
use crate::report::palette::{FAINT, STRONG};

/// Writes every drill by theme, for a terminal of `width` columns.
pub fn list(width: usize, out: &mut dyn Write) -> io::Result<()> {
    let page = &mut Page::new(out, width.min(100));
    let pad = all_drills().map(|drill| drill.name.len()).max().unwrap_or(0);
    for DrillTheme { title, drills } in DRILL_THEMES {
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
    for (number, DrillTheme { title, drills }) in DRILL_THEMES.iter().enumerate() {
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
const COLUMNS: [DrillVariant; 4] = [
    DrillVariant::new(Backend::Ofd, FileNode::ReadWrite),
    DrillVariant::new(Backend::Posix, FileNode::ReadWrite),
    DrillVariant::new(Backend::Posix, FileNode::AutoReadOnly),
    DrillVariant::new(Backend::Posix, FileNode::Inline),
];

fn word(drill: &Drill, expected: &DrillExpected, variant: DrillVariant) -> &'static str {
    if drill.inability(variant).is_some() {
        return "-";
    }
    match expected.on(variant) {
        LockEffect::Keeps => "keeps",
        LockEffect::Loses => "**loses**",
        LockEffect::Weakens => "**keeps a part**",
        LockEffect::Open => "*open*",
    }
}

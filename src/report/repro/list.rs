use std::io::{self, Write};

use imglock_harness::drill::{self, Drill, Effect, Expected};

use crate::report::palette::{FAINT, STRONG};

/// Every drill, for a terminal of `width` columns.
///
/// # Errors
/// When `out` cannot be written.
pub fn list(width: usize, out: &mut dyn Write) -> io::Result<()> {
    let pad = drill::ALL.iter().map(|drill| drill.name.len()).max().unwrap_or(0);
    for drill in drill::ALL {
        let options = textwrap::Options::new(width.min(100).saturating_sub(pad + 2));
        let lines = textwrap::wrap(drill.summary, options);
        for (number, line) in lines.iter().enumerate() {
            let name = if number == 0 { drill.name } else { "" };
            writeln!(out, "{STRONG}{name:pad$}{STRONG:#}  {line}")?;
        }
        writeln!(out, "{:pad$}  {FAINT}{}{FAINT:#}", "", drill.commands)?;
    }
    writeln!(
        out,
        "\nShow one:  imglock repro {}",
        drill::ALL.first().map_or("NAME", |one| one.name)
    )
}

/// What each command does with locks, as a table of the documentation.
pub fn table(drills: &[Drill]) -> String {
    let mut text = String::from(
        "| commands | image | OFD | POSIX, read-write | POSIX, auto-read-only | POSIX, inline | `imglock repro` |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for drill in drills {
        for (number, expected) in drill.expected.iter().enumerate() {
            let Expected { place, ofd, fixed, auto, inline } = expected;
            let (commands, name) = match number {
                0 => (drill.commands, format!("`{}`", drill.name)),
                _ => ("", String::new()),
            };
            let [ofd, fixed, auto, inline] = [ofd, fixed, auto, inline].map(|effect| word(*effect));
            text += &format!(
                "| {commands} | {place} | {ofd} | {fixed} | {auto} | {inline} | {name} |\n"
            );
        }
    }
    text
}

fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Keeps => "keeps",
        Effect::Loses => "**loses**",
        Effect::Weakens => "**keeps a part**",
        Effect::Open => "*open*",
    }
}

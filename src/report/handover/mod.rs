//! How long nobody holds an image while its guest moves, as tables and in
//! words.

mod table;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use imglock_harness::handover::{Handovers, Lesson};
use imglock_harness::run::Environment;
use serde::Serialize;
use textwrap::WordSplitter;

use super::palette::{BAD, FAINT, STRONG};

/// The columns of a page.
const WIDTH: usize = 96;

/// The version of the document; it rises when a reader could be broken.
const SCHEMA: u32 = 1;

/// Where, the gaps, who slipped in, and what follows.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(measured: &Handovers, out: &mut dyn Write) -> io::Result<()> {
    place(measured, out)?;
    table::gaps(measured, out)?;
    table::openers(measured, out)?;
    for failure in table::failures(measured) {
        paragraph(&format!("{BAD}not as it must be{BAD:#}: {failure}"), "", out)?;
    }
    writeln!(out, "\n{STRONG}What it means{STRONG:#}")?;
    for lesson in measured.lessons() {
        paragraph(lesson.sentences(), "- ", out)?;
    }
    writeln!(out, "\nAt each moment, step by step:  imglock repro handover")
}

fn place(measured: &Handovers, out: &mut dyn Write) -> io::Result<()> {
    let Environment { kernel, architecture, file_system, qemu, .. } = &measured.environment;
    let qemu: Vec<String> = qemu.iter().map(ToString::to_string).collect();
    writeln!(
        out,
        "{STRONG}A guest moves to another QEMU on the same host, again and again{STRONG:#}"
    )?;
    let about = format!("{}; {file_system} on Linux {kernel} ({architecture})", qemu.join(", "));
    writeln!(out, "  {about}")?;
    let how = format!(
        "{} handovers for each number; one image, raw, mode rw, OFD locks; 1 MiB of memory. The \
         times are those of a thread of usual priority that asks for the lock bytes all the time.",
        measured.rounds
    );
    for line in textwrap::wrap(&how, WIDTH - 2) {
        writeln!(out, "  {FAINT}{line}{FAINT:#}")?;
    }
    Ok(())
}

fn paragraph(text: &str, bullet: &str, out: &mut dyn Write) -> io::Result<()> {
    let indent = " ".repeat(bullet.len());
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(bullet)
        .subsequent_indent(&indent)
        .word_splitter(WordSplitter::NoHyphenation);
    for line in textwrap::wrap(text, options) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    /// Whether every handover ended as it must.
    holds: bool,
    #[serde(flatten)]
    measured: &'a Handovers,
    /// The distributions, one for each series.
    gaps: Vec<table::Summary>,
    meaning: Vec<Said>,
}

#[derive(Serialize)]
struct Said {
    lesson: Lesson,
    text: &'static str,
}

/// One JSON document with every handover in it.
///
/// # Errors
/// When `out` cannot be written.
pub fn json(measured: &Handovers, out: &mut dyn Write) -> io::Result<()> {
    let said = |lesson: Lesson| Said { text: lesson.sentences(), lesson };
    let document = Document {
        schema: SCHEMA,
        holds: measured.holds(),
        measured,
        gaps: measured.series.iter().map(table::Summary::of).collect(),
        meaning: measured.lessons().into_iter().map(said).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

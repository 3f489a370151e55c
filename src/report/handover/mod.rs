//! How long an image has no holder while its guest migrates, as tables and in words.

mod table;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use imglock_qemu::{HandoverLesson, HandoverSeries, Handovers};
use serde::Serialize;
use serde_json::{Value, json};

use super::page::Page;
use super::palette::{BAD, FAINT, STRONG};
use super::{document, environment};

/// The columns of a page.
const WIDTH: usize = 96;

/// Writes where it was measured, the gaps, how an opener fared, and the conclusions.
pub fn write(measured: &Handovers, out: &mut dyn Write) -> io::Result<()> {
    let page = &mut Page::new(out, WIDTH);
    let (qemu, place) =
        (environment::qemu(&measured.environment), environment::place(&measured.environment));
    writeln!(page, "{STRONG}Repeated migration to another QEMU on the same host{STRONG:#}")?;
    writeln!(page, "  {qemu}; {place}")?;
    let how = format!(
        "{} handovers for each number; one raw image in mode rw, OFD locks, 1 MiB of memory. A \
         thread of normal priority measures the times: it tests the lock bytes all the time.",
        measured.rounds
    );
    page.paragraph("  ", &format!("{FAINT}{how}{FAINT:#}"))?;
    table::gaps(measured, page)?;
    table::openers(measured, page)?;
    for failure in table::failures(measured) {
        page.paragraph("", &format!("{BAD}unexpected end{BAD:#}, {failure}"))?;
    }
    writeln!(page, "\n{STRONG}What it means{STRONG:#}")?;
    for lesson in measured.lessons() {
        page.beside("- ", lesson.sentences())?;
    }
    writeln!(page, "\nStep by step, with all locks:  imglock repro handover")
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    /// Whether every handover ended as it must.
    holds: bool,
    #[serde(flatten)]
    measured: &'a Handovers,
    /// The distributions of each series.
    gaps: Vec<Value>,
    meaning: Vec<Value>,
}

/// Writes one JSON document with every handover in it.
pub fn json(measured: &Handovers, out: &mut dyn Write) -> io::Result<()> {
    let gaps = |series: &HandoverSeries| {
        json!({
            "handling": series.handling,
            // How long the image had no holder, and how long it was not locked in full; null
            // where no gap was seen.
            "held": series.held(),
            "unshared": series.unshared(),
            // The longest interval of each handover in which the watcher did not look.
            "holes": series.holes(),
            // The handovers without a gap seen, and those in which the opener was granted.
            "missed": series.missed(),
            "granted": series.granted(),
        })
    };
    let meaning = |lesson: HandoverLesson| json!({ "lesson": lesson, "text": lesson.sentences() });
    let document = Document {
        schema: 1,
        holds: measured.holds(),
        measured,
        gaps: measured.series.iter().map(gaps).collect(),
        meaning: measured.lessons().into_iter().map(meaning).collect(),
    };
    document::write(&document, out)
}

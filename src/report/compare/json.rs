use std::io::{self, Write};

use imglock_harness::compare::{Change, Comparison};
use serde::Serialize;

use super::Compared;

/// The version of the document; it rises when a reader could be broken.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    /// Whether anything is broken; decides the exit code.
    broken: bool,
    comparisons: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    old: &'a str,
    new: &'a str,
    broken: bool,
    counts: serde_json::Map<String, serde_json::Value>,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

/// One JSON document of all comparisons.
///
/// # Errors
/// When `out` cannot be written.
pub fn json(all: &[Compared<'_>], out: &mut dyn Write) -> io::Result<()> {
    let comparisons = all.iter().map(entry).collect::<io::Result<Vec<Entry<'_>>>>()?;
    let broken = comparisons.iter().any(|entry| entry.broken);
    serde_json::to_writer_pretty(&mut *out, &Document { schema: SCHEMA, broken, comparisons })?;
    writeln!(out)
}

fn entry<'c>(compared: &'c Compared<'c>) -> io::Result<Entry<'c>> {
    let Compared { old, new, comparison } = compared;
    let count = |change: Change| Ok((word(change)?, comparison.count(change).into()));
    let counts = Change::ALL.into_iter().map(count).collect::<io::Result<_>>()?;
    Ok(Entry { old, new, broken: comparison.is_broken(), counts, comparison })
}

/// As it stands in the rest of the document.
fn word(change: Change) -> io::Result<String> {
    match serde_json::to_value(change)? {
        serde_json::Value::String(word) => Ok(word),
        other => Ok(other.to_string()),
    }
}

use std::io::{self, Write};

use imglock_engine::{Change, Comparison};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Compared;
use crate::report::document;

#[derive(Serialize)]
struct Entry<'a> {
    old: &'a str,
    new: &'a str,
    broken: bool,
    /// The number of runs of each kind of change.
    counts: Map<String, Value>,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

/// Writes one JSON document of all comparisons.
pub fn json(all: &[Compared<'_>], out: &mut dyn Write) -> io::Result<()> {
    let comparisons = all.iter().map(entry).collect::<io::Result<Vec<Entry<'_>>>>()?;
    // Whether anything is broken decides the exit code.
    let broken = comparisons.iter().any(|entry| entry.broken);
    document::write(&json!({ "schema": 1, "broken": broken, "comparisons": comparisons }), out)
}

fn entry<'c>(compared: &'c Compared<'c>) -> io::Result<Entry<'c>> {
    let Compared { old, new, comparison } = compared;
    let mut counts = Map::new();
    for change in Change::ALL {
        // The word that the rest of the document has for it.
        if let Value::String(word) = serde_json::to_value(change)? {
            counts.insert(word, comparison.count(change).into());
        }
    }
    Ok(Entry { old, new, broken: comparison.is_broken(), counts, comparison })
}

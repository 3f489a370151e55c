//! JSON documents, laid out to be read.
//!
//! Each has a `schema`, its version, which rises when a program that reads the document could break.

use std::io::{self, Write};

use serde::Serialize;

/// Writes `document` to `out`.
pub fn write(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}

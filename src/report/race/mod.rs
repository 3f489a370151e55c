//! What a race came to, for a reader.

use std::io::{self, Write};

use imglock_harness::race::RaceSum;

/// Writes it.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(sum: &RaceSum, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", serde_json::to_string(sum)?)
}

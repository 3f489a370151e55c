//! The report as one page: a single file that loads nothing and is readable
//! without a mouse, without scripts and on paper.

mod cell;
mod filters;
mod lanes;
mod layout;
mod matrix;
mod page;
mod places;
mod scenario;
mod scene;
mod slots;
mod summary;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use super::RunRecord;

/// Writes the page.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(page::page(record).into_string().as_bytes())
}

use std::fs;
use std::path::Path;

use crate::failure::Failure;

/// The text of an input file.
///
/// # Errors
/// The file cannot be read, or is not UTF-8.
pub fn text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(Failure::unreadable(path))
}

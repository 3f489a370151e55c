//! What tests compare: the text that a report writes.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

/// The text without colours.
pub fn shown(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    plain(&coloured(write))
}

/// The text with its colours.
pub fn coloured(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("a vector can be written");
    String::from_utf8(out).expect("text")
}

/// `text` without its colours.
pub fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// The width of the widest line of `text`, in columns.
pub fn widest(text: &str) -> usize {
    text.lines().map(UnicodeWidthStr::width).max().unwrap_or(0)
}

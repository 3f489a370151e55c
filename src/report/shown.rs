//! What tests compare: the text that a report writes.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

/// Tests of snapshots, a row for each: the name of the test, and the text.
macro_rules! snapshots {
    ($($name:ident: $text:expr;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!($text);
        }
    )*};
}
pub(in crate::report) use snapshots;

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

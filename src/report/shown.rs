//! What tests compare: the text that a report writes.

use unicode_width::UnicodeWidthStr;

pub use super::samples::{coloured, written as shown};

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

/// `text` without its colours.
pub fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// The width of the widest line of `text`, in columns.
pub fn widest(text: &str) -> usize {
    text.lines().map(UnicodeWidthStr::width).max().unwrap_or(0)
}

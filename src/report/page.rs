use std::fmt::Arguments;
use std::io::{self, Write};

use textwrap::WordSeparator::AsciiSpace;
use textwrap::WordSplitter::NoHyphenation;
use textwrap::core::display_width;

/// Where a report is written, and how many columns it has.
///
/// `write!` and `writeln!` write as they are; paragraphs are wrapped at blanks
/// only, so that a command, a path or `auto-read-only` can be copied.
pub struct Page<'o> {
    out: &'o mut dyn Write,
    /// In columns.
    pub width: usize,
}

impl<'o> Page<'o> {
    /// Writes to `out`.
    pub fn new(out: &'o mut dyn Write, width: usize) -> Page<'o> {
        Page { out, width }
    }

    /// What `write!` and `writeln!` call.
    pub fn write_fmt(&mut self, text: Arguments<'_>) -> io::Result<()> {
        self.out.write_fmt(text)
    }

    /// Writes `text` with `first` before its first line and `rest` before the others.
    pub fn wrapped(&mut self, first: &str, rest: &str, text: &str) -> io::Result<()> {
        let options = textwrap::Options::new(self.width)
            .initial_indent(first)
            .subsequent_indent(rest)
            .word_separator(AsciiSpace)
            .word_splitter(NoHyphenation)
            .break_words(false);
        self.lines("", textwrap::wrap(text, options))
    }

    /// Writes a paragraph, each line of it after `indent`.
    pub fn paragraph(&mut self, indent: &str, text: &str) -> io::Result<()> {
        self.wrapped(indent, indent, text)
    }

    /// Writes a paragraph to the right of `lead`, which stands before its first line only.
    pub fn beside(&mut self, lead: &str, text: &str) -> io::Result<()> {
        self.wrapped(lead, &" ".repeat(display_width(lead)), text)
    }

    /// Writes each of `lines` after `indent`.
    pub fn lines<T: AsRef<str>>(
        &mut self,
        indent: &str,
        lines: impl IntoIterator<Item = T>,
    ) -> io::Result<()> {
        lines.into_iter().try_for_each(|line| writeln!(self.out, "{indent}{}", line.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::palette::STRONG;
    use crate::report::shown::shown;

    #[test]
    fn words_stay_whole_and_colours_have_no_width() {
        let text = shown(|out| {
            let mut page = Page::new(out, 20);
            page.beside(
                &format!("{STRONG}lead{STRONG:#}  "),
                "node auto-read-only of /srv/disk.img",
            )?;
            page.paragraph("  ", "a word_that_is_wider_than_a_page")
        });
        let expected = [
            "lead  node",
            "      auto-read-only",
            "      of",
            "      /srv/disk.img",
            "  a",
            "  word_that_is_wider_than_a_page",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }
}

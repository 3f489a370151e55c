use std::io;

use anstyle::Style;
use imglock_engine::Change;
use unicode_width::UnicodeWidthStr;

use crate::phrase::capitalised;
use crate::report::page::Page;
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD, PLAIN, STRONG};

/// What a mail to a list may have.
const MAIL_WIDTH: usize = 72;

/// How a comparison is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For a terminal, with colours.
    Screen,
    /// As Markdown that reads well as the plain text of a mail.
    Mail,
}

/// The parts of an account in one of the two forms.
pub struct Sheet<'o> {
    pub page: Page<'o>,
    pub form: Form,
}

impl<'o> Sheet<'o> {
    /// For a terminal of `width` columns.
    pub fn screen(out: &'o mut dyn io::Write, width: usize) -> Sheet<'o> {
        Sheet { page: Page::new(out, width), form: Form::Screen }
    }

    /// For a mail.
    pub fn mail(out: &'o mut dyn io::Write) -> Sheet<'o> {
        Sheet { page: Page::new(out, MAIL_WIDTH), form: Form::Mail }
    }

    /// Begins a part about a kind of change. A screen has `beside` in the same
    /// line, a mail below it.
    pub fn heading(&mut self, change: Change, title: &str, beside: &str) -> io::Result<()> {
        match self.form {
            Form::Screen => {
                let style = style(change);
                let colon = if beside.is_empty() { "" } else { ": " };
                let line =
                    format!("{style}{change}{style:#}  {STRONG}{title}{STRONG:#}{colon}{beside}");
                writeln!(self.page)?;
                self.page.wrapped("", "  ", &line)
            }
            Form::Mail => {
                let title = capitalised(&format!("{change}: {title}"));
                writeln!(self.page, "\n{title}\n{}\n", "-".repeat(title.width()))?;
                if beside.is_empty() { Ok(()) } else { self.text(&sentence(beside)) }
            }
        }
    }

    /// Writes a paragraph.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        let indent = if self.form == Form::Screen { "  " } else { "" };
        self.page.paragraph(indent, text)
    }

    /// Writes a sentence as a paragraph of its own.
    pub fn remark(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.page)?;
        match self.form {
            Form::Screen => self.text(text),
            Form::Mail => self.text(&sentence(text)),
        }
    }

    /// Writes lines as they are, below a title if there is one.
    pub fn block(&mut self, title: &str, lines: &[String]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        writeln!(self.page)?;
        match self.form {
            _ if title.is_empty() => {}
            Form::Screen => writeln!(self.page, "  {STRONG}{title}{STRONG:#}")?,
            Form::Mail => {
                self.text(title)?;
                writeln!(self.page)?;
            }
        }
        self.page.lines(if title.is_empty() { "" } else { "    " }, lines)
    }

    /// Writes an entry of a list: its title, and what is known of it.
    pub fn item(&mut self, title: &str, words: &str, below: Option<&str>) -> io::Result<()> {
        let colon = if words.is_empty() { "" } else { ": " };
        let below = below.unwrap_or_default();
        match self.form {
            Form::Screen => {
                let line = format!("{STRONG}{title}{STRONG:#}{colon}{words}");
                self.page.wrapped("  ", "    ", &line)?;
                if below.is_empty() { Ok(()) } else { self.page.wrapped("    ", "      ", below) }
            }
            Form::Mail => {
                self.page.beside("* ", &format!("{title}{colon}{words}"))?;
                if below.is_empty() { Ok(()) } else { self.page.paragraph("  ", below) }
            }
        }
    }

    /// Ends a list that is cut off.
    pub fn more(&mut self, number: usize) -> io::Result<()> {
        match (number, self.form) {
            (0, _) => Ok(()),
            (_, Form::Screen) => {
                writeln!(self.page, "  {FAINT}and {number} more; --all shows them{FAINT:#}")
            }
            (_, Form::Mail) => writeln!(self.page, "* and {number} more"),
        }
    }

    /// Writes a table: its first row is the heading, and numbers are aligned to the right.
    pub fn table(&mut self, rows: &[Vec<String>]) -> io::Result<()> {
        let columns = rows.first().map_or(0, Vec::len);
        let least = if self.form == Form::Mail { 3 } else { 0 };
        let widest = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(|column| widest(column).max(least)).collect();
        writeln!(self.page)?;
        for (number, row) in rows.iter().enumerate() {
            let cells = row.iter().zip(&widths).enumerate();
            let cells: Vec<String> = cells
                .map(|(column, (cell, width))| match column {
                    0 => format!("{cell:width$}"),
                    _ => format!("{cell:>width$}"),
                })
                .collect();
            let style = if number == 0 { FAINT } else { PLAIN };
            match self.form {
                Form::Screen => writeln!(self.page, "  {style}{}{style:#}", cells.join("  "))?,
                Form::Mail => writeln!(self.page, "| {} |", cells.join(" | "))?,
            }
            if number == 0 && self.form == Form::Mail {
                let rules =
                    widths.iter().skip(1).map(|width| format!(" {}: |", "-".repeat(width - 1)));
                let rules: String = rules.collect();
                writeln!(self.page, "| {} |{rules}", "-".repeat(widths[0]))?;
            }
        }
        Ok(())
    }
}

fn style(change: Change) -> Style {
    match change {
        Change::Broken => BAD,
        Change::Fixed | Change::Tried => GOOD,
        Change::Changed | Change::Untried | Change::Slower | Change::NotRun => CAREFUL,
        Change::New | Change::Gone | Change::Same => STRONG,
    }
}

fn sentence(text: &str) -> String {
    format!("{}.", capitalised(text.trim_end_matches('.')))
}

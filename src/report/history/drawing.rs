use std::io::{self, Write};

use anstyle::Style;
use imglock_harness::history::{Event, Finding, Role};
use unicode_width::UnicodeWidthStr;

use super::{Names, words};
use crate::report::palette::{BAD, CAREFUL, FAINT, PLAIN, STRONG};

/// What is between two columns.
const BETWEEN: usize = 3;
/// The times are at least so wide.
const TIMES: usize = 6;
/// A remark that has no room beside its event stands below it, in no less.
const NARROWEST: usize = 30;

/// Draws the events that prove a finding: one a row in order of time, a column
/// for each opener, with the times since the first. Those that only help to
/// understand it are faint.
///
/// # Errors
/// When `out` cannot be written.
pub fn draw(
    finding: &Finding,
    names: &Names<'_>,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let certain = finding.is_certain && finding.matter.hazard().is_none();
    let point = if certain { BAD } else { CAREFUL };
    let events = finding.matter.events();
    let drawing = Drawing::of(&events, names, width);
    drawing.head(names, out)?;
    for event in &events {
        let style = match event.role {
            Role::Proof => PLAIN,
            Role::Point | Role::Loss => point,
            Role::Context | Role::Gone { .. } | Role::Came { .. } => FAINT,
        };
        let lines = words::event(event.kind, names);
        drawing.row(event, &lines, words::remark(event, finding, names), style, out)?;
    }
    Ok(())
}

struct Drawing {
    /// Of the page.
    width: usize,
    /// The first event's time.
    first_ns: u64,
    /// How wide the times are.
    times: usize,
    /// The opener of each column, and how wide it is.
    columns: Vec<(usize, usize)>,
}

impl Drawing {
    fn of(events: &[Event], names: &Names<'_>, width: usize) -> Drawing {
        let first_ns = events.first().map_or(0, |event| event.at_ns);
        let mut drawing = Drawing { width, first_ns, times: TIMES, columns: Vec::new() };
        for event in events {
            drawing.times = drawing.times.max((event.at_ns - first_ns).to_string().len());
            let lines = words::event(event.kind, names).into_iter();
            let widest = lines.map(|line| line.width()).max().unwrap_or(0);
            match drawing.columns.iter_mut().find(|(opener, _)| *opener == event.opener) {
                Some((_, width)) => *width = widest.max(*width),
                None => {
                    let name = names.opener(event.opener).width();
                    drawing.columns.push((event.opener, name.max(widest)));
                }
            }
        }
        drawing
    }

    /// How far in the column of an opener begins.
    fn indent(&self, opener: usize) -> usize {
        let before = self.columns.iter().take_while(|(other, _)| *other != opener);
        2 + self.times + 2 + before.map(|(_, width)| width + BETWEEN).sum::<usize>()
    }

    fn head(&self, names: &Names<'_>, out: &mut dyn Write) -> io::Result<()> {
        let times = self.times;
        write!(out, "  {:>times$}", "ns")?;
        let mut at = 2 + times;
        for (opener, _) in &self.columns {
            let space = self.indent(*opener) - at;
            let name = names.opener(*opener);
            write!(out, "{:space$}{STRONG}{name}{STRONG:#}", "")?;
            at += space + name.width();
        }
        writeln!(out)
    }

    fn row(
        &self,
        event: &Event,
        lines: &[String],
        remark: Option<String>,
        style: Style,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let (times, indent) = (self.times, self.indent(event.opener));
        let time = event.at_ns - self.first_ns;
        write!(out, "  {FAINT}{time:>times$}{FAINT:#}")?;
        let mut at = 2 + times;
        for (number, line) in lines.iter().enumerate() {
            if number > 0 {
                writeln!(out)?;
                at = 0;
            }
            let space = indent - at;
            write!(out, "{:space$}{style}{line}{style:#}", "")?;
            at += space + line.width();
        }
        match remark {
            Some(remark) => self.remark(at, indent, &format!("<- {remark}"), style, out),
            None => writeln!(out),
        }
    }

    /// Right of all columns, or where there is no room for it below the event.
    fn remark(
        &self,
        at: usize,
        indent: usize,
        remark: &str,
        style: Style,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let right = self.indent(usize::MAX);
        if right + remark.width() <= self.width {
            let space = right - at;
            return writeln!(out, "{:space$}{style}{remark}{style:#}", "");
        }
        writeln!(out)?;
        let room = self.width.saturating_sub(indent).max(NARROWEST);
        let indent = indent.min(self.width.saturating_sub(room));
        let options = textwrap::Options::new(room)
            .subsequent_indent("   ")
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        for line in textwrap::wrap(remark, options) {
            writeln!(out, "{:indent$}{style}{line}{style:#}", "")?;
        }
        Ok(())
    }
}

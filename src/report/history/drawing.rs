use std::io;

use anstyle::Style;
use imglock_scenario::{HistoryEvent, HistoryFinding, HistoryMatter, OpenerRole};
use textwrap::core::display_width;
use unicode_width::UnicodeWidthStr;

use super::{Names, words};
use crate::report::page::Page;
use crate::report::palette::{BAD, CAREFUL, FAINT, PLAIN, STRONG};

/// The columns between two openers.
const BETWEEN: usize = 3;
/// The least width of the times.
const TIMES: usize = 6;
/// The least width of a remark that stands below its event.
const NARROWEST: usize = 30;

/// Draws the events that prove a finding: one a row in order of time, a column
/// for each opener, with the nanoseconds since the first event. Events that only
/// help to understand it are faint.
pub fn draw(finding: &HistoryFinding, names: &Names<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let contradicts = !matches!(finding.matter, HistoryMatter::Suspect { .. });
    let certain = finding.is_certain && finding.matter.hazard().is_none() && contradicts;
    let point = if certain { BAD } else { CAREFUL };
    let events = finding.matter.events();
    let drawing = Drawing::of(&events, names);
    drawing.head(names, page)?;
    for event in &events {
        let style = match event.role {
            OpenerRole::Proof => PLAIN,
            OpenerRole::Point | OpenerRole::Loss | OpenerRole::Suspect => point,
            OpenerRole::Context | OpenerRole::Gone { .. } | OpenerRole::Came { .. } => FAINT,
        };
        let lines = words::event(event.kind, names);
        drawing.row(event, &lines, words::remark(event, finding, names), style, page)?;
    }
    Ok(())
}

struct Drawing {
    /// The first event's time.
    first_ns: u64,
    /// The width of the times.
    times: usize,
    /// The opener and the width of each column.
    columns: Vec<(usize, usize)>,
}

impl Drawing {
    fn of(events: &[HistoryEvent], names: &Names<'_>) -> Drawing {
        let first_ns = events.first().map_or(0, |event| event.at_ns);
        let mut drawing = Drawing { first_ns, times: TIMES, columns: Vec::new() };
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

    /// The columns before those of an opener.
    fn indent(&self, opener: usize) -> usize {
        let before = self.columns.iter().take_while(|(other, _)| *other != opener);
        2 + self.times + 2 + before.map(|(_, width)| width + BETWEEN).sum::<usize>()
    }

    fn head(&self, names: &Names<'_>, page: &mut Page<'_>) -> io::Result<()> {
        let mut line = format!("  {:>1$}", "ns", self.times);
        for (opener, _) in &self.columns {
            let name = names.opener(*opener);
            place(&mut line, self.indent(*opener), &format!("{STRONG}{name}{STRONG:#}"));
        }
        writeln!(page, "{line}")
    }

    fn row(
        &self,
        event: &HistoryEvent,
        lines: &[String],
        remark: Option<String>,
        style: Style,
        page: &mut Page<'_>,
    ) -> io::Result<()> {
        let indent = self.indent(event.opener);
        let time = event.at_ns - self.first_ns;
        let mut line = format!("  {FAINT}{time:>0$}{FAINT:#}", self.times);
        for (number, text) in lines.iter().enumerate() {
            if number > 0 {
                writeln!(page, "{line}")?;
                line.clear();
            }
            place(&mut line, indent, &format!("{style}{text}{style:#}"));
        }
        let Some(remark) = remark else { return writeln!(page, "{line}") };
        let remark = format!("{style}<- {remark}{style:#}");
        let right = self.indent(usize::MAX);
        if right + display_width(&remark) <= page.width {
            place(&mut line, right, &remark);
            return writeln!(page, "{line}");
        }
        // There is no room to the right of all columns.
        writeln!(page, "{line}")?;
        let indent = indent.min(page.width.saturating_sub(NARROWEST));
        page.wrapped(&" ".repeat(indent), &" ".repeat(indent + 3), &remark)
    }
}

/// Adds a text to a line, beginning in this column.
fn place(line: &mut String, column: usize, text: &str) {
    line.push_str(&" ".repeat(column.saturating_sub(display_width(line))));
    line.push_str(text);
}

use std::io;

use anstyle::Style;
use imglock_harness::history::{Event, Finding, Role};
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
pub fn draw(finding: &Finding, names: &Names<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let certain = finding.is_certain && finding.matter.hazard().is_none();
    let point = if certain { BAD } else { CAREFUL };
    let events = finding.matter.events();
    let drawing = Drawing::of(&events, names);
    drawing.head(names, page)?;
    for event in &events {
        let style = match event.role {
            Role::Proof => PLAIN,
            Role::Point | Role::Loss => point,
            Role::Context | Role::Gone { .. } | Role::Came { .. } => FAINT,
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
    fn of(events: &[Event], names: &Names<'_>) -> Drawing {
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
        let times = self.times;
        write!(page, "  {:>times$}", "ns")?;
        let mut at = 2 + times;
        for (opener, _) in &self.columns {
            let space = self.indent(*opener) - at;
            let name = names.opener(*opener);
            write!(page, "{:space$}{STRONG}{name}{STRONG:#}", "")?;
            at += space + name.width();
        }
        writeln!(page)
    }

    fn row(
        &self,
        event: &Event,
        lines: &[String],
        remark: Option<String>,
        style: Style,
        page: &mut Page<'_>,
    ) -> io::Result<()> {
        let (times, indent) = (self.times, self.indent(event.opener));
        let time = event.at_ns - self.first_ns;
        write!(page, "  {FAINT}{time:>times$}{FAINT:#}")?;
        let mut at = 2 + times;
        for (number, line) in lines.iter().enumerate() {
            if number > 0 {
                writeln!(page)?;
                at = 0;
            }
            let space = indent - at;
            write!(page, "{:space$}{style}{line}{style:#}", "")?;
            at += space + line.width();
        }
        let Some(remark) = remark else { return writeln!(page) };
        let remark = format!("{style}<- {remark}{style:#}");
        let right = self.indent(usize::MAX);
        let width = textwrap::core::display_width(&remark);
        if right + width <= page.width {
            return writeln!(page, "{:1$}{remark}", "", right - at);
        }
        // There is no room to the right of all columns.
        writeln!(page)?;
        let indent = indent.min(page.width.saturating_sub(NARROWEST));
        page.wrapped(&" ".repeat(indent), &" ".repeat(indent + 3), &remark)
    }
}

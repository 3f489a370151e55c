//! The geometry of a swim-lane drawing, in pixels from the top left. No SVG.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use super::slots;
use crate::report::lifetimes::{Lifetime, Lock};

/// The width of a character of the drawing's type, in hundredths of a pixel.
const CHARACTER: usize = 730;
/// The distance between two lines of text.
pub const LINE: usize = 16;
/// The distance between two lines of a bar's label.
pub const LABEL_LINE: usize = 11;
/// The room for the mark left of a cell's text.
pub const INDENT: usize = 20;
/// The room above and below the text of a row.
pub const PAD: usize = 7;
/// From the top of a row to the middle of its marks, where bars begin and end.
pub const MIDDLE: usize = PAD + LINE / 2;
/// The height of the lanes' heads.
pub const HEAD: usize = 30;
/// The width of the column of line numbers.
pub const GUTTER: usize = 38;
/// The distance between two lanes.
pub const BETWEEN: usize = 12;
/// The distance between a lane's text and its bars, and right of these.
pub const MARGIN: usize = 8;
/// The distance between two bars.
const BETWEEN_BARS: usize = 3;

/// A drawing with everything in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    pub width: usize,
    pub height: usize,
    /// From left to right.
    pub lanes: Vec<Lane>,
    /// From top to bottom.
    pub rows: Vec<Row>,
    /// The bars of the lifetimes, by lane.
    pub bars: Vec<Placed>,
}

/// A lane; its place is 0 until it is laid out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lane {
    pub actor: String,
    /// The widest of its texts, in characters.
    pub characters: usize,
    pub x: usize,
    /// Its width, with its bars.
    pub width: usize,
}

/// A row; its place is 0 until it is laid out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Its events, as indexes into the trace.
    pub events: Range<usize>,
    /// The lines of text in its highest cell.
    pub lines: usize,
    /// The lines above the cells, across the lanes.
    pub above: usize,
    /// The lines below the cells, across the lanes.
    pub below: usize,
    /// The widest line across the lanes, in characters.
    pub widest: usize,
    pub y: usize,
    pub height: usize,
    /// The upper edge of its cells.
    pub text_y: usize,
    /// The upper edge of the lines below them.
    pub below_y: usize,
}

/// The bar of a lifetime, in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The index of its lane.
    pub lane: usize,
    pub lock: Lock,
    pub x: usize,
    pub width: usize,
    /// Its upper edge, at the step that acquires the lock.
    pub y: usize,
    pub height: usize,
    /// The row in which it ends; `None` if it reaches the end of the drawing.
    pub until: Option<usize>,
}

/// The width of a text of so many characters.
pub fn text_width(characters: usize) -> usize {
    (characters * CHARACTER).div_ceil(100)
}

/// The words on a bar.
type Label<'l> = &'l dyn Fn(&Lock) -> Vec<String>;

impl Layout {
    /// Places `lanes`, `rows` and the lifetimes of these lanes. `label` gives
    /// the words on a bar, a line each.
    pub fn of(
        lanes: Vec<Lane>,
        mut rows: Vec<Row>,
        lifetimes: &[Lifetime],
        label: Label<'_>,
    ) -> Layout {
        let widest = rows.iter().map(|row| row.widest).max().unwrap_or(0);
        let drawn = |one: &&Lifetime| lanes.iter().any(|lane| lane.actor == one.actor);
        place_rows(&mut rows, |row| {
            let begin = lifetimes.iter().filter(|one| row.events.contains(&one.from));
            begin.filter(drawn).map(|one| label(&one.lock).len()).max().unwrap_or(0)
        });
        let height = rows.last().map_or(HEAD, |row| row.y + row.height) + PAD;
        let mut layout =
            Layout { width: GUTTER, height, lanes: Vec::new(), rows, bars: Vec::new() };
        for mut lane in lanes {
            layout.place_lane(&mut lane, lifetimes, label);
            layout.width = lane.x + lane.width + BETWEEN;
            layout.lanes.push(lane);
        }
        let lanes = layout.width.saturating_sub(BETWEEN);
        layout.width = lanes.max(GUTTER + INDENT + text_width(widest) + MARGIN);
        layout
    }

    /// Places a lane right of the others, and its bars.
    fn place_lane(&mut self, lane: &mut Lane, lifetimes: &[Lifetime], label: Label<'_>) {
        lane.x = self.width;
        let text = INDENT + text_width(lane.characters.max(lane.actor.width() + 2)) + MARGIN;
        let own = lifetimes.iter().filter(|one| one.actor == lane.actor);
        let own: Vec<(Range<usize>, &Lifetime)> =
            own.filter_map(|one| Some((self.span(one)?, one))).collect();
        let width = |lock: &Lock| {
            let widest = label(lock).iter().map(|word| word.width()).max().unwrap_or(0);
            // Labels are a size smaller, and never at the very edge.
            text_width(widest) * 4 / 5 + 5
        };
        let slots = slots::of(&own);
        let widths = slots::widths(&own, &slots, width);
        let before = |slot: usize| -> usize {
            widths[..slot].iter().map(|width| width + BETWEEN_BARS).sum()
        };
        for ((span, one), slot) in own.iter().zip(&slots) {
            let y = self.rows[span.start].y_middle();
            let until = (span.end < self.rows.len()).then_some(span.end);
            let end = until.map_or(self.height, |row| self.rows[row].y_middle());
            self.bars.push(Placed {
                lane: self.lanes.len(),
                lock: one.lock.clone(),
                x: lane.x + text + before(*slot),
                width: widths[*slot],
                y,
                height: end - y,
                until,
            });
        }
        let bars = if widths.is_empty() { 0 } else { before(widths.len()) + MARGIN };
        lane.width = text + bars;
    }

    /// The rows from the beginning to the end of a lifetime; the end is the
    /// number of rows for a lock that stays. `None` if the lock comes and goes
    /// between two drawn rows.
    fn span(&self, lifetime: &Lifetime) -> Option<Range<usize>> {
        let row = |event: usize| self.rows.partition_point(|row| row.events.end <= event);
        let from = row(lifetime.from);
        let until = lifetime.until.map_or(self.rows.len(), row);
        (from < until).then_some(from..until)
    }
}

impl Row {
    /// The middle of its marks, where bars begin and end.
    pub fn y_middle(&self) -> usize {
        self.text_y + MIDDLE
    }
}

/// Places the rows one below the other. `labels` is the number of lines on the
/// bars that begin in a row; the row must have room for them.
fn place_rows(rows: &mut [Row], labels: impl Fn(&Row) -> usize) {
    let mut y = HEAD;
    for row in rows {
        let text = if row.lines > 0 { row.lines * LINE + 2 * PAD } else { PAD / 2 };
        let labels = match labels(row) {
            0 => 0,
            lines => MIDDLE + lines * LABEL_LINE + PAD,
        };
        let below = if row.below > 0 { row.below * LINE + 2 * PAD } else { 0 };
        row.y = y;
        row.text_y = y + row.above * LINE;
        row.below_y = row.text_y + text.max(labels);
        row.height = row.below_y + below - y;
        y += row.height;
    }
}

#[cfg(test)]
mod tests;

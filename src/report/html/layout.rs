//! Where things are in a swim-lane drawing: the geometry, without a word of
//! SVG.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use super::slots;
use crate::report::lifetimes::{Lifetime, Lock};

/// The width of a character of the drawing's type, in hundredths of a pixel.
const CHARACTER: usize = 730;
/// The distance of two lines of text.
pub const LINE: usize = 16;
/// The distance of two lines on a lifetime.
pub const LABEL_LINE: usize = 11;
/// What is left of a cell's text: the mark.
pub const INDENT: usize = 20;
/// What is above and below the text of a row.
pub const PAD: usize = 7;
/// From the top of a row to the middle of its marks; lifetimes begin and end there.
pub const MIDDLE: usize = PAD + LINE / 2;
/// The height of the lanes' heads.
pub const HEAD: usize = 30;
/// The width of the column of line numbers.
pub const GUTTER: usize = 38;
/// What is between two lanes.
pub const BETWEEN: usize = 12;
/// What is between a lane's text and its lifetimes, and right of these.
pub const MARGIN: usize = 8;
/// What is between two lifetimes.
const BETWEEN_BARS: usize = 3;

/// A row to be placed: the events it stands for, and what it needs.
#[derive(Debug, Clone)]
pub struct RowNeed {
    /// Its events, as indexes into the trace.
    pub events: Range<usize>,
    /// How many lines of text stand side by side in it.
    pub lines: usize,
    /// How many lines above these reach across the lanes.
    pub above: usize,
    /// How many lines below do.
    pub below: usize,
    /// The widest of these, in characters.
    pub widest: usize,
}

/// A lane to be placed.
#[derive(Debug, Clone)]
pub struct LaneNeed {
    /// The actor.
    pub actor: String,
    /// The widest of its texts, in characters.
    pub characters: usize,
}

/// A drawing with everything in its place, in pixels from the top left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// How wide it is.
    pub width: usize,
    /// How high it is.
    pub height: usize,
    /// The lanes, from left to right.
    pub lanes: Vec<Lane>,
    /// The rows, from top to bottom.
    pub rows: Vec<Row>,
    /// The lifetimes, by where they begin.
    pub lifetimes: Vec<Placed>,
}

/// A lane in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// The actor.
    pub actor: String,
    /// Its left edge.
    pub x: usize,
    /// How wide it is, lifetimes included.
    pub width: usize,
}

/// A row in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its events.
    pub events: Range<usize>,
    /// Its upper edge.
    pub y: usize,
    /// How high it is.
    pub height: usize,
    /// Where the texts side by side begin.
    pub text_y: usize,
    /// Where those across the lanes begin.
    pub below_y: usize,
}

/// A lifetime in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The index of its lane.
    pub lane: usize,
    /// The lock.
    pub lock: Lock,
    /// Its left edge.
    pub x: usize,
    /// How wide it is.
    pub width: usize,
    /// Its upper edge: at the step it was taken by.
    pub y: usize,
    /// How high it is.
    pub height: usize,
    /// The row it ends in; `None` when it never ends.
    pub until: Option<usize>,
}

/// How wide a text of so many characters is.
pub fn text_width(characters: usize) -> usize {
    (characters * CHARACTER).div_ceil(100)
}

impl Layout {
    /// Places `lanes`, `rows` and those of `lifetimes` that are of these lanes.
    /// `label` says what is written on a lifetime, a word a line.
    pub fn of(
        lanes: &[LaneNeed],
        rows: &[RowNeed],
        lifetimes: &[Lifetime],
        label: &dyn Fn(&Lock) -> Vec<String>,
    ) -> Layout {
        let widest = rows.iter().map(|row| row.widest).max().unwrap_or(0);
        let labels = |row: &RowNeed| {
            let begin = lifetimes.iter().filter(|lifetime| row.events.contains(&lifetime.from));
            let drawn =
                begin.filter(|lifetime| lanes.iter().any(|lane| lane.actor == lifetime.actor));
            drawn.map(|lifetime| label(&lifetime.lock).len()).max().unwrap_or(0)
        };
        let rows = place_rows(rows, labels);
        let mut layout =
            Layout { width: 0, height: 0, lanes: Vec::new(), rows, lifetimes: Vec::new() };
        layout.height = layout.rows.last().map_or(HEAD, |row| row.y + row.height) + PAD;
        let mut x = GUTTER;
        for (number, lane) in lanes.iter().enumerate() {
            let text = INDENT + text_width(lane.characters.max(lane.actor.width() + 2));
            let left = x + text + MARGIN;
            let own: Vec<(Range<usize>, &Lifetime)> = lifetimes
                .iter()
                .filter(|lifetime| lifetime.actor == lane.actor)
                .filter_map(|lifetime| Some((layout.span(lifetime)?, lifetime)))
                .collect();
            let width = |lock: &Lock| {
                let widest = label(lock).iter().map(|word| word.width()).max().unwrap_or(0);
                // Labels are a size smaller, and never at the very edge.
                text_width(widest) * 4 / 5 + 5
            };
            let slots = slots::of(&own);
            let widths = slots::widths(&own, &slots, width);
            for ((span, lifetime), slot) in own.iter().zip(&slots) {
                let before: usize = widths[..*slot].iter().map(|width| width + BETWEEN_BARS).sum();
                let y = layout.rows[span.start].y_middle();
                let until = (span.end < layout.rows.len()).then_some(span.end);
                let end = until.map_or(layout.height, |row| layout.rows[row].y_middle());
                layout.lifetimes.push(Placed {
                    lane: number,
                    lock: lifetime.lock.clone(),
                    x: left + before,
                    width: widths[*slot],
                    y,
                    height: end - y,
                    until,
                });
            }
            let slots_width: usize = widths.iter().map(|width| width + BETWEEN_BARS).sum();
            let bars_width = if widths.is_empty() { 0 } else { slots_width + MARGIN };
            let width = text + MARGIN + bars_width;
            layout.lanes.push(Lane { actor: lane.actor.clone(), x, width });
            x += width + BETWEEN;
        }
        let lanes = x.saturating_sub(BETWEEN);
        layout.width = lanes.max(GUTTER + INDENT + text_width(widest) + MARGIN);
        layout
    }

    /// From which row to which a lifetime reaches; the end is the number of rows
    /// for one that never ends. `None` when it comes and goes between two
    /// rows that are drawn.
    fn span(&self, lifetime: &Lifetime) -> Option<Range<usize>> {
        let row = |event: usize| self.rows.partition_point(|row| row.events.end <= event);
        let from = row(lifetime.from);
        let until = lifetime.until.map_or(self.rows.len(), row);
        (from < until).then_some(from..until)
    }
}

impl Row {
    /// Where its marks are, and where lifetimes begin and end.
    pub fn y_middle(&self) -> usize {
        self.text_y + MIDDLE
    }
}

/// Places the rows one below the other. `labels` says how many lines are
/// written on the lifetimes that begin in one: they, too, must fit in.
fn place_rows(needs: &[RowNeed], labels: impl Fn(&RowNeed) -> usize) -> Vec<Row> {
    let mut y = HEAD;
    let place = |need: &RowNeed| {
        let text = if need.lines > 0 { need.lines * LINE + 2 * PAD } else { PAD / 2 };
        let labels = match labels(need) {
            0 => 0,
            lines => MIDDLE + lines * LABEL_LINE + PAD,
        };
        let text_y = y + need.above * LINE;
        let below_y = text_y + text.max(labels);
        let below = if need.below > 0 { need.below * LINE + 2 * PAD } else { 0 };
        let height = below_y + below - y;
        let row = Row { events: need.events.clone(), y, height, text_y, below_y };
        y += height;
        row
    };
    needs.iter().map(place).collect()
}

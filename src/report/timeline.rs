use std::io::{self, Write};

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use super::course::Mark;
use super::palette::{BAD, CAREFUL, FAINT, PLAIN, STRONG};

/// More actors than this are listed by name instead of drawn as columns.
const MOST_LANES: usize = 6;
/// Narrower columns cannot be read.
const NARROWEST_LANE: usize = 18;
const BETWEEN: usize = 3;

/// What several actors do, time downwards.
#[derive(Debug, Default)]
pub struct Timeline {
    /// What the labels are, such as `time`.
    pub label: String,
    lanes: Vec<Lane>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Lane {
    name: String,
    note: String,
}

/// What an actor does at one point, and what comes of it.
#[derive(Debug)]
pub struct Cell {
    lane: usize,
    words: String,
    below: Vec<(Style, String)>,
}

#[derive(Debug)]
enum Row {
    Cells { label: String, mark: Option<Mark>, cells: Vec<Cell> },
    Note { label: String, mark: Option<Mark>, style: Style, words: String },
    Open(String),
    Close,
}

impl Timeline {
    /// An empty one whose labels are under `label`.
    pub fn new(label: &str) -> Timeline {
        Timeline { label: label.to_owned(), ..Timeline::default() }
    }

    /// The column of `actor`, made when it is new, with `note` in its head.
    pub fn lane(&mut self, actor: &str, note: impl FnOnce() -> String) -> usize {
        match self.lanes.iter().position(|lane| lane.name == actor) {
            Some(index) => index,
            None => {
                self.lanes.push(Lane { name: actor.to_owned(), note: note() });
                self.lanes.len() - 1
            }
        }
    }

    /// Steps that belong side by side.
    pub fn cells(&mut self, label: String, mark: Option<Mark>, cells: Vec<Cell>) {
        self.rows.push(Row::Cells { label, mark, cells });
    }

    /// Something that is no actor's step.
    pub fn note(&mut self, label: String, mark: Option<Mark>, style: Style, words: String) {
        self.rows.push(Row::Note { label, mark, style, words });
    }

    /// A bracket around the rows up to [`Timeline::close`].
    pub fn open(&mut self, words: String) {
        self.rows.push(Row::Open(words));
    }

    /// The end of the innermost bracket.
    pub fn close(&mut self) {
        self.rows.push(Row::Close);
    }

    /// Draws it in `width` columns: lanes when they fit, a list otherwise.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn draw(&self, out: &mut dyn Write, width: usize) -> io::Result<()> {
        let gutter = Gutter::of(self);
        match self.lane_widths(width.saturating_sub(gutter.width())) {
            Some(widths) => self.draw_lanes(out, gutter, &widths, width),
            None => self.draw_list(out, gutter, width),
        }
    }

    fn draw_lanes(
        &self,
        out: &mut dyn Write,
        mut gutter: Gutter,
        widths: &[usize],
        width: usize,
    ) -> io::Result<()> {
        let heads: Vec<Block> = self
            .lanes
            .iter()
            .zip(widths)
            .map(|(lane, width)| Block::wrapped(&[(STRONG, lane.head())], *width))
            .collect();
        gutter.lines(out, &self.label, None, &beside(&heads, widths))?;
        for row in &self.rows {
            match row {
                Row::Cells { label, mark, cells } => {
                    let mut blocks: Vec<Block> = widths.iter().map(|_| Block::default()).collect();
                    for cell in cells {
                        let texts = cell.texts(*mark);
                        blocks[cell.lane].0.extend(Block::wrapped(&texts, widths[cell.lane]).0);
                    }
                    gutter.lines(out, label, *mark, &beside(&blocks, widths))?;
                }
                other => gutter.other(out, other, width)?,
            }
        }
        Ok(())
    }

    fn draw_list(&self, out: &mut dyn Write, mut gutter: Gutter, width: usize) -> io::Result<()> {
        let name_width = self.lanes.iter().map(|lane| lane.head().width()).max().unwrap_or(0);
        let room = width.saturating_sub(gutter.width() + name_width + 2).max(NARROWEST_LANE);
        let widths = [name_width, room];
        for row in &self.rows {
            match row {
                Row::Cells { label, mark, cells } => {
                    for (index, cell) in cells.iter().enumerate() {
                        let name = Block(vec![(STRONG, self.lanes[cell.lane].head())]);
                        let blocks = [name, cell.in_a_line(*mark, room)];
                        let label = if index == 0 { label } else { "" };
                        gutter.lines(out, label, *mark, &joined(&blocks, &widths, "  "))?;
                    }
                }
                other => gutter.other(out, other, width)?,
            }
        }
        Ok(())
    }

    /// How wide each lane becomes in `room` columns; `None` when they would
    /// be too narrow or too many.
    fn lane_widths(&self, room: usize) -> Option<Vec<usize>> {
        let lanes = self.lanes.len();
        if lanes == 0 || lanes > MOST_LANES {
            return None;
        }
        let mut wanted: Vec<usize> = self.lanes.iter().map(|lane| lane.head().width()).collect();
        for row in &self.rows {
            let Row::Cells { cells, .. } = row else { continue };
            for cell in cells {
                let widest =
                    cell.texts(None).iter().map(|(_, text)| text.width()).max().unwrap_or(0);
                wanted[cell.lane] = wanted[cell.lane].max(widest);
            }
        }
        let room = room.saturating_sub(BETWEEN * (lanes - 1));
        fit(&wanted, room)
    }
}

/// `wanted` cut down to `room`: narrow lanes keep their width, the others
/// share what is left.
fn fit(wanted: &[usize], room: usize) -> Option<Vec<usize>> {
    let mut limit = *wanted.iter().max()?;
    while wanted.iter().map(|width| (*width).min(limit)).sum::<usize>() > room {
        if limit <= NARROWEST_LANE {
            return None;
        }
        limit -= 1;
    }
    Some(wanted.iter().map(|width| (*width).min(limit)).collect())
}

impl Lane {
    fn head(&self) -> String {
        match &*self.note {
            "" => self.name.clone(),
            note => format!("{} ({note})", self.name),
        }
    }
}

impl Cell {
    /// `words` in the column `lane`, and under them what comes of it.
    pub fn new(lane: usize, words: String, below: Vec<(Style, String)>) -> Cell {
        Cell { lane, words, below }
    }

    /// The column it is in.
    pub fn lane(&self) -> usize {
        self.lane
    }

    /// Adds more of what comes of it.
    pub fn extend(&mut self, below: impl IntoIterator<Item = (Style, String)>) {
        self.below.extend(below);
    }

    /// Adds what it does not say yet.
    pub fn extend_with_new(&mut self, below: impl IntoIterator<Item = (Style, String)>) {
        for line in below {
            if !self.below.contains(&line) {
                self.below.push(line);
            }
        }
    }

    fn texts(&self, mark: Option<Mark>) -> Vec<(Style, String)> {
        let words = (words_style(mark), self.words.clone());
        let words = std::iter::once(words).filter(|(_, words)| !words.is_empty());
        let below = self.below.iter().map(|(style, text)| (*style, format!("  {text}")));
        words.chain(below).collect()
    }

    /// On one line if there is room for it, and no need to tell backends
    /// apart.
    fn in_a_line(&self, mark: Option<Mark>, room: usize) -> Block {
        let arrows = self.below.iter().filter(|(_, text)| text.starts_with('→')).count();
        let words = std::iter::once(&*self.words).chain(self.below.iter().map(|(_, text)| &**text));
        let line = words.filter(|words| !words.is_empty()).collect::<Vec<_>>().join("  ");
        if arrows > 1 || line.width() > room {
            return Block::wrapped(&self.texts(mark), room);
        }
        Block(vec![(words_style(mark), line)])
    }
}

fn words_style(mark: Option<Mark>) -> Style {
    if mark == Some(Mark::Fault) { STRONG } else { PLAIN }
}

/// Lines of one column, each in its style.
#[derive(Debug, Default)]
struct Block(Vec<(Style, String)>);

impl Block {
    fn wrapped(texts: &[(Style, String)], width: usize) -> Block {
        let mut lines = Vec::new();
        for (style, text) in texts {
            let options = textwrap::Options::new(width)
                .subsequent_indent("    ")
                .word_splitter(textwrap::WordSplitter::NoHyphenation)
                .word_separator(textwrap::WordSeparator::AsciiSpace);
            let wrapped = textwrap::wrap(text, options).into_iter();
            lines.extend(wrapped.map(|line| (*style, line.into_owned())));
        }
        Block(lines)
    }
}

/// The blocks beside each other, line by line.
fn beside(blocks: &[Block], widths: &[usize]) -> Vec<String> {
    joined(blocks, widths, &format!(" {FAINT}│{FAINT:#} "))
}

fn joined(blocks: &[Block], widths: &[usize], between: &str) -> Vec<String> {
    let height = blocks.iter().map(|block| block.0.len()).max().unwrap_or(0);
    let line = |number: usize| {
        let parts = blocks.iter().zip(widths).map(|(block, width)| match block.0.get(number) {
            Some((style, text)) => {
                let rest = width.saturating_sub(text.width());
                format!("{style}{text}{style:#}{:rest$}", "")
            }
            None => " ".repeat(*width),
        });
        parts.collect::<Vec<_>>().join(between)
    };
    (0..height).map(line).collect()
}

/// What stands left of the lanes: the mark, the label, the open brackets.
struct Gutter {
    label: usize,
    deepest: usize,
    depth: usize,
}

impl Gutter {
    fn of(timeline: &Timeline) -> Gutter {
        let labels = timeline.rows.iter().map(|row| match row {
            Row::Cells { label, .. } | Row::Note { label, .. } => label.width(),
            Row::Open(_) | Row::Close => 0,
        });
        let label = labels.chain([timeline.label.width()]).max().unwrap_or(0);
        let (mut depth, mut deepest) = (0_usize, 0);
        for row in &timeline.rows {
            match row {
                Row::Open(_) => depth += 1,
                Row::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
        Gutter { label, deepest, depth: 0 }
    }

    fn width(&self) -> usize {
        2 + self.label + 2 + 2 * self.deepest
    }

    fn lines(
        &self,
        out: &mut dyn Write,
        label: &str,
        mark: Option<Mark>,
        lines: &[String],
    ) -> io::Result<()> {
        for (number, line) in lines.iter().enumerate() {
            let label = if number == 0 { label } else { "" };
            let (style, mark) = match mark.filter(|_| number == 0) {
                Some(Mark::Fault) => (BAD, "▶"),
                Some(Mark::Hazard) => (CAREFUL, "!"),
                None => (PLAIN, " "),
            };
            let pad = self.label.saturating_sub(label.width());
            let brackets = "│ ".repeat(self.depth);
            let rest = 2 * (self.deepest - self.depth);
            let text = format!(
                "{style}{mark}{style:#} {:pad$}{FAINT}{label}{FAINT:#}  {brackets}{:rest$}{line}",
                "", ""
            );
            writeln!(out, "{}", text.trim_end())?;
        }
        Ok(())
    }

    fn other(&mut self, out: &mut dyn Write, row: &Row, width: usize) -> io::Result<()> {
        match row {
            Row::Note { label, mark, style, words } => {
                let room = width.saturating_sub(self.width()).max(NARROWEST_LANE);
                let style = if *mark == Some(Mark::Fault) { STRONG } else { *style };
                let block = Block::wrapped(&[(style, words.clone())], room);
                self.lines(out, label, *mark, &beside(&[block], &[0]))
            }
            Row::Open(words) => {
                let line = format!("{}┌ {words}", "│ ".repeat(self.depth));
                let indent = 4 + self.label;
                self.depth += 1;
                writeln!(out, "{:indent$}{line}", "")
            }
            Row::Close => {
                self.depth = self.depth.saturating_sub(1);
                let indent = 4 + self.label;
                writeln!(out, "{:indent$}{}└", "", "│ ".repeat(self.depth))
            }
            Row::Cells { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(6, true)]
    #[case(7, false)]
    fn many_lanes_become_a_list_however_wide_it_is(#[case] lanes: usize, #[case] drawn: bool) {
        let mut timeline = Timeline::new("line");
        for number in 0..lanes {
            timeline.lane(&format!("vm{number}"), String::new);
        }
        assert_eq!(timeline.lane_widths(500).is_some(), drawn);
    }

    #[rstest::rstest]
    #[case(&[10, 20], 40, Some(vec![10, 20]))]
    #[case(&[10, 60], 40, Some(vec![10, 30]))]
    #[case(&[60, 60], 40, Some(vec![20, 20]))]
    #[case(&[60, 60], 30, None)]
    fn lanes_share_the_room(
        #[case] wanted: &[usize],
        #[case] room: usize,
        #[case] expected: Option<Vec<usize>>,
    ) {
        assert_eq!(fit(wanted, room), expected);
    }
}

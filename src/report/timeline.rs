//! Lanes of text beside each other, time downwards.

use std::io::{self, Write};

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use super::course::Mark;
use super::palette::{BAD, CAREFUL, FAINT, PLAIN, STRONG};
use super::wrap::wrapped;

/// More actors than this are listed by name instead of drawn as lanes.
const MOST_LANES: usize = 6;
/// The narrowest readable lane, in columns.
const NARROWEST_LANE: usize = 18;
const BETWEEN: usize = 3;

/// The steps of several actors, time downwards.
#[derive(Debug, Default)]
pub struct Timeline {
    /// The heading of the labels, such as `time`.
    label: String,
    /// The head of each lane: an actor, and a note in parentheses.
    lanes: Vec<(String, String)>,
    rows: Vec<Row>,
}

/// One actor's step and its effects.
#[derive(Debug)]
pub struct Cell {
    lane: usize,
    words: String,
    below: Vec<(Style, String)>,
}

#[derive(Debug)]
enum Row {
    Cells { label: String, mark: Option<Mark>, cells: Vec<Cell> },
    Note { label: String, mark: Option<Mark>, line: (Style, String) },
    Open(String),
    Close,
}

/// Lines of one lane.
type Block = Vec<(Style, String)>;

impl Timeline {
    /// An empty timeline whose labels have the heading `label`.
    pub fn new(label: &str) -> Timeline {
        Timeline { label: label.to_owned(), ..Timeline::default() }
    }

    /// The lane of `actor`; a new lane has `note` in its head.
    pub fn lane(&mut self, actor: &str, note: impl FnOnce() -> String) -> usize {
        let known = self.lanes.iter().position(|(name, _)| name == actor);
        known.unwrap_or_else(|| {
            let head = match note() {
                note if note.is_empty() => actor.to_owned(),
                note => format!("{actor} ({note})"),
            };
            self.lanes.push((actor.to_owned(), head));
            self.lanes.len() - 1
        })
    }

    /// Adds steps beside each other.
    pub fn cells(&mut self, label: String, mark: Option<Mark>, cells: Vec<Cell>) {
        self.rows.push(Row::Cells { label, mark, cells });
    }

    /// Adds a line across the lanes.
    pub fn note(&mut self, label: String, mark: Option<Mark>, style: Style, words: String) {
        self.rows.push(Row::Note { label, mark, line: (style, words) });
    }

    /// Adds a line across the lanes that has no label.
    pub fn remark(&mut self, style: Style, words: String) {
        self.note(String::new(), None, style, words);
    }

    /// Opens a bracket around the rows up to [`Timeline::close`].
    pub fn open(&mut self, words: String) {
        self.rows.push(Row::Open(words));
    }

    /// Closes the innermost bracket.
    pub fn close(&mut self) {
        self.rows.push(Row::Close);
    }

    /// Draws the timeline in `width` columns: lanes if they fit, otherwise a
    /// list.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn draw(&self, out: &mut dyn Write, width: usize) -> io::Result<()> {
        let mut gutter = Gutter::of(self);
        let room = width.saturating_sub(gutter.width());
        let lanes = self.lane_widths(room);
        if let Some(widths) = &lanes {
            let heads = self.lanes.iter().zip(widths);
            let heads = heads.map(|((_, head), width)| block(&[(STRONG, head.clone())], *width));
            gutter.lines(out, &self.label, None, &beside(&heads.collect::<Vec<_>>(), widths))?;
        }
        for row in &self.rows {
            match (row, &lanes) {
                (Row::Cells { label, mark, cells }, Some(widths)) => {
                    let mut blocks: Vec<Block> = vec![Vec::new(); widths.len()];
                    for cell in cells {
                        blocks[cell.lane].extend(block(&cell.texts(*mark), widths[cell.lane]));
                    }
                    gutter.lines(out, label, *mark, &beside(&blocks, widths))?;
                }
                (Row::Cells { label, mark, cells }, None) => {
                    for (index, line) in self.list(cells, *mark, room).iter().enumerate() {
                        gutter.lines(out, if index == 0 { label } else { "" }, *mark, line)?;
                    }
                }
                (Row::Note { label, mark, line: (style, words) }, _) => {
                    let style = if *mark == Some(Mark::Fault) { STRONG } else { *style };
                    let line = block(&[(style, words.clone())], room.max(NARROWEST_LANE));
                    gutter.lines(out, label, *mark, &beside(&[line], &[0]))?;
                }
                (Row::Open(words), _) => {
                    gutter.bracket(out, &format!("┌ {words}"))?;
                    gutter.depth += 1;
                }
                (Row::Close, _) => {
                    gutter.depth = gutter.depth.saturating_sub(1);
                    gutter.bracket(out, "└")?;
                }
            }
        }
        Ok(())
    }

    /// Each cell as lines, with its actor's name before them.
    fn list(&self, cells: &[Cell], mark: Option<Mark>, room: usize) -> Vec<Vec<String>> {
        let name_width = self.lanes.iter().map(|(_, head)| head.width()).max().unwrap_or(0);
        let room = room.saturating_sub(name_width + 2).max(NARROWEST_LANE);
        let lines = |cell: &Cell| {
            let name = vec![(STRONG, self.lanes[cell.lane].1.clone())];
            joined(&[name, cell.in_a_line(mark, room)], &[name_width, room], "  ")
        };
        cells.iter().map(lines).collect()
    }

    /// The width of each lane in `room` columns; `None` if the lanes would be
    /// too narrow or too many.
    fn lane_widths(&self, room: usize) -> Option<Vec<usize>> {
        let lanes = self.lanes.len();
        if lanes == 0 || lanes > MOST_LANES {
            return None;
        }
        let mut wanted: Vec<usize> = self.lanes.iter().map(|(_, head)| head.width()).collect();
        for row in &self.rows {
            let Row::Cells { cells, .. } = row else { continue };
            for cell in cells {
                let widths = cell.texts(None).into_iter().map(|(_, text)| text.width());
                wanted[cell.lane] = wanted[cell.lane].max(widths.max().unwrap_or(0));
            }
        }
        fit(&wanted, room.saturating_sub(BETWEEN * (lanes - 1)))
    }
}

/// `wanted` cut down to `room`: narrow lanes keep their width, the others
/// share the rest.
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

impl Cell {
    /// `words` in the lane `lane`, with their effects `below`.
    pub fn new(lane: usize, words: String, below: Vec<(Style, String)>) -> Cell {
        Cell { lane, words, below }
    }

    /// Its lane.
    pub fn lane(&self) -> usize {
        self.lane
    }

    /// Adds effects.
    pub fn extend(&mut self, below: impl IntoIterator<Item = (Style, String)>) {
        self.below.extend(below);
    }

    /// Adds effects to the last cell of a lane, each only once; without such
    /// a cell they are a new one.
    pub fn extend_one_of(
        cells: &mut Vec<Cell>,
        lane: usize,
        lines: impl IntoIterator<Item = (Style, String)>,
    ) {
        let at = cells.iter().rposition(|cell| cell.lane == lane).unwrap_or_else(|| {
            cells.push(Cell::new(lane, String::new(), Vec::new()));
            cells.len() - 1
        });
        for line in lines {
            if !cells[at].below.contains(&line) {
                cells[at].below.push(line);
            }
        }
    }

    fn texts(&self, mark: Option<Mark>) -> Block {
        let words = (words_style(mark), self.words.clone());
        let words = std::iter::once(words).filter(|(_, words)| !words.is_empty());
        let below = self.below.iter().map(|(style, text)| (*style, format!("  {text}")));
        words.chain(below).collect()
    }

    /// One line, if there is room for it and both backends agree.
    fn in_a_line(&self, mark: Option<Mark>, room: usize) -> Block {
        let arrows = self.below.iter().filter(|(_, text)| text.starts_with('→')).count();
        let words = std::iter::once(&*self.words).chain(self.below.iter().map(|(_, text)| &**text));
        let line = words.filter(|words| !words.is_empty()).collect::<Vec<_>>().join("  ");
        if arrows > 1 || line.width() > room {
            return block(&self.texts(mark), room);
        }
        vec![(words_style(mark), line)]
    }
}

fn words_style(mark: Option<Mark>) -> Style {
    if mark == Some(Mark::Fault) { STRONG } else { PLAIN }
}

fn block(texts: &[(Style, String)], width: usize) -> Block {
    let lines = |(style, text): &(Style, String)| {
        wrapped(text, width, "    ").into_iter().map(|line| (*style, line)).collect::<Vec<_>>()
    };
    texts.iter().flat_map(lines).collect()
}

/// The blocks beside each other, line by line.
fn beside(blocks: &[Block], widths: &[usize]) -> Vec<String> {
    joined(blocks, widths, &format!(" {FAINT}│{FAINT:#} "))
}

fn joined(blocks: &[Block], widths: &[usize], between: &str) -> Vec<String> {
    let height = blocks.iter().map(Vec::len).max().unwrap_or(0);
    let line = |number: usize| {
        let parts = blocks.iter().zip(widths).map(|(block, width)| match block.get(number) {
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

/// The columns left of the lanes: mark, label, open brackets.
struct Gutter {
    label: usize,
    deepest: usize,
    depth: usize,
}

impl Gutter {
    fn of(timeline: &Timeline) -> Gutter {
        let mut gutter = Gutter { label: timeline.label.width(), deepest: 0, depth: 0 };
        let mut depth = 0_usize;
        for row in &timeline.rows {
            match row {
                Row::Cells { label, .. } | Row::Note { label, .. } => {
                    gutter.label = gutter.label.max(label.width());
                }
                Row::Open(_) => depth += 1,
                Row::Close => depth = depth.saturating_sub(1),
            }
            gutter.deepest = gutter.deepest.max(depth);
        }
        gutter
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

    fn bracket(&self, out: &mut dyn Write, words: &str) -> io::Result<()> {
        writeln!(out, "{:indent$}{}{words}", "", "│ ".repeat(self.depth), indent = 4 + self.label)
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

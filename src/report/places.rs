//! The table of scenarios by kernel and file system: the results of each theme
//! at each place, and of each run that did not pass everywhere.

use imglock_core::ScenarioName;
use std::collections::BTreeMap;
use std::io::{self, Write};

use imglock_engine::{Place, ScenarioResult};
use imglock_scenario::Standing;
use unicode_width::UnicodeWidthStr;

use super::palette::{STRONG, Worth};
use super::wrap::wrapped;
use super::{RunRecord, names, standing};
use crate::phrase::count;

/// The columns between two cells.
const GAP: usize = 2;

/// Writes the table of a run at several places.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(record: &RunRecord, out: &mut dyn Write, width: usize) -> io::Result<()> {
    let table = Table::of(record);
    for block in table.blocks(width) {
        table.draw(&block, out)?;
        writeln!(out)?;
    }
    for (letter, note) in table.notes.each() {
        for line in wrapped(&format!("  {letter:2} {note}"), width, "     ") {
            writeln!(out, "{line}")?;
        }
    }
    if table.notes.0.is_empty() { Ok(()) } else { writeln!(out) }
}

/// The table.
pub struct Table {
    /// The kernel and the file system of each column.
    pub columns: Vec<(String, String)>,
    /// Its lines.
    pub rows: Vec<Row>,
    /// The meaning of its letters.
    pub notes: Notes,
}

/// One line of the table, with a cell for each place.
pub struct Row {
    /// A theme, or one of its runs, indented.
    pub head: String,
    /// The result at each place.
    pub cells: Vec<Cell>,
}

/// A result at a place, in a few letters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The letters.
    pub text: String,
    /// How a reader should take them.
    pub worth: Worth,
}

impl Cell {
    fn new(worth: Worth, text: impl Into<String>) -> Cell {
        Cell { worth, text: text.into() }
    }
}

/// The notes below the table, by letter.
#[derive(Default)]
pub struct Notes(Vec<String>);

impl Notes {
    /// Each letter with its note.
    pub fn each(&self) -> impl Iterator<Item = (String, &str)> {
        self.0.iter().enumerate().map(|(number, note)| (letters(number), note.as_str()))
    }

    /// A cell with a word and the letter of a note.
    fn cell(&mut self, worth: Worth, word: &str, note: String) -> Cell {
        let known = self.0.iter().position(|other| *other == note);
        let number = known.unwrap_or_else(|| {
            self.0.push(note);
            self.0.len() - 1
        });
        Cell::new(worth, format!("{word} {}", letters(number)))
    }

    /// Whether a place was reached.
    fn arrival(&mut self, place: &Place) -> Cell {
        match standing::fate(place) {
            None => Cell::new(Worth::Good, "yes"),
            Some((word, worth, why)) => {
                let note = format!("{word}: {why}");
                let word = if place.is_lost() { "LOST" } else { "skip" };
                self.cell(worth, word, note)
            }
        }
    }

    /// The result of one run at a place.
    fn result(&mut self, result: Option<&&ScenarioResult>) -> Cell {
        let Some(result) = result else { return Cell::new(Worth::Nothing, "-") };
        let (verdict, reason) = (result.verdict, &result.reason);
        let link = result.known.as_ref().and_then(|known| known.link.as_ref());
        let link = link.map_or(String::new(), |link| format!(" ({link})"));
        let known = format!("known to fail: {}{link}", standing::known(result));
        let loud = verdict.name().to_uppercase();
        let (word, note) = match result.standing() {
            Standing::Passed => return Cell::new(Worth::Good, "ok"),
            Standing::Known => ("known", known),
            Standing::Skipped => ("skip", format!("skipped: {reason}")),
            Standing::Surprise => (&*loud, format!("unexpected, {known}")),
            Standing::Bad => (&*loud, format!("{verdict}: {reason}")),
        };
        self.cell(standing::worth(result), word, note)
    }
}

/// `a` to `z`, then `aa`.
fn letters(number: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(number % 26).unwrap_or_default());
    String::from(letter).repeat(number / 26 + 1)
}

impl Table {
    /// The table of a run at several places.
    pub fn of(record: &RunRecord) -> Table {
        let mut notes = Notes::default();
        let themes = names::by_theme(&record.tour.results, |result| &result.scenario);
        let mut rows = Vec::new();
        if record.tour.places.iter().any(|place| !place.is_reached()) {
            let cells = record.tour.places.iter().map(|place| notes.arrival(place)).collect();
            rows.push(Row { head: "reached".to_owned(), cells });
        }
        for (theme, results) in &themes {
            let head = if theme.is_empty() { "(no theme)" } else { theme };
            rows.push(sums(record, head, results));
            rows.extend(exceptions(record, results, &mut notes));
        }
        rows.push(sums(record, "all", &record.tour.results.iter().collect::<Vec<_>>()));
        let column = |place: &Place| match place.file_system() {
            "" => (place.kernel().to_owned(), "?".to_owned()),
            name => (place.kernel().to_owned(), name.to_owned()),
        };
        Table { columns: record.tour.places.iter().map(column).collect(), rows, notes }
    }

    /// The columns beside each other: all of them, or those of one kernel if
    /// the whole table is too wide.
    fn blocks(&self, width: usize) -> Vec<Vec<usize>> {
        let all: Vec<usize> = (0..self.columns.len()).collect();
        let wide: usize = self.widths().iter().map(|width| width + GAP).sum();
        if self.head_width() + wide <= width {
            return vec![all];
        }
        self.by_kernel(&all).map(<[usize]>::to_vec).collect()
    }

    fn by_kernel<'c>(&self, columns: &'c [usize]) -> impl Iterator<Item = &'c [usize]> {
        columns.chunk_by(|one, other| self.columns[*one].0 == self.columns[*other].0)
    }

    fn head_width(&self) -> usize {
        self.rows.iter().map(|row| row.head.width()).max().unwrap_or(0)
    }

    /// The width of each column: that of its widest cell. The last column of a
    /// kernel is wide enough for the kernel's name above them all.
    fn widths(&self) -> Vec<usize> {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row.cells[column].text.width());
            cells.chain([self.columns[column].1.width()]).max().unwrap_or(0)
        };
        let all: Vec<usize> = (0..self.columns.len()).collect();
        let mut widths: Vec<usize> = all.iter().map(|column| width(*column)).collect();
        for columns in self.by_kernel(&all) {
            let last = columns[columns.len() - 1];
            let room = columns.iter().map(|column| widths[*column] + GAP).sum::<usize>() - GAP;
            widths[last] += self.columns[last].0.width().saturating_sub(room);
        }
        widths
    }

    fn draw(&self, columns: &[usize], out: &mut dyn Write) -> io::Result<()> {
        let (head, widths) = (self.head_width(), self.widths());
        let kernels = self.by_kernel(columns).map(|columns| {
            let room: usize = columns.iter().map(|column| widths[*column] + GAP).sum();
            format!("{:GAP$}{:2$}", "", self.columns[columns[0]].0, room - GAP)
        });
        let file_systems = columns
            .iter()
            .map(|column| format!("{:GAP$}{:2$}", "", self.columns[*column].1, widths[*column]));
        for names in [kernels.collect::<String>(), file_systems.collect()] {
            let line = format!("{:head$}{names}", "");
            writeln!(out, "{STRONG}{}{STRONG:#}", line.trim_end())?;
        }
        for row in &self.rows {
            let cells: Vec<&Cell> = columns.iter().map(|column| &row.cells[*column]).collect();
            if cells.iter().all(|cell| cell.worth == Worth::Nothing) {
                continue;
            }
            let mut pad = head - row.head.width();
            write!(out, "{}", row.head)?;
            for (cell, column) in cells.into_iter().zip(columns) {
                let style = cell.worth.style();
                write!(out, "{:1$}{style}{2}{style:#}", "", pad + GAP, cell.text)?;
                pad = widths[*column] - cell.text.width();
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// The number of passed runs at each place, with the number of all runs where
/// it differs.
fn sums(record: &RunRecord, head: &str, results: &[&ScenarioResult]) -> Row {
    let cell = |place: &Place| {
        let there = results.iter().filter(|result| result.place == place.name);
        let standings: Vec<Standing> = there.map(|result| result.standing()).collect();
        let all = standings.len();
        let passed = standings.iter().filter(|one| **one == Standing::Passed).count();
        if all == 0 {
            Cell::new(Worth::Nothing, "-")
        } else if standings.iter().any(|one| one.is_news()) {
            Cell::new(Worth::Bad, format!("{passed}/{all}"))
        } else if all == passed {
            Cell::new(Worth::Good, passed.to_string())
        } else {
            Cell::new(Worth::Careful, format!("{passed}/{all}"))
        }
    };
    Row { head: head.to_owned(), cells: record.tour.places.iter().map(cell).collect() }
}

/// A row for each run that did not pass everywhere. Runs that need no
/// attention and have equal cells share a row.
fn exceptions(record: &RunRecord, results: &[&ScenarioResult], notes: &mut Notes) -> Vec<Row> {
    let mut runs: BTreeMap<(&ScenarioName, String), Vec<&ScenarioResult>> = BTreeMap::new();
    for result in results {
        runs.entry((&result.scenario, standing::locks(result))).or_default().push(result);
    }
    let mut rows = Vec::new();
    let mut alike: BTreeMap<Vec<Cell>, Vec<String>> = BTreeMap::new();
    for ((scenario, locks), results) in runs {
        if results.iter().all(|result| result.standing() == Standing::Passed) {
            continue;
        }
        let at = |place: &Place| results.iter().find(|result| result.place == place.name);
        let cells: Vec<Cell> =
            record.tour.places.iter().map(|place| notes.result(at(place))).collect();
        let head = format!("  {} {locks}", scenario.stem());
        if cells.iter().any(|cell| cell.worth == Worth::Bad) {
            rows.push(Row { head, cells });
        } else {
            alike.entry(cells).or_default().push(head);
        }
    }
    rows.extend(alike.into_iter().map(|(cells, heads)| {
        let head = match heads.as_slice() {
            [head] => head.clone(),
            heads => format!("  {}", count(heads.len(), "run", "runs")),
        };
        Row { head, cells }
    }));
    rows
}

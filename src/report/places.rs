//! Scenario by kernel and file system: what came of each theme at each place,
//! and of each run that did not pass everywhere.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::Style;
use imglock_harness::run::{Fate, Place, ScenarioResult, Standing};
use unicode_width::UnicodeWidthStr;

use super::palette::{BAD, CAREFUL, FAINT, GOOD, STRONG};
use super::{RunRecord, course};
use crate::phrase::count;

/// Between two columns.
const GAP: usize = 2;

/// The table of a run at several places.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(record: &RunRecord, out: &mut dyn Write, width: usize) -> io::Result<()> {
    let table = Table::of(record);
    for block in table.blocks(width) {
        table.draw(&block, out)?;
        writeln!(out)?;
    }
    table.notes.draw(out, width)
}

/// One line of the table, with a cell for each place.
pub struct Row {
    /// A theme, or one of its runs, indented.
    pub head: String,
    /// What came of it at each place.
    pub cells: Vec<Cell>,
}

/// What came of something at a place, in a few letters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// What is written there.
    pub text: String,
    /// What that is worth.
    pub kind: Kind,
}

/// What a cell is worth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Nothing was to be tried.
    Nothing,
    /// As it must be.
    Good,
    /// Worth a look.
    Careful,
    /// Not as it must be.
    Bad,
}

impl Cell {
    fn new(kind: Kind, text: impl Into<String>) -> Cell {
        Cell { kind, text: text.into() }
    }

    fn style(&self) -> Style {
        match self.kind {
            Kind::Nothing => FAINT,
            Kind::Good => GOOD,
            Kind::Careful => CAREFUL,
            Kind::Bad => BAD,
        }
    }
}

/// What the letters in the cells stand for.
#[derive(Default)]
pub struct Notes(Vec<String>);

impl Notes {
    /// The letter of a note: `a` to `z`, then `aa`.
    fn letter(&mut self, note: String) -> String {
        let known = self.0.iter().position(|other| *other == note);
        let number = known.unwrap_or_else(|| {
            self.0.push(note);
            self.0.len() - 1
        });
        letters(number)
    }

    /// Each letter and what it stands for.
    pub fn each(&self) -> impl Iterator<Item = (String, &str)> {
        self.0.iter().enumerate().map(|(number, note)| (letters(number), note.as_str()))
    }

    fn draw(&self, out: &mut dyn Write, width: usize) -> io::Result<()> {
        for (letter, note) in self.each() {
            let first = format!("  {letter:2} ");
            let options =
                textwrap::Options::new(width).initial_indent(&first).subsequent_indent("     ");
            for line in textwrap::wrap(note, options) {
                writeln!(out, "{line}")?;
            }
        }
        if self.0.is_empty() { Ok(()) } else { writeln!(out) }
    }
}

fn letters(number: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(number % 26).unwrap_or_default());
    String::from(letter).repeat(number / 26 + 1)
}

/// The whole table.
pub struct Table {
    /// The kernel and the file system of each column.
    pub columns: Vec<(String, String)>,
    /// Its lines.
    pub rows: Vec<Row>,
    /// What its letters stand for.
    pub notes: Notes,
}

impl Table {
    /// That of a run at several places.
    pub fn of(record: &RunRecord) -> Table {
        let mut notes = Notes::default();
        let mut themes: BTreeMap<&str, Vec<&ScenarioResult>> = BTreeMap::new();
        for result in &record.results {
            let theme = result.scenario.rsplit_once('/').map_or("", |(theme, _)| theme);
            themes.entry(theme).or_default().push(result);
        }
        let mut rows = Vec::new();
        if record.places.iter().any(|place| !place.is_reached()) {
            let cells = record.places.iter().map(|place| arrival(place, &mut notes));
            rows.push(Row { head: "reached".to_owned(), cells: cells.collect() });
        }
        for (theme, results) in &themes {
            let head = if theme.is_empty() { "(no theme)" } else { theme };
            rows.push(Row { head: head.to_owned(), cells: sums(record, results) });
            rows.extend(exceptions(record, results, &mut notes));
        }
        let all: Vec<&ScenarioResult> = record.results.iter().collect();
        rows.push(Row { head: "all".to_owned(), cells: sums(record, &all) });
        Table { columns: record.places.iter().map(column).collect(), rows, notes }
    }

    /// The columns that stand side by side: all of them, or those of one
    /// kernel where all are too wide.
    fn blocks(&self, width: usize) -> Vec<Vec<usize>> {
        let all: Vec<usize> = (0..self.columns.len()).collect();
        let wide: usize = self.widths().iter().map(|width| width + GAP).sum();
        if self.head_width() + wide <= width {
            return vec![all];
        }
        let blocks = all.chunk_by(|one, other| self.columns[*one].0 == self.columns[*other].0);
        blocks.map(<[usize]>::to_vec).collect()
    }

    fn head_width(&self) -> usize {
        self.rows.iter().map(|row| row.head.width()).max().unwrap_or(0)
    }

    /// How wide each column is: as its widest cell, and the last one of a
    /// kernel so wide that the kernel's name has room above them.
    fn widths(&self) -> Vec<usize> {
        let cells = |column: usize| self.rows.iter().map(move |row| row.cells[column].text.width());
        let of_column =
            |column: usize| cells(column).max().unwrap_or(0).max(self.columns[column].1.width());
        let mut widths: Vec<usize> = (0..self.columns.len()).map(of_column).collect();
        let mut first = 0;
        for of_kernel in self.columns.chunk_by(|one, other| one.0 == other.0) {
            let end = first + of_kernel.len();
            let room = widths[first..end].iter().sum::<usize>() + GAP * (of_kernel.len() - 1);
            widths[end - 1] += self.columns[first].0.width().saturating_sub(room);
            first = end;
        }
        widths
    }

    fn draw(&self, columns: &[usize], out: &mut dyn Write) -> io::Result<()> {
        let (head, widths) = (self.head_width(), self.widths());
        let mut kernels = format!("{:head$}", "");
        for of_kernel in columns.chunk_by(|a, b| self.columns[*a].0 == self.columns[*b].0) {
            let room: usize = of_kernel.iter().map(|column| widths[*column] + GAP).sum();
            let kernel = of_kernel.first().map_or("", |column| &self.columns[*column].0);
            kernels += &format!("{:GAP$}{kernel:1$}", "", room - GAP);
        }
        writeln!(out, "{STRONG}{}{STRONG:#}", kernels.trim_end())?;
        let names = columns
            .iter()
            .map(|column| format!("{:GAP$}{:2$}", "", self.columns[*column].1, widths[*column]));
        let names = format!("{:head$}{}", "", names.collect::<String>());
        writeln!(out, "{STRONG}{}{STRONG:#}", names.trim_end())?;
        for row in &self.rows {
            if columns.iter().all(|column| row.cells[*column].kind == Kind::Nothing) {
                continue;
            }
            write!(out, "{:head$}", row.head)?;
            let last = columns.last().copied();
            for column in columns {
                let cell = &row.cells[*column];
                let style = cell.style();
                let wide = widths[*column] - cell.text.width();
                let pad = if Some(*column) == last { 0 } else { wide };
                write!(out, "{:GAP$}{style}{}{style:#}{:pad$}", "", cell.text, "")?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// The kernel and the file system of a place.
fn column(place: &Place) -> (String, String) {
    let environment = &place.environment;
    let file_system = || match environment.file_system.as_str() {
        "" => "?".to_owned(),
        kind => kind.to_owned(),
    };
    match place.name.split_once('/') {
        Some((kernel, file_system)) => (kernel.to_owned(), file_system.to_owned()),
        None if place.boot.is_some() => (place.name.clone(), file_system()),
        None if place.name.is_empty() => (environment.kernel.clone(), file_system()),
        None => (environment.kernel.clone(), place.name.clone()),
    }
}

/// Whether a place was reached.
fn arrival(place: &Place, notes: &mut Notes) -> Cell {
    match &place.fate {
        Fate::Reached => Cell::new(Kind::Good, "yes"),
        Fate::Skipped { why } => {
            let letter = notes.letter(format!("skipped: {why}"));
            Cell::new(Kind::Careful, format!("skip {letter}"))
        }
        Fate::Lost { why, .. } => {
            let letter = notes.letter(format!("lost: {why}"));
            Cell::new(Kind::Bad, format!("LOST {letter}"))
        }
    }
}

/// How many passed at each place, of how many where that is not all.
fn sums(record: &RunRecord, results: &[&ScenarioResult]) -> Vec<Cell> {
    let cell = |place: &Place| {
        let there = results.iter().filter(|result| result.place == place.name);
        let (mut all, mut passed, mut bad) = (0, 0, false);
        for result in there {
            all += 1;
            passed += usize::from(result.standing() == Standing::Passed);
            bad |= result.standing().is_news();
        }
        match (all, passed, bad) {
            (0, _, _) => Cell::new(Kind::Nothing, "-"),
            (_, _, true) => Cell::new(Kind::Bad, format!("{passed}/{all}")),
            _ if all == passed => Cell::new(Kind::Good, passed.to_string()),
            _ => Cell::new(Kind::Careful, format!("{passed}/{all}")),
        }
    };
    record.places.iter().map(cell).collect()
}

/// A row for each run that did not pass everywhere. Those about which nothing
/// is new, and that stand alike at every place, share one.
fn exceptions(record: &RunRecord, results: &[&ScenarioResult], notes: &mut Notes) -> Vec<Row> {
    let mut runs: BTreeMap<(&str, String), Vec<&ScenarioResult>> = BTreeMap::new();
    for result in results {
        runs.entry((&result.scenario, course::locks(result))).or_default().push(result);
    }
    let mut rows = Vec::new();
    let mut alike: BTreeMap<Vec<Cell>, Vec<String>> = BTreeMap::new();
    for ((scenario, locks), results) in runs {
        if results.iter().all(|result| result.standing() == Standing::Passed) {
            continue;
        }
        let at = |place: &Place| results.iter().find(|result| result.place == place.name);
        let cells: Vec<Cell> = record.places.iter().map(|place| cell(at(place), notes)).collect();
        let stem = scenario.rsplit_once('/').map_or(scenario, |(_, stem)| stem);
        let name = format!("  {stem} {locks}");
        if cells.iter().any(|cell| cell.kind == Kind::Bad) {
            rows.push(Row { head: name, cells });
        } else {
            alike.entry(cells).or_default().push(name);
        }
    }
    for (cells, names) in alike {
        let head = match names.as_slice() {
            [name] => name.clone(),
            names => format!("  {}", count(names.len(), "run", "runs")),
        };
        rows.push(Row { head, cells });
    }
    rows
}

fn cell(result: Option<&&ScenarioResult>, notes: &mut Notes) -> Cell {
    let Some(result) = result else { return Cell::new(Kind::Nothing, "-") };
    let known = || {
        let known = result.known.as_ref();
        let link = known.and_then(|known| known.link.as_ref());
        let link = link.map_or(String::new(), |link| format!(" ({link})"));
        format!("{}{link}", known.map_or("", |known| known.why.as_str()))
    };
    match result.standing() {
        Standing::Passed => Cell::new(Kind::Good, "ok"),
        Standing::Known => Cell::new(
            Kind::Careful,
            format!("known {}", notes.letter(format!("known: {}", known()))),
        ),
        Standing::Skipped => {
            let letter = notes.letter(format!("skipped: {}", result.reason));
            Cell::new(Kind::Careful, format!("skip {letter}"))
        }
        Standing::Surprise => {
            let letter = notes.letter(format!("otherwise than is known: {}", known()));
            Cell::new(Kind::Bad, format!("{} {letter}", result.verdict.name().to_uppercase()))
        }
        Standing::Bad => {
            let letter = notes.letter(format!("{}: {}", result.verdict, result.reason));
            Cell::new(Kind::Bad, format!("{} {letter}", result.verdict.name().to_uppercase()))
        }
    }
}

use std::collections::BTreeMap;

use miette::SourceSpan;

use super::ScenarioError;
use super::word;
use crate::text::{Line, Reader, Value};
use imglock_core::{Mode, Outcome, Permission, Refusal, Side};

const COLUMNS: &str = "columns";
const CELLS: &str = "`.` means granted; `c`, `w`, `u`, `r` mean refused `consistent-read`, `write`, \
                     `write-unchanged`, `resize`; `C`, `W`, `U`, `R` mean refused `shared` with the \
                     same permission";

/// The mode matrix: the outcome of opening an image in each mode while it is open in each mode. The
/// table was written by hand from the rules of QEMU.
///
/// ```text
/// columns       ro rw
/// ro            .  w
/// rw            W  w
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ModeMatrix {
    cells: BTreeMap<(Mode, Mode), Outcome>,
}

impl ModeMatrix {
    /// Parses the table. A line `columns` lists the modes of the second opener. Every other line has one
    /// mode of the first opener and a cell for each column.
    ///
    /// # Errors
    /// All problems of `text`, each with its position. A mode without a row or a column is a problem as
    /// well.
    pub fn parse(source_name: &str, text: &str) -> Result<ModeMatrix, ScenarioError> {
        let mut reader = Reader::new(text);
        let cells = read(text, &mut reader);
        if reader.problems.is_empty() {
            Ok(ModeMatrix { cells })
        } else {
            Err(ScenarioError::new(source_name, text, reader.problems.into_sorted()))
        }
    }

    /// The outcome of an open in mode `second` while an opener in mode `first` holds the image.
    pub fn cell(&self, first: Mode, second: Mode) -> Outcome {
        // `parse` checks that every pair has a cell.
        self.cells.get(&(first, second)).cloned().unwrap_or(Outcome::Granted)
    }
}

fn read(text: &str, reader: &mut Reader<'_>) -> BTreeMap<(Mode, Mode), Outcome> {
    let mut cells = BTreeMap::new();
    let Some(document) = reader.document() else {
        return cells;
    };
    let mut columns: Option<Vec<Option<Mode>>> = None;
    let mut rows: Vec<Mode> = Vec::new();
    for node in document.nodes() {
        let line = reader.line(node);
        if line.name == COLUMNS {
            if columns.is_some() {
                reader.problems.add(
                    line.span,
                    "the second one",
                    "there are two lines `columns`",
                    "remove one of them",
                );
            } else {
                columns = Some(read_columns(line, reader));
            }
            continue;
        }
        let Some(first) = row_mode(&line, &rows, reader) else {
            continue;
        };
        rows.push(first);
        match &columns {
            Some(columns) => read_row(line, first, columns, &mut cells, reader),
            None => reader.problems.add(
                line.span,
                "before the columns",
                "this row comes before the line `columns`",
                "begin the table with `columns` and the modes of the second opener",
            ),
        }
    }
    let end = SourceSpan::from((text.trim_end().len(), 0));
    if columns.is_none() {
        reader.problems.add(
            end,
            "no `columns` before this point",
            "the table has no line `columns`",
            "begin the table with `columns` and the modes of the second opener",
        );
    }
    missing("row", &rows, end, reader);
    cells
}

fn modes() -> Vec<(&'static str, Mode)> {
    Mode::ALL.iter().map(|mode| (mode.name(), *mode)).collect()
}

fn read_columns(mut line: Line<'_>, reader: &mut Reader<'_>) -> Vec<Option<Mode>> {
    let mut columns: Vec<Option<Mode>> = Vec::new();
    while let Some(value) = line.argument() {
        let mode = value.choice("mode", &modes(), reader);
        if mode.is_some() && columns.contains(&mode) {
            twice("column", value.span, reader);
        }
        columns.push(mode);
    }
    let named: Vec<Mode> = columns.iter().flatten().copied().collect();
    if named.len() == columns.len() {
        missing("column", &named, line.span, reader);
    }
    line.finish("`columns none inactive ro ...`", &[], reader);
    columns
}

fn row_mode(line: &Line<'_>, rows: &[Mode], reader: &mut Reader<'_>) -> Option<Mode> {
    let Ok(mode) = line.name.parse() else {
        let names: Vec<&str> = Mode::ALL.iter().map(|mode| mode.name()).collect();
        reader.problems.add(
            line.span,
            "unknown mode",
            format!("no mode is called `{}`", line.name),
            word::advice(line.name, &names),
        );
        return None;
    };
    if rows.contains(&mode) {
        twice("row", line.span, reader);
        return None;
    }
    Some(mode)
}

fn read_row(
    mut line: Line<'_>,
    first: Mode,
    columns: &[Option<Mode>],
    cells: &mut BTreeMap<(Mode, Mode), Outcome>,
    reader: &mut Reader<'_>,
) {
    for (index, column) in columns.iter().enumerate() {
        let Some(value) = line.argument() else {
            reader.problems.add(
                line.span,
                "too short",
                format!("this row has {index} of {} cells", columns.len()),
                format!("a row has a cell for each column; {CELLS}"),
            );
            break;
        };
        if let (Some(second), Some(outcome)) = (column, read_cell(value, reader)) {
            cells.insert((first, *second), outcome);
        }
    }
    line.finish("one cell for each column, and nothing after them", &[], reader);
}

fn read_cell(value: Value<'_>, reader: &mut Reader<'_>) -> Option<Outcome> {
    let text = value.string("a cell", reader)?;
    let refused = |side, permission| Some(Outcome::Refused(Refusal { side, permission }));
    match text {
        "." => Some(Outcome::Granted),
        "c" => refused(Side::Wanted, Permission::ConsistentRead),
        "w" => refused(Side::Wanted, Permission::Write),
        "u" => refused(Side::Wanted, Permission::WriteUnchanged),
        "r" => refused(Side::Wanted, Permission::Resize),
        "C" => refused(Side::Unshared, Permission::ConsistentRead),
        "W" => refused(Side::Unshared, Permission::Write),
        "U" => refused(Side::Unshared, Permission::WriteUnchanged),
        "R" => refused(Side::Unshared, Permission::Resize),
        _ => {
            reader.problems.add(
                value.span,
                "unknown cell",
                format!("`{text}` is not a valid cell"),
                CELLS,
            );
            None
        }
    }
}

fn twice(what: &str, span: SourceSpan, reader: &mut Reader<'_>) {
    reader.problems.add(
        span,
        "the second one",
        format!("this mode has two {what}s"),
        "remove one of them",
    );
}

fn missing(what: &str, there: &[Mode], span: SourceSpan, reader: &mut Reader<'_>) {
    let missing: Vec<&str> =
        Mode::ALL.iter().filter(|mode| !there.contains(mode)).map(|mode| mode.name()).collect();
    if !missing.is_empty() {
        reader.problems.add(
            span,
            format!("a {what} is missing"),
            format!("these modes have no {what}: {}", word::list(&missing)),
            format!("give every mode a {what}"),
        );
    }
}

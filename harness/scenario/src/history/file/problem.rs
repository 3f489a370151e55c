use std::io;

/// Characters of what a stranger wrote that are repeated to the reader.
const REPEATED: usize = 60;
/// Characters of what serde says.
const SAID: usize = 160;

/// What is wrong with a line of a history.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{source_name}, line {line}: {what}; {advice}")]
pub struct HistoryProblem {
    /// The file, as it was named.
    pub source_name: String,
    /// Counted from 1.
    pub line: u64,
    /// What is wrong.
    pub what: String,
    /// What to do next.
    pub advice: String,
}

/// Why a history could not be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryReadError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A line is wrong.
    #[error(transparent)]
    Problem(#[from] HistoryProblem),
}

/// A [`HistoryProblem`] that does not know yet where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Objection {
    what: String,
    advice: String,
}

impl Objection {
    pub fn new(what: impl Into<String>, advice: impl Into<String>) -> Objection {
        Objection { what: what.into(), advice: advice.into() }
    }

    /// What serde says of a line, without the line number that it counts
    /// inside it.
    pub fn of_json(error: &serde_json::Error, advice: impl Into<String>) -> Objection {
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        let what = match error.column() {
            0 => shortened(said, SAID),
            column => format!("{} (column {column})", shortened(said, SAID)),
        };
        Objection::new(what, advice)
    }

    /// In this line.
    pub fn at(self, source_name: &str, line: u64) -> HistoryProblem {
        let Objection { what, advice } = self;
        HistoryProblem { source_name: source_name.to_owned(), line, what, advice }
    }
}

/// A stranger's word as it can be repeated: not too long, and without anything
/// that plays with the reader's terminal.
pub(super) fn repeated(word: &str) -> String {
    format!("`{}`", shortened(word, REPEATED))
}

fn shortened(text: &str, most: usize) -> String {
    let mut short = String::new();
    for (number, letter) in text.chars().enumerate() {
        if number == most {
            short.push('…');
            break;
        }
        match letter.is_control() {
            true => short.extend(letter.escape_default()),
            false => short.push(letter),
        }
    }
    short
}

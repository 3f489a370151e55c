use std::io;

/// The maximum number of characters of the file that a message repeats.
const REPEATED: usize = 60;
/// The maximum number of characters of a message of serde.
const SAID: usize = 160;

/// A wrong line of a history.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{source_name}, line {line}: {what}; {advice}")]
pub struct HistoryProblem {
    /// The name of the file, as it was given.
    pub source_name: String,
    /// The number of the line, from 1.
    pub line: u64,
    /// The problem.
    pub what: String,
    /// The next step for the author of the file.
    pub advice: String,
}

/// The reason why a history was not read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryReadError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A line is wrong.
    #[error(transparent)]
    Problem(#[from] HistoryProblem),
}

/// A [`HistoryProblem`] without its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Objection {
    what: String,
    advice: String,
}

impl Objection {
    pub fn new(what: impl Into<String>, advice: impl Into<String>) -> Objection {
        Objection { what: what.into(), advice: advice.into() }
    }

    /// A JSON error of serde, without the line number, which counts within the one line.
    pub fn of_json(error: &serde_json::Error, advice: impl Into<String>) -> Objection {
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        let what = match error.column() {
            0 => shortened(said, SAID),
            column => format!("{} (column {column})", shortened(said, SAID)),
        };
        Objection::new(what, advice)
    }

    /// Adds the position.
    pub fn at(self, source_name: &str, line: u64) -> HistoryProblem {
        let Objection { what, advice } = self;
        HistoryProblem { source_name: source_name.to_owned(), line, what, advice }
    }
}

/// Text from the file in a form that is safe to print: not too long, and without characters that
/// control the terminal.
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

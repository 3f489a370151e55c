use std::collections::HashSet;

use miette::{Diagnostic, NamedSource, SourceSpan};

/// The problems of a text (a scenario, the mode matrix, known failures) that is not valid.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{name} has {}", counted(.problems.len()))]
pub struct TextError {
    name: String,
    #[source_code]
    text: NamedSource<String>,
    #[related]
    problems: Vec<Problem>,
}

impl TextError {
    pub(crate) fn new(source_name: &str, text: &str, problems: Vec<Problem>) -> TextError {
        TextError {
            name: source_name.to_owned(),
            text: NamedSource::new(source_name, text.to_owned()),
            problems,
        }
    }

    /// The problems, in the order of the text. Never empty.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

fn counted(problems: usize) -> String {
    match problems {
        1 => "a problem".to_owned(),
        many => format!("{many} problems"),
    }
}

/// One problem of a text: its position, and the next step for the author.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub struct Problem {
    message: String,
    label: String,
    #[label("{label}")]
    span: SourceSpan,
    #[help]
    help: Option<String>,
}

impl Problem {
    /// The problem.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The position, in bytes.
    pub fn span(&self) -> SourceSpan {
        self.span
    }

    /// The next step for the author.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

/// The problems so far. The same problem at the same position counts once, because a line inside
/// `repeat` is checked in every round.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<Problem>,
    seen: HashSet<(usize, usize, String)>,
}

impl Problems {
    /// Adds a problem at `span`.
    pub fn add(
        &mut self,
        span: SourceSpan,
        label: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.note(span, label.into(), message.into(), Some(help.into()));
    }

    /// Like [`Problems::add`], for a problem that another parser found.
    pub fn note(&mut self, span: SourceSpan, label: String, message: String, help: Option<String>) {
        // The message may contain the name of an actor with the number of the round. The label does not.
        if self.seen.insert((span.offset(), span.len(), label.clone())) {
            self.found.push(Problem { message, label, span, help });
        }
    }

    /// The problems in the order of the text.
    pub fn into_sorted(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|problem| problem.span.offset());
        self.found
    }

    /// The number of problems.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// Returns whether there is no problem so far.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

use std::collections::HashSet;

use miette::{Diagnostic, NamedSource, SourceSpan};

/// A text that is not what it should be (a scenario, the mode matrix, known
/// failures), with everything that is wrong with it.
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

    /// What is wrong, in the order of the text; never empty.
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

/// One thing that is wrong with a text, where it is, and what to do about it.
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
    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The bytes of the text that are meant.
    pub fn span(&self) -> SourceSpan {
        self.span
    }

    /// What to do next.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

/// The problems found so far. The same one at the same spot counts once: a
/// line inside `repeat` is checked in every round.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<Problem>,
    seen: HashSet<(usize, usize, String)>,
}

impl Problems {
    /// Notes that the text at `span` is wrong.
    pub fn add(
        &mut self,
        span: SourceSpan,
        label: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.note(span, label.into(), message.into(), Some(help.into()));
    }

    /// As [`Problems::add`], for what another reader found.
    pub fn note(&mut self, span: SourceSpan, label: String, message: String, help: Option<String>) {
        // A message that names a round's actor differs from round to round;
        // the label does not.
        if self.seen.insert((span.offset(), span.len(), label.clone())) {
            self.found.push(Problem { message, label, span, help });
        }
    }

    /// The problems in the order of the text.
    pub fn into_sorted(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|problem| problem.span.offset());
        self.found
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

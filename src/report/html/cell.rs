//! One actor's part of a row: its step, what came of it, what it lost.

use imglock_harness::run::{StepEvent, Trace};
use imglock_harness::step::Outcome;

use crate::report::course;

/// One actor's part of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneCell {
    /// The index of its lane.
    pub lane: usize,
    /// What kind of mark it gets; `None` for locks that go without a step.
    pub sign: Option<Sign>,
    /// The action, wrapped.
    pub words: Vec<String>,
    /// What came of it, wrapped.
    pub outcome: Vec<String>,
    /// Locks that were lost here, in words, wrapped.
    pub lost: Vec<String>,
}

/// A shape that says what came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// It got what it asked for.
    Granted,
    /// It did not.
    Refused,
    /// It waits, or halted midway.
    Waiting,
    /// It was carried out; nothing was asked for.
    Done,
    /// No answer came.
    Silent,
    /// Locks were lost.
    Lost,
}

impl SceneCell {
    /// The step as it is told in at most so many `characters` a line.
    pub fn of(lane: usize, step: &StepEvent, trace: &Trace, characters: usize) -> SceneCell {
        let first = trace.images.first().map(String::as_str);
        let words = course::words(&step.action.to_string(), first);
        let (sign, outcome) = match &step.outcome {
            None => (Sign::Silent, "no answer".to_owned()),
            Some(Outcome::Done) => (Sign::Done, String::new()),
            Some(outcome) => (sign_of(outcome), outcome.to_string()),
        };
        SceneCell {
            lane,
            sign: Some(sign),
            words: wrapped(&words, characters),
            outcome: wrapped(&outcome, characters),
            lost: Vec::new(),
        }
    }

    /// Nothing but locks that go without a step of the actor's.
    pub fn of_loss(lane: usize, lost: Vec<String>) -> SceneCell {
        SceneCell { lane, sign: None, words: Vec::new(), outcome: Vec::new(), lost }
    }

    /// Its lines of text, from top to bottom.
    pub fn lines(&self) -> impl Iterator<Item = &String> {
        self.words.iter().chain(&self.outcome).chain(&self.lost)
    }
}

fn sign_of(outcome: &Outcome) -> Sign {
    match outcome {
        Outcome::Granted => Sign::Granted,
        Outcome::Refused(_) | Outcome::LockByte { .. } | Outcome::Failed(_) => Sign::Refused,
        Outcome::Blocked | Outcome::Paused => Sign::Waiting,
        Outcome::Done
        | Outcome::NotOpen
        | Outcome::Free
        | Outcome::Held { .. }
        | Outcome::Data(_) => Sign::Done,
    }
}

/// The text in lines of at most so many characters.
pub fn wrapped(text: &str, characters: usize) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let options = textwrap::Options::new(characters)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace);
    textwrap::wrap(text, options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

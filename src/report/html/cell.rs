//! One actor's part of a row: its step, the outcome, and lost locks.

use crate::report::course::{Sign, Step};
use crate::report::wrap;

/// One actor's part of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneCell {
    /// The index of its lane.
    pub lane: usize,
    /// The shape of its mark; `None` for locks that go without a step.
    pub sign: Option<Sign>,
    /// Its lines of text, from top to bottom, each with its class; the words
    /// of the step have none.
    pub lines: Vec<(Option<&'static str>, String)>,
}

impl SceneCell {
    /// A step, with at most so many `characters` a line.
    pub fn of(lane: usize, step: &Step<'_>, characters: usize) -> SceneCell {
        let sign = step.sign();
        let class = match sign {
            Sign::Granted => "og",
            Sign::Refused => "or",
            Sign::Waiting => "ow",
            Sign::Done => "od",
            Sign::Silent | Sign::Lost => "ol",
        };
        let mut cell = SceneCell { lane, sign: Some(sign), lines: Vec::new() };
        cell.add(None, &step.words, characters);
        // `done` is already in the shape.
        let answer = step.answer();
        cell.add(Some(class), if answer == "done" { "" } else { &answer }, characters);
        cell
    }

    /// Locks that go without a step of their owner.
    pub fn without_step(lane: usize) -> SceneCell {
        SceneCell { lane, sign: None, lines: Vec::new() }
    }

    /// Adds lost locks.
    pub fn lose(&mut self, locks: &str, characters: usize) {
        self.sign = Some(Sign::Lost);
        self.add(Some("ol"), &format!("lost {locks}"), characters);
    }

    fn add(&mut self, class: Option<&'static str>, text: &str, characters: usize) {
        self.lines.extend(wrapped(text, characters).into_iter().map(|line| (class, line)));
    }
}

/// The text in lines of at most so many characters; none for an empty text.
pub fn wrapped(text: &str, characters: usize) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { wrap::wrapped(text, characters, "") }
}

use imglock_harness::compare::{CourseStep, RunChange};
use textwrap::{WordSeparator, WordSplitter};
use unicode_width::UnicodeWidthStr;

use crate::phrase::printable;
use crate::report::course;

/// Columns that are kept for what came of a step.
const OUTCOME: usize = 26;

/// A step as it is drawn.
pub struct StepLine {
    /// Its number and what is done, in as many lines as that takes; the last
    /// one is as wide as those of all other steps.
    pub text: Vec<String>,
    /// What came of it.
    pub outcome: StepOutcome,
}

/// What came of a step in the two runs.
pub enum StepOutcome {
    /// The same in both, or in the only one there is.
    Same(String),
    /// Before, and now; as wide as each other.
    Differs([String; 2]),
}

/// The steps up to the one that matters, in columns.
pub fn steps(run: &RunChange, width: usize) -> Vec<StepLine> {
    let image = run.images.first().map(String::as_str);
    let number_width = run.course.iter().map(|step| step.line.to_string().len()).max().unwrap_or(0);
    let number_columns = "line ".len() + number_width + 2;
    let most = width.saturating_sub(number_columns + OUTCOME).max(20);
    let wrapped = |step: &CourseStep| -> Vec<String> {
        let text = printable(&course::words(&step.text, image));
        let options = textwrap::Options::new(most)
            .subsequent_indent("  ")
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        textwrap::wrap(&text, options).into_iter().map(|line| line.into_owned()).collect()
    };
    let texts: Vec<Vec<String>> = run.course.iter().map(wrapped).collect();
    let text_width = texts.iter().flatten().map(|line| line.width()).max().unwrap_or(0);
    let lines = run.course.iter().zip(texts).map(|(step, text)| {
        let last = text.len().saturating_sub(1);
        let text = text.into_iter().enumerate().map(|(index, line)| {
            let number = match index {
                0 => format!("line {:>number_width$}  ", step.line),
                _ => " ".repeat(number_columns),
            };
            let pad = if index == last { text_width - line.width() } else { 0 };
            format!("{number}{line}{:pad$}", "")
        });
        StepLine { text: text.collect(), outcome: outcome(step, run.old.is_some()) }
    });
    lines.collect()
}

fn outcome(step: &CourseStep, has_old: bool) -> StepOutcome {
    let word = |side: &Option<String>| side.clone().unwrap_or_else(|| "not there".to_owned());
    match (&step.old, &step.new) {
        (old, new) if old == new => StepOutcome::Same(new.clone().unwrap_or_default()),
        // There is no other run.
        (None, Some(only)) if !has_old => StepOutcome::Same(only.clone()),
        (old, new) => {
            let words = [word(old), word(new)];
            let width = words.iter().map(|word| word.width()).max().unwrap_or(0);
            StepOutcome::Differs(words.map(|word| {
                let pad = width - word.width();
                format!("{word}{:pad$}", "")
            }))
        }
    }
}

use imglock_harness::compare::{CourseStep, RunChange};
use unicode_width::UnicodeWidthStr;

use crate::phrase::printable;
use crate::report::course;

/// A step as it is drawn.
pub struct StepLine {
    /// What both runs have of it: its line, and what came of it there.
    pub plain: String,
    /// What came of it, where that is not the same in both.
    pub differs: Option<[String; 2]>,
}

/// The steps up to the one that matters, in columns.
pub fn steps(run: &RunChange) -> Vec<StepLine> {
    let image = run.images.first().map(String::as_str);
    let texts: Vec<String> =
        run.course.iter().map(|step| printable(&course::words(&step.text, image))).collect();
    let text_width = texts.iter().map(|text| text.width()).max().unwrap_or(0);
    let number_width = run.course.iter().map(|step| step.line.to_string().len()).max().unwrap_or(0);
    let lines = run.course.iter().zip(texts).map(|(step, text)| {
        let CourseStep { line, old, new, .. } = step;
        let pad = text_width - text.width();
        let before = format!("line {line:>number_width$}  {text}{:pad$}", "");
        let word = |side: &Option<String>| side.clone().unwrap_or_else(|| "not there".to_owned());
        match (old, new) {
            (old, new) if old == new => {
                let outcome = new.as_deref().unwrap_or_default();
                let plain = format!("{before}   {outcome}").trim_end().to_owned();
                StepLine { plain, differs: None }
            }
            // The other run never came there, or there is no other.
            (None, Some(only)) if run.old.is_none() => {
                StepLine { plain: format!("{before}   {only}"), differs: None }
            }
            (old, new) => StepLine { plain: before, differs: Some([word(old), word(new)]) },
        }
    });
    lines.collect()
}

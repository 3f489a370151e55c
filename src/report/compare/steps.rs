use imglock_engine::{ComparedStep, RunChange};
use unicode_width::UnicodeWidthStr;

use super::sheet::Form;
use crate::phrase::printable;
use crate::report::action;
use crate::report::palette::{BAD, GOOD, PLAIN};
use crate::report::wrap::wrapped;

/// Columns that are kept for the outcome of a step.
const OUTCOME: usize = 26;

/// The steps up to the first difference, in lines of `width` columns: the number
/// of each, its action, and its outcomes. A screen marks the last step.
pub fn steps(run: &RunChange, width: usize, form: Form) -> Vec<String> {
    let image = run.images.first().map(String::as_str);
    let number_width = run.course.iter().map(|step| step.line.to_string().len()).max().unwrap_or(0);
    let number_columns = "line ".len() + number_width + 2;
    let most = width.saturating_sub(4 + number_columns + OUTCOME).max(20);
    let lines_of =
        |step: &ComparedStep| wrapped(&printable(&action::words(&step.text, image)), most, "  ");
    let texts: Vec<Vec<String>> = run.course.iter().map(lines_of).collect();
    let text_width = texts.iter().flatten().map(|line| line.width()).max().unwrap_or(0);
    let (before, now, mark) = match form {
        Form::Screen => (GOOD, BAD, format!("  {BAD}▶{BAD:#} ")),
        Form::Mail => (PLAIN, PLAIN, "    ".to_owned()),
    };
    let mut lines = Vec::new();
    for (index, (step, mut text)) in run.course.iter().zip(texts).enumerate() {
        let is_last = index + 1 == run.course.len();
        let number = format!("line {:>number_width$}  ", step.line);
        let below = " ".repeat(4 + number_columns);
        let mut lead = format!("{}{number}", if is_last { &mark } else { "    " });
        let end = text.pop().unwrap_or_default();
        for line in text {
            lines.push(format!("{lead}{line}"));
            lead.clone_from(&below);
        }
        let end = format!("{lead}{end}{}", " ".repeat(text_width - end.width()));
        match outcomes(step, run.old.is_some()) {
            [Some(old), Some(new)] => {
                let width = old.width().max(new.width());
                let [old_pad, new_pad] = [&old, &new].map(|one| " ".repeat(width - one.width()));
                let below = format!("{below}{}", " ".repeat(text_width));
                lines.push(format!("{end}   {before}{old}{before:#}{old_pad}  before"));
                lines.push(format!("{below}   {now}{new}{now:#}{new_pad}  now"));
            }
            [old, new] => lines.push(format!("{end}   {}", old.or(new).unwrap_or_default())),
        }
    }
    lines
}

/// The outcomes before and now; one where they are the same, or where there is only one run.
fn outcomes(step: &ComparedStep, has_old: bool) -> [Option<String>; 2] {
    let absent = || Some("not there".to_owned());
    match (&step.old, &step.new) {
        (old, new) if old == new => [None, new.clone()],
        (None, Some(only)) if !has_old => [None, Some(only.clone())],
        (old, new) => [old.clone().or_else(absent), new.clone().or_else(absent)],
    }
}

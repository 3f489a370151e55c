use std::io::{self, Write};

use imglock_harness::explore::Exploration;
use indicatif::HumanCount;

use super::super::palette::{CAREFUL, FAINT};
use super::count_of;

/// How often each verb had each outcome, and which hazards showed themselves.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(explored: &Exploration, width: usize, out: &mut dyn Write) -> io::Result<()> {
    for (verb, kinds) in &explored.verbs {
        let mut kinds: Vec<(&String, &u64)> = kinds.iter().collect();
        kinds.sort_by_key(|(kind, times)| (std::cmp::Reverse(**times), *kind));
        let words = kinds.iter().map(|(kind, times)| format!("{kind} {}", HumanCount(**times)));
        lines(verb, words, width, out)?;
    }
    if !explored.hazards.is_empty() {
        let hazards = explored.hazards.iter();
        let words = hazards
            .map(|(hazard, cases)| format!("{hazard} in {}", count_of(*cases, "case", "cases")));
        writeln!(out)?;
        lines("hazards", words, width, out)?;
    }
    if explored.undetermined > 0 {
        writeln!(
            out,
            "\n  {CAREFUL}{}{CAREFUL:#} of {} steps could end in several ways, and the contract alone \
             judged them",
            HumanCount(explored.undetermined),
            HumanCount(explored.steps)
        )?;
    }
    Ok(())
}

fn lines(
    name: &str,
    words: impl Iterator<Item = String>,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let text = words.collect::<Vec<_>>().join(", ");
    let options =
        textwrap::Options::new(width - 14).word_splitter(textwrap::WordSplitter::NoHyphenation);
    for (number, line) in textwrap::wrap(&text, options).into_iter().enumerate() {
        let name = if number == 0 { name } else { "" };
        writeln!(out, "  {FAINT}{name:11}{FAINT:#} {line}")?;
    }
    Ok(())
}

use std::io;

use imglock_engine::Exploration;

use crate::phrase::{grouped, grouped_count};
use crate::report::page::Page;
use crate::report::palette::{CAREFUL, FAINT};

/// Writes how often each verb had each outcome, and which hazards were seen.
pub fn write(explored: &Exploration, page: &mut Page<'_>) -> io::Result<()> {
    let lead = |name: &str| format!("  {FAINT}{name:11}{FAINT:#} ");
    for (verb, kinds) in &explored.verbs {
        let mut kinds: Vec<(&String, &u64)> = kinds.iter().collect();
        kinds.sort_by_key(|(kind, times)| (std::cmp::Reverse(**times), *kind));
        let words = kinds.iter().map(|(kind, times)| format!("{kind} {}", grouped(**times)));
        page.beside(&lead(verb), &words.collect::<Vec<_>>().join(", "))?;
    }
    if !explored.hazards.is_empty() {
        let cases = |cases: u64| grouped_count(cases, "case", "cases");
        let words = explored.hazards.iter();
        let words = words.map(|(hazard, number)| format!("{hazard} in {}", cases(*number)));
        writeln!(page)?;
        page.beside(&lead("hazards"), &words.collect::<Vec<_>>().join(", "))?;
    }
    if explored.undetermined > 0 {
        let (some, all) = (grouped(explored.undetermined), grouped(explored.steps));
        writeln!(
            page,
            "\n  {CAREFUL}{some}{CAREFUL:#} of {all} steps have several possible outcomes; only the \
             contract judged them"
        )?;
    }
    Ok(())
}

use std::path::{Path, PathBuf};

use imglock_harness::Pattern;
use imglock_harness::known::{Entry, KnownFailures};
use imglock_harness::run::ScenarioResult;

use crate::failure::Failure;
use crate::library::{KNOWN_FILE, Library};
use crate::report::RunRecord;

/// What is known to fail: what the user's files say, in their order, and after
/// that what the command carries.
///
/// # Errors
/// A file that cannot be read, and every one that is not well formed.
pub fn failures(files: &[PathBuf]) -> Result<KnownFailures, Failure> {
    let (mut known, mut invalid) = (KnownFailures::default(), Vec::new());
    for path in files {
        match KnownFailures::parse(&path.display().to_string(), &text(path)?) {
            Ok(more) => known = known.and(more),
            Err(error) => invalid.push(error),
        }
    }
    let carried = format!("scenarios/{KNOWN_FILE}");
    match KnownFailures::parse(&carried, Library::embedded().known()) {
        Ok(more) => known = known.and(more),
        Err(error) => invalid.push(error),
    }
    if invalid.is_empty() { Ok(known) } else { Err(Failure::Invalid(invalid)) }
}

/// What of it is of no use for this run, and should not be so silently: an
/// entry that others left nothing to, and one about a scenario that there is
/// not.
pub fn remarks(known: &KnownFailures, record: &RunRecord) -> Vec<String> {
    let at = |result: &ScenarioResult| record.places.iter().find(|it| it.name == result.place);
    let runs = record.results.iter().filter_map(|result| Some(result.key(at(result)?)));
    let shadowed = known.shadowed(runs).into_iter().map(|entry| {
        let Entry { source_name, line, .. } = entry;
        format!(
            "{source_name}, line {line}: entries before it were about every run that it is about; \
             the first that fits counts"
        )
    });
    let planned = record.planned.iter().map(|job| &*job.scenario.name);
    shadowed.chain(unheard_of(known, &planned.collect::<Vec<_>>())).collect()
}

/// What is about a scenario that neither the command carries nor `others` has.
pub fn unheard_of(known: &KnownFailures, others: &[&str]) -> Vec<String> {
    let library = Library::embedded();
    let carried = library.entries().iter().map(|entry| &*entry.name);
    let names: Vec<&str> = carried.chain(others.iter().copied()).collect();
    let remark = |entry: &Entry, pattern: &Pattern| {
        let nearest = library.nearest(pattern.as_str());
        let advice = nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        format!("{}, line {}: nothing is called `{pattern}`{advice}", entry.source_name, entry.line)
    };
    let unknown = |pattern: &&Pattern| !names.iter().any(|name| pattern.fits(name));
    let of = |entry| {
        let Entry { condition, .. }: &Entry = entry;
        condition.scenarios.iter().filter(unknown).map(|it| remark(entry, it)).collect::<Vec<_>>()
    };
    known.entries().iter().flat_map(of).collect()
}

fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|source| Failure::Unreadable { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_command_carries_is_about_scenarios_that_it_carries() {
        let known = failures(&[]).expect("it is well formed");
        assert_eq!(unheard_of(&known, &[]), [""; 0]);
    }

    #[test]
    fn a_scenario_that_there_is_not_is_told() {
        let text = "known a { scenario \"mine/one\" \"posix/*\" \"pozix/*\"; }";
        let known = KnownFailures::parse("k.kdl", text).expect("it is well formed");
        assert_eq!(
            unheard_of(&known, &["mine/one"]),
            ["k.kdl, line 1: nothing is called `pozix/*`; did you mean `posix`?"]
        );
    }
}

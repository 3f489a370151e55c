use imglock_core::ScenarioName;
use std::path::PathBuf;

use imglock_engine::ScenarioResult;
use imglock_scenario::{KnownEntry, KnownFailures, Pattern};

use crate::failure::Failure;
use crate::input;
use crate::library::{KNOWN_FILE, Library};
use crate::report::RunRecord;

/// The expected failures: those of the user's files, in their order, then the
/// built-in ones.
///
/// # Errors
/// A file cannot be read, or files are invalid.
pub fn failures(files: &[PathBuf]) -> Result<KnownFailures, Failure> {
    let (mut known, mut invalid) = (KnownFailures::default(), Vec::new());
    for path in files {
        match KnownFailures::parse(&path.display().to_string(), &input::text(path)?) {
            Ok(more) => known = known.and(more),
            Err(error) => invalid.push(error),
        }
    }
    let builtin = format!("scenarios/{KNOWN_FILE}");
    match KnownFailures::parse(&builtin, Library::embedded().known()) {
        Ok(more) => known = known.and(more),
        Err(error) => invalid.push(error),
    }
    if invalid.is_empty() { Ok(known) } else { Err(Failure::Invalid(invalid)) }
}

/// Notes on entries without effect on this run: entries whose runs all match an
/// earlier entry, and entries about unknown scenarios.
pub fn remarks(record: &RunRecord) -> Vec<String> {
    let known = record.tour.known();
    let at = |result: &ScenarioResult| record.tour.places.iter().find(|it| it.name == result.place);
    let runs = record.tour.results.iter().filter_map(|result| Some(result.key(at(result)?)));
    let shadowed = known.shadowed(runs).into_iter().map(|entry| {
        let KnownEntry { source_name, line, .. } = entry;
        format!(
            "{source_name}, line {line}: entries before it match all runs of this entry; only the \
             first matching entry counts"
        )
    });
    let planned = record.tour.planned.iter().map(|job| &job.scenario.name);
    shadowed.chain(unmatched(known, &planned.collect::<Vec<_>>())).collect()
}

/// Notes on scenario patterns that match neither a built-in scenario nor one of
/// `others`.
pub fn unmatched(known: &KnownFailures, others: &[&ScenarioName]) -> Vec<String> {
    let library = Library::embedded();
    let builtin = library.entries().iter().map(|entry| &entry.name);
    let names: Vec<&ScenarioName> = builtin.chain(others.iter().copied()).collect();
    let remark = |entry: &KnownEntry, pattern: &Pattern| {
        let nearest = library.nearest(pattern.as_str());
        let advice = nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        format!(
            "{}, line {}: no scenario matches `{pattern}`{advice}",
            entry.source_name, entry.line
        )
    };
    let unknown = |pattern: &&Pattern| !names.iter().any(|name| pattern.fits(name));
    let of = |entry| {
        let KnownEntry { condition, .. }: &KnownEntry = entry;
        condition.scenarios.iter().filter(unknown).map(|it| remark(entry, it)).collect::<Vec<_>>()
    };
    known.entries().iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_expected_failures_match_built_in_scenarios() {
        let known = failures(&[]).expect("it is well formed");
        assert_eq!(unmatched(&known, &[]), [""; 0]);
    }

    #[test]
    fn a_pattern_without_a_scenario_is_noted() {
        let text = "known a { scenario \"mine/one\" \"posix/*\" \"pozix/*\"; }";
        let known = KnownFailures::parse("k.kdl", text).expect("it is well formed");
        assert_eq!(
            unmatched(&known, &[&"mine/one".into()]),
            ["k.kdl, line 1: no scenario matches `pozix/*`; did you mean `posix`?"]
        );
    }
}

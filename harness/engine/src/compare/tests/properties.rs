use proptest::prelude::*;

use super::*;

fn outcomes() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec!["granted", "refused write", "done", "-", "(granted)"]);
    prop::collection::vec(word, 1..5).prop_map(|words| words.join(", "))
}

type Drawn = (Verdict, String, &'static str, u64);

fn results() -> impl Strategy<Value = Vec<ScenarioResult>> {
    let verdict = prop::sample::select(vec![
        Verdict::Passed,
        Verdict::Failed,
        Verdict::TimedOut,
        Verdict::Skipped,
    ]);
    let one = (verdict, outcomes(), prop::sample::select(vec!["ext4", "xfs"]), 0..100_u64);
    prop::collection::btree_map(0..6_u8, one, 0..6).prop_map(|runs| {
        let one = |(number, (verdict, outcomes, place, milliseconds)): (u8, Drawn)| {
            let mut result = traced(result(&format!("contract/{number}"), verdict), &outcomes);
            result.place = place.into();
            result.duration = Duration::from_millis(milliseconds);
            result
        };
        runs.into_iter().map(one).collect()
    })
}

fn documents() -> impl Strategy<Value = RunDocument> {
    results().prop_map(|results| document(vec![place("ext4"), place("xfs")], results))
}

/// The change after old and new are swapped.
fn the_other_way_round(run: &RunChange) -> Vec<Change> {
    match (run.change, &run.old, &run.new) {
        (Change::Broken, None, _) | (Change::New, ..) => vec![Change::Gone],
        (Change::Gone, ..) => vec![Change::New, Change::Broken],
        (Change::Broken, Some(old), _) if old.verdict == Verdict::Skipped => vec![Change::Untried],
        (Change::Broken, ..) => vec![Change::Fixed],
        (Change::Fixed, ..) => vec![Change::Broken],
        (Change::Untried, ..) => vec![Change::Tried, Change::Broken],
        (Change::Tried, ..) => vec![Change::Untried],
        (Change::Slower | Change::Same, ..) => vec![Change::Slower, Change::Same],
        (Change::Changed, ..) => vec![Change::Changed],
        (Change::NotRun, ..) => vec![],
    }
}

proptest! {
    #[test]
    fn a_document_is_the_same_as_itself(document in documents()) {
        let comparison = compared(&document, &document);
        prop_assert_eq!(comparison.count(Change::Same), document.results.len());
        prop_assert!(!comparison.is_broken());
    }

    #[test]
    fn the_other_way_round_broken_is_fixed_and_new_is_gone(one in documents(), other in documents()) {
        let (there, back) = (compared(&one, &other), compared(&other, &one));
        for (place, opposite) in there.places.iter().zip(&back.places) {
            prop_assert_eq!(place.runs.len(), opposite.runs.len());
            for (run, opposite) in place.runs.iter().zip(&opposite.runs) {
                prop_assert!(the_other_way_round(run).contains(&opposite.change), "{:?}", run);
            }
        }
    }

    #[test]
    fn every_run_is_told_once(one in documents(), other in documents()) {
        let comparison = compared(&one, &other);
        let told: usize = Change::ALL.into_iter().map(|change| comparison.count(change)).sum();
        let runs: usize = comparison.places.iter().map(|place| place.runs.len()).sum();
        prop_assert_eq!(told, runs);
        let sides = |side: fn(&RunChange) -> bool| {
            comparison.places.iter().flat_map(|place| &place.runs).filter(|run| side(run)).count()
        };
        prop_assert_eq!(sides(|run| run.old.is_some()), one.results.len());
        prop_assert_eq!(sides(|run| run.new.is_some()), other.results.len());
    }

    #[test]
    fn what_is_written_is_read_again(one in documents(), other in documents()) {
        let comparison = compared(&one, &other);
        let text = serde_json::to_string(&comparison).expect("JSON");
        let read: Comparison = serde_json::from_str(&text).expect("a comparison");
        let again = serde_json::to_string(&read).expect("JSON");
        prop_assert_eq!(text, again);
    }
}

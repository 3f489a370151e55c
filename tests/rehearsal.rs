//! The model's prediction for each embedded scenario agrees with a real run.

mod outside;

use std::collections::BTreeMap;

use imglock_core::{Backend, Outcome, Verdict};
use imglock_engine::{EventKind, ScenarioResult, rehearse};
use imglock_scenario::Scenario;
use outside::{imglock, is_met};

/// The outcomes of the steps of `lines`, and their lock tables, as far as they
/// are known. Steps of one moment are sorted: a run records them by outcome, a
/// rehearsal by line.
fn told(result: &imglock_engine::Trace) -> Vec<(usize, String, Option<String>)> {
    let mut told: Vec<_> = result
        .events
        .iter()
        .map(|event| {
            let (moment, outcome) = match &event.kind {
                EventKind::Step(step) => (step.together, step.outcome.as_ref()),
                EventKind::Held { .. } => (None, None),
            };
            (moment, event.line, event.text.clone(), outcome.map(Outcome::to_string))
        })
        .collect();
    for block in told.chunk_by_mut(|a, b| a.0.is_some() && a.0 == b.0) {
        block.sort();
    }
    told.into_iter().map(|(_, line, text, outcome)| (line, text, outcome)).collect()
}

#[test]
fn what_is_foreseen_of_every_scenario_happens() {
    let run = imglock().args(["run", "--format", "json"]).assert().success();
    let document: serde_json::Value =
        serde_json::from_slice(&run.get_output().stdout).expect("JSON");
    let results: Vec<ScenarioResult> =
        serde_json::from_value(document["results"].clone()).expect("results");
    let mut compared: BTreeMap<Backend, (usize, usize)> = BTreeMap::new();
    for result in results {
        let file = format!("scenarios/{}.kdl", result.scenario);
        let text = std::fs::read_to_string(&file).expect("a scenario");
        let scenario = Scenario::parse(&result.scenario, &file, &text).expect("a valid scenario");
        if scenario.mounts() && result.verdict == Verdict::Skipped {
            assert!(!is_met("file-systems", Some(result.reason)), "{file} was skipped");
            continue;
        }
        let foreseen = rehearse(&scenario, result.backend);
        let (happens, expected) = (told(&result.trace), told(&foreseen));
        assert_eq!(happens.len(), expected.len(), "{file}");
        let (steps, tables) = compared.entry(result.backend).or_default();
        for (real, foreseen) in happens.iter().zip(&expected) {
            assert_eq!((real.0, &real.1), (foreseen.0, &foreseen.1), "{file}");
            if foreseen.2.is_some() {
                assert_eq!(real.2, foreseen.2, "{file}, line {}", real.0);
                *steps += 1;
            }
        }
        for (real, foreseen) in result.trace.events.iter().zip(&foreseen.events) {
            let (Some(real_table), Some(table)) = (&real.table, &foreseen.table) else { continue };
            // During an unfinished open the kernel does not show the owner of
            // its locks.
            let named = table.iter().all(|lock| real_table.contains(lock));
            let ranges = |table: &[imglock_core::TableLock]| {
                let mut ranges: Vec<_> =
                    table.iter().map(|lock| (lock.image, lock.kind, lock.range)).collect();
                ranges.sort_by_key(|(image, _, range)| (*image, range.first, range.last));
                ranges
            };
            assert_eq!(ranges(real_table), ranges(table), "{file}, line {}", real.line);
            *tables += usize::from(named);
        }
    }
    for (backend, (steps, tables)) in compared {
        println!("{backend}: {steps} steps and {tables} lock tables as foreseen");
        assert!(steps > 500 && tables > 500, "{backend}: too few were foreseen to prove anything");
    }
}

//! Random scenarios from outside.

mod outside;

use imglock_core::Backend;
use imglock_engine::{ExplorePlan, Fault, SessionOptions, StopToken, explore};
use outside::{Folder, imglock};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

#[test]
fn three_hundred_cases_on_each_backend_agree() {
    let folder = Folder::new();
    let report = folder.path().join("explored.json");
    let mut explore = imglock();
    explore.args(["explore", "--seed", "11", "--cases", "300", "--report"]);
    explore.arg(format!("json={}", report.display()));
    let said = explore
        .assert()
        .success()
        .stdout(contains("300 cases on ofd, all as"))
        .stdout(contains("300 cases on posix, all as"));
    let text = String::from_utf8_lossy(&said.get_output().stdout).into_owned();
    let document: Value =
        serde_json::from_slice(&std::fs::read(report).expect("a report")).expect("JSON");
    assert_eq!((&document["complete"], &document["agrees"]), (&true.into(), &true.into()));
    for explored in document["explorations"].as_array().expect("both") {
        assert_eq!((&explored["done"], &explored["cases"]), (&300.into(), &300.into()));
        let verbs = explored["verbs"].as_object().expect("verbs");
        // All verbs there are, and both ways that the most important one can end.
        assert_eq!(verbs.len(), 28, "{text}");
        assert!(verbs["open"]["granted"].as_u64() > Some(300), "{text}");
        assert!(verbs["open"]["refused"].as_u64() > Some(100), "{text}");
    }
}

/// The lines of one case.
fn case(number: &str, more: &[&str]) -> String {
    let mut explore = imglock();
    explore.args(["explore", "--backend", "posix", "--seed", "3", "--case", number]).args(more);
    let said = explore.assert().success();
    let text = String::from_utf8_lossy(&said.get_output().stdout).into_owned();
    let (scenario, _) = text.split_once("\nposix: ").expect("a scenario, then what came of it");
    scenario.to_owned()
}

#[test]
fn a_case_is_the_same_every_time_and_with_any_number_of_lanes() {
    let once = case("7", &[]);
    assert_eq!(once, case("7", &["-j", "3"]));
    assert_ne!(once, case("8", &[]));
    assert!(once.contains("number 7 of seed 3 with 12 steps on posix"), "{once}");
}

#[test]
fn a_case_that_is_saved_runs_by_itself() {
    let folder = Folder::new();
    // With a hazard, which the file declares.
    let file = folder.path().join("case.kdl");
    for number in ["1", "2", "3", "4", "5", "6"] {
        case(number, &["--save", file.to_str().expect("a path")]);
        imglock().arg("run").arg(&file).args(["--backend", "posix"]).assert().success();
        imglock().arg("check").arg(&file).assert().success();
    }
    let into = folder.path().join("cases");
    case("9", &["--save", into.to_str().expect("a path")]);
    assert!(into.join("explore-posix-3-9.kdl").is_file());
}

#[test]
fn parts_are_the_whole() {
    let done = |shard: &str| {
        let mut explore = imglock();
        explore.args(["explore", "--backend", "ofd", "--seed", "5", "--cases", "9", "--shard"]);
        let said = explore.arg(shard).assert().success();
        let text = String::from_utf8_lossy(&said.get_output().stdout).into_owned();
        let last = text.lines().last().unwrap_or_default().to_owned();
        last.split(' ').next().unwrap_or_default().parse::<u64>().expect("a number of cases")
    };
    assert_eq!((done("1/2"), done("2/2")), (5, 4));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |args: &[&str], code: i32, why: &str| {
        let mut explore = imglock();
        explore.arg("explore").args(args);
        explore.assert().code(code).stderr(contains(why)).stdout(predicate::str::is_empty());
    };
    refused(&["--cases", "0"], 2, "0 is not in 1..");
    refused(&["--steps", "0"], 2, "0 is not in 1..");
    refused(&["--case", "1"], 2, "--seed");
    refused(&["--seed", "1", "--case", "1", "--cases", "5"], 2, "cannot be used with");
    refused(&["--seed", "1", "--shard", "3/2"], 2, "write I/N");
    refused(&["--seed", "1", "--cases", "1", "--shard", "2/2"], 3, "this part contains no case");
    refused(&["--save", "one.kdl"], 2, "name a folder");
    refused(&["--dir", "/nowhere"], 4, "choose another directory with --dir");
    refused(&["--seed", "1", "--case", "1", "--save", "/proc/nowhere"], 2, "with --save");
}

#[rstest::rstest]
#[case::a_conflict_is_overlooked(Fault::NoCheck, Backend::Ofd)]
#[case::an_unlock_takes_more(Fault::UnlockDropsTheRest, Backend::Posix)]
fn what_differs_is_made_small_and_shows_the_fault_and_nothing_else(
    #[case] fault: Fault,
    #[case] backend: Backend,
) {
    let folder = Folder::new();
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let options = SessionOptions {
        fault: Some(fault),
        program: env!("CARGO_BIN_EXE_imglock").into(),
        ..SessionOptions::new(folder.path().to_owned(), stop)
    };
    let plan = ExplorePlan { most_differences: 1, ..ExplorePlan::new(backend, 4, 500) };
    let explored = explore(&plan, &options, &mut |_| ()).expect("it goes to its end");
    let difference = explored.differences.first().expect("the fault is met");
    let text = &difference.scenario;
    // Two openers, or one that locks, unlocks and then holds nothing.
    assert!(difference.steps <= 4 && difference.steps < difference.steps_found, "{text}");
    let file = folder.file("small.kdl", text);
    let run = || {
        let mut run = imglock();
        run.arg("run").arg(&file).args(["--backend", backend.name()]);
        run
    };
    run().assert().success();
    run().args(["--plant", fault.name()]).assert().code(1);
}

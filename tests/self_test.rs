//! `self-test` from outside: faults are caught, and a fault that is not caught
//! fails the command.

mod outside;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use imglock_core::Mode;
use imglock_engine::Fault;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use outside::{Folder, imglock};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

/// The faults that the scenarios do not always catch: two openers must act
/// within the same few microseconds.
const BY_CHANCE: &[Fault] = &[Fault::LetsGoForAMoment];

fn document(file: &std::path::Path) -> Value {
    let text = std::fs::read_to_string(file).expect("a report");
    serde_json::from_str(&text).expect("JSON")
}

fn is_caught(result: &Value) -> bool {
    let hunts = result["hunts"].as_array().expect("hunts");
    hunts.iter().any(|hunt| hunt["end"]["caught"].is_object())
}

#[test]
fn the_scenarios_catch_every_fault_that_does_not_need_luck() {
    let folder = Folder::new();
    let file = folder.path().join("faults.json");
    let mut run = imglock();
    run.args(["self-test", "--by", "suite", "--timeout", "2", "--report"]);
    run.arg(format!("json={}", file.display())).timeout(Duration::from_secs(300));
    let said = run.assert().get_output().clone();
    let said = String::from_utf8(said.stdout).expect("text");
    let document = document(&file);
    assert_eq!(document["complete"], true, "{said}");
    let results = document["results"].as_array().expect("results");
    assert_eq!(results.len(), Fault::ALL.len());
    let missed: BTreeSet<&str> = results
        .iter()
        .filter(|result| !is_caught(result))
        .map(|result| result["fault"].as_str().expect("a name"))
        .collect();
    let excused: BTreeSet<&str> = BY_CHANCE.iter().map(|fault| fault.name()).collect();
    assert!(missed.is_subset(&excused), "{said}");
}

#[test]
fn a_fault_that_nobody_notices_fails_the_command() {
    // No pair of modes waits for a lock.
    let run = imglock()
        .args(["self-test", "never-waits", "--by", "matrix", "--backend", "ofd"])
        .assert()
        .code(1);
    let said = String::from_utf8(run.get_output().stdout.clone()).expect("text");
    assert!(said.contains("1 fault: 0 caught, 1 survived, 0 skipped"), "{said}");
    let survivor = said.split_once("\nsurvived  never-waits: ").expect("the survivor is told").1;
    let pairs = Mode::ALL.len().pow(2);
    let tried = format!("no detector caught it: matrix on ofd ({pairs} pairs).");
    assert!(survivor.contains(&tried), "{said}");
}

#[test]
fn where_something_is_wrong_without_a_fault_nothing_is_planted() {
    // No step ends within this timeout.
    let run = imglock()
        .args(["self-test", "no-check", "--by", "suite", "--timeout", "0.000001"])
        .assert()
        .code(1);
    let said = String::from_utf8(run.get_output().stdout.clone()).expect("text");
    assert!(
        said.contains("nothing can be concluded: suite on ofd, suite on posix found"),
        "{said}"
    );
    assert!(!said.contains("no-check"), "{said}");
}

#[test]
fn a_thorough_one_sends_every_hunter_everywhere() {
    let folder = Folder::new();
    let file = folder.path().join("faults.json");
    let mut run = imglock();
    run.args(["self-test", "whence-ignored", "--thorough", "--backend", "ofd"]);
    run.args(["--by", "suite,matrix"]);
    run.arg("--report");
    let run = run.arg(format!("json={}", file.display())).assert().success();
    let said = String::from_utf8(run.get_output().stdout.clone()).expect("text");
    let row = |fault: &str| -> Vec<&str> {
        let row = said.lines().rfind(|line| line.trim_start().starts_with(fault));
        row.expect("a row").split_whitespace().collect()
    };
    assert_eq!(row("whence-ignored"), ["whence-ignored", "ofd", "-"], "{said}");
    let document = document(&file);
    for result in document["results"].as_array().expect("results") {
        assert_eq!(result["hunts"].as_array().expect("hunts").len(), 2);
    }
}

/// A fault that each strategy is meant to catch. The strategy has at most ten seconds.
#[rstest::rstest]
#[case::a_race_meets_the_moment("race", "check-before-lock")]
#[case::a_sweep_asks_for_every_claim("sweep", "unshared-not-checked")]
#[case::chance_comes_to_what_nobody_thought_of("explore", "downgrade-ignored")]
fn every_strategy_catches_faults_by_itself(#[case] hunter: &str, #[case] fault: &str) {
    let run = imglock()
        .args(["self-test", fault, "--by", hunter, "--backend", "ofd", "--timeout", "10"])
        .timeout(Duration::from_secs(600))
        .assert();
    let said = String::from_utf8(run.get_output().stdout.clone()).expect("text");
    run.success();
    assert!(said.contains("1 fault: 1 caught, 0 survived, 0 skipped"), "{said}");
}

#[test]
fn faults_that_there_are_not_or_make_no_difference_are_told() {
    imglock()
        .args(["self-test", "no-chek"])
        .assert()
        .code(3)
        .stderr(contains("unknown fault `no-chek`\nhelp: did you mean `no-check`?"));
    imglock()
        .args(["self-test", "close-drops-all", "--by", "suite", "--backend", "posix"])
        .assert()
        .code(4)
        .stdout(contains("every close drops POSIX locks"))
        .stderr(contains("none of the faults has an effect on these locks"));
    imglock()
        .args(["self-test", "--list"])
        .assert()
        .success()
        .stdout(contains("check-before-lock").and(contains(Fault::CheckBeforeLock.meaning())));
}

#[test]
fn a_stop_leaves_what_was_found_so_far() {
    let folder = Folder::new();
    let file = folder.path().join("faults.json");
    let mut run = Command::new(env!("CARGO_BIN_EXE_imglock"));
    run.args(["self-test", "--thorough", "--jobs", "1", "--report"]);
    run.arg(format!("json={}", file.display())).arg("--dir").arg(folder.path());
    let child = run.stdout(Stdio::piped()).spawn().expect("imglock runs");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    // The file exists before the work begins.
    while !file.exists() {
        std::thread::yield_now();
    }
    kill(pid, Signal::SIGINT).expect("it runs");
    let ended = child.wait_with_output().expect("it ends");
    let said = String::from_utf8(ended.stdout).expect("text");
    assert_eq!(ended.status.code(), Some(130), "{said}");
    assert!(said.contains("interrupted"), "{said}");
    assert_eq!(document(&file)["complete"], false);
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 1, "only the report is left: {left:?}");
}

#[test]
fn a_run_with_a_planted_fault_says_so_in_every_report() {
    let folder = Folder::new();
    let files = ["html", "json", "junit"].map(|kind| folder.path().join(kind));
    let mut run = imglock();
    run.args(["run", "contract/second-writer-is-refused", "--backend", "ofd"]);
    run.args(["--plant", "no-check"]);
    for (kind, file) in ["html", "json", "junit"].iter().zip(&files) {
        run.arg("--report").arg(format!("{kind}={}", file.display()));
    }
    let run = run.timeout(Duration::from_secs(60)).assert().code(1);
    let said = String::from_utf8(run.get_output().stdout.clone()).expect("text");
    let warning = "A fault was planted on purpose, no-check: An opener does not test for others";
    assert!(said.starts_with(warning), "{said}");
    assert_eq!(said.matches(warning).count(), 2, "{said}");
    assert!(said.contains("--backend ofd --plant no-check"), "it is not run again so: {said}");
    let [html, json, junit] = files.map(|file| std::fs::read_to_string(file).expect("a report"));
    assert!(html.contains(warning));
    assert!(junit.contains(r#"<property name="planted" value="no-check"/>"#), "{junit}");
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["places"][0]["environment"]["planted"], "no-check");
    imglock()
        .args(["run", "contract/second-writer-is-refused", "--backend", "ofd", "--format", "ktap"])
        .args(["--plant", "no-check"])
        .assert()
        .code(1)
        .stdout(contains("KTAP version 1\n# A fault was planted on purpose, no-check: "));
}

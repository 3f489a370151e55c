//! `compare`, `--baseline` and `--known` from outside: result files that are
//! broken on purpose, and runs with a planted fault.

mod outside;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use assert_cmd::Command;
use outside::{Folder, imglock};
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use serde_json::{Value, json};

/// Quick ones, each with a step that is refused or granted.
const SCENARIOS: [&str; 3] = [
    "contract/second-writer-is-refused",
    "names/hard-link-is-the-same-image",
    "sharing/two-share-rw-disks",
];

/// The report of a run of the scenarios on OFD locks.
static REPORT: LazyLock<String> = LazyLock::new(|| {
    let json = run().args(["--format", "json"]).assert().success();
    String::from_utf8(json.get_output().stdout.clone()).expect("text")
});

/// Where that report is.
fn report(folder: &Folder, name: &str) -> PathBuf {
    folder.file(name, &REPORT)
}

fn run() -> Command {
    let mut command = imglock();
    command.arg("run").args(SCENARIOS).args(["--backend", "ofd"]);
    command
}

/// A copy of the report `from` that was spoilt.
fn spoilt(folder: &Folder, from: &Path, spoil: impl FnOnce(&mut Value)) -> PathBuf {
    let text = std::fs::read_to_string(from).expect("a report");
    let mut document = serde_json::from_str(&text).expect("JSON");
    spoil(&mut document);
    folder.file("spoilt.json", &document.to_string())
}

/// The result of a scenario.
fn result<'d>(document: &'d mut Value, scenario: &str) -> &'d mut Value {
    let results = document["results"].as_array_mut().expect("results");
    let of = |result: &&mut Value| result["scenario"] == scenario;
    results.iter_mut().find(of).expect("a result of it")
}

/// The second step that opens a node.
fn second_open(result: &mut Value) -> &mut Value {
    let events = result["trace"]["events"].as_array_mut().expect("events");
    let opens = |event: &&mut Value| event["text"].as_str().is_some_and(|it| it.contains(" open "));
    events.iter_mut().filter(opens).nth(1).expect("a second open")
}

/// Breaks a verdict with an outcome, the lock table of another, removes one
/// result and changes the kernel.
fn break_everything(document: &mut Value) {
    let second = result(document, SCENARIOS[0]);
    second["verdict"] = json!("failed");
    second["reason"] = json!("two writers at once");
    second_open(second)["kind"]["step"]["outcome"] = json!("granted");
    let linked = result(document, SCENARIOS[1]);
    second_open(linked)["table"] = json!([]);
    let results = document["results"].as_array_mut().expect("results");
    results.retain(|result| result["scenario"] != SCENARIOS[2]);
    document["places"][0]["environment"]["kernel"] = json!("9.9.9-broken");
}

fn compare(files: &[&Path]) -> Command {
    let mut command = imglock();
    command.arg("compare").args(files);
    command
}

/// Compares the parts of the text that are the same on any machine.
fn assert_reads_like(name: &str, folder: &Folder, text: &[u8]) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"Linux \d[^ ]+ \(\w+\); \w+;", "Linux KERNEL (MACHINE); FS;");
    settings.add_filter(r"\d[^ ]+ -> 9\.9\.9", "KERNEL -> 9.9.9");
    settings
        .add_filter(r"Linux \d[^ ]+ to 9\.9\.9-broken\n=+", "Linux KERNEL to 9.9.9-broken\n===");
    settings.add_filter(r"(directory on) \w+", "$1 FS");
    settings.add_filter(r"imglock\s+\d+\.\d+\.\d+", "imglock VERSION");
    settings.bind(|| insta::assert_snapshot!(name, folder.redacted(text)));
}

#[test]
fn a_report_is_the_same_as_itself() {
    let folder = Folder::new();
    let old = report(&folder, "old.json");
    let told = compare(&[&old, &old]).assert().success().stderr(is_empty());
    told.stdout(contains("nothing broke (3 runs: 3 the same)").and(contains("->").not()));
}

#[test]
fn two_runs_of_the_same_are_the_same() {
    let folder = Folder::new();
    let (old, new) = (report(&folder, "old.json"), folder.path().join("new.json"));
    run().arg("--report").arg(format!("json={}", new.display())).assert().success();
    compare(&[&old, &new]).assert().success().stdout(contains("nothing broke"));
}

#[test]
fn a_file_that_was_broken_on_purpose_is_told_exactly() {
    let folder = Folder::new();
    let old = report(&folder, "old.json");
    let new = spoilt(&folder, &old, break_everything);
    let told = compare(&[&old, &new]).assert().code(1).stderr(is_empty());
    assert_reads_like("broken_on_purpose", &folder, &told.get_output().stdout);
    let mail = compare(&[&old, &new]).args(["--format", "markdown"]).assert().code(1);
    let mail = String::from_utf8_lossy(&mail.get_output().stdout).into_owned();
    for line in [
        "Broken: contract/second-writer-is-refused",
        "    line 14  vm2 open disk mode=rw   refused write  before",
        "                                     granted        now",
        "* names/hard-link-is-the-same-image on ofd: It passes as before, but",
        "* sharing/two-share-rw-disks on ofd: passed before",
    ] {
        assert!(mail.lines().any(|one| one == line), "{line}\n\n{mail}");
    }
    assert!(mail.starts_with("imglock: 1 run broke from Linux "), "{mail}");
}

#[test]
fn the_other_way_round_it_is_fixed_and_new() {
    let folder = Folder::new();
    let old = report(&folder, "old.json");
    let new = spoilt(&folder, &old, break_everything);
    let told = compare(&[&new, &old]).assert().success();
    told.stdout(contains("nothing broke (3 runs: 1 fixed, 1 changed, 1 new)"));
}

#[test]
fn json_counts_and_says_whether_anything_broke() {
    let folder = Folder::new();
    let old = report(&folder, "old.json");
    let new = spoilt(&folder, &old, break_everything);
    let told = compare(&[&old, &old, &new]).args(["--format", "json"]).assert().code(1);
    let value: Value = serde_json::from_slice(&told.get_output().stdout).expect("JSON");
    assert_eq!((&value["schema"], &value["broken"]), (&json!(1), &json!(true)));
    let broken = |index: usize| value["comparisons"][index]["broken"].clone();
    assert_eq!([broken(0), broken(1)], [json!(false), json!(true)]);
    let counts = &value["comparisons"][1]["counts"];
    let counts = ["broken", "changed", "gone", "same"].map(|word| counts[word].clone());
    assert_eq!(counts, [1, 1, 1, 0].map(Value::from));
}

#[test]
fn what_takes_long_breaks_nothing() {
    let folder = Folder::new();
    let old = report(&folder, "old.json");
    let new = spoilt(&folder, &old, |document| {
        result(document, SCENARIOS[0])["duration_us"] = json!(60_000_000);
    });
    compare(&[&old, &new]).assert().success().stdout(contains("1 slower").and(contains("60.00 s")));
    let never = compare(&[&old, &new]).args(["--slower", "1000000"]).assert().success();
    never.stdout(contains("slower").not());
}

#[rstest::rstest]
#[case::not_there(None, "cannot read")]
#[case::empty(Some(""), "it is empty")]
#[case::no_json(Some("passed  contract/one"), "not one JSON document")]
#[case::lines(Some("{\"begin\":{}}\n{\"end\":{}}\n"), "it contains JSON Lines")]
#[case::cut_off(Some("{\"schema\": 2, \"complete\": tr"), "not one JSON document")]
#[case::of_another_command(
    Some("{\"schema\": 1, \"complete\": true, \"races\": []}"),
    "another kind of JSON document"
)]
#[case::of_later(
    Some("{\"schema\": 99, \"complete\": true, \"places\": [], \"results\": []}"),
    "it has version 99"
)]
fn what_is_no_report_is_told_with_what_to_do(#[case] text: Option<&str>, #[case] why: &str) {
    let folder = Folder::new();
    let file = folder.path().join("r.json");
    if let Some(text) = text {
        folder.file("r.json", text);
    }
    let named = || contains("r.json").and(contains(why));
    compare(&[&file, &file]).assert().code(2).stdout(is_empty()).stderr(named());
    // Known before anything runs, and before a report replaces it.
    let report = folder.path().join("new.json");
    let mut run = run();
    run.arg("--baseline").arg(&file).arg("--report").arg(format!("json={}", report.display()));
    run.assert().code(2).stdout(is_empty()).stderr(named());
    assert!(!report.exists(), "the run began");
}

#[test]
fn a_baseline_decides_how_the_run_ends() {
    let folder = Folder::new();
    let (good, bad) = (report(&folder, "good.json"), folder.path().join("bad.json"));
    let planted = || {
        let mut run = run();
        run.args(["--plant", "no-check"]);
        run
    };
    planted().arg("--report").arg(format!("json={}", bad.display())).assert().code(1);
    let broke = planted().arg("--baseline").arg(&good).assert().code(1);
    broke.stdout(contains("compared with the baseline").and(contains("2 runs broke")));
    // A run that fails as before is not reported as broken, and a run that
    // passes is not, either.
    let same = planted().arg("--baseline").arg(&bad).assert().success();
    // The duration of a run is not under the test's control.
    same.stdout(contains("2 failed").and(contains("nothing broke (3 runs: ")));
    let fixed = run().arg("--baseline").arg(&bad).assert().success();
    fixed.stdout(contains("nothing broke (3 runs: 2 fixed, 1 "));
    // The other runs of the baseline were not selected. They are not reported as gone.
    let mut part = imglock();
    part.args(["run", SCENARIOS[2], "--backend", "ofd", "--baseline"]).arg(&good);
    let told =
        contains("2 other runs of the baseline were not selected").and(contains("gone").not());
    part.assert().success().stdout(told);
    // Standard output stays machine-readable.
    let json = planted().args(["--format", "json", "--baseline"]).arg(&good).assert().code(1);
    serde_json::from_slice::<Value>(&json.get_output().stdout).expect("JSON alone");
    json.stderr(contains("2 runs broke"));
    // The report may take the baseline's place.
    let mut again = run();
    again.arg("--baseline").arg(&bad).arg("--report").arg(format!("json={}", bad.display()));
    again.assert().success();
    compare(&[&good, &bad]).assert().success();
}

#[test]
fn a_known_failure_fails_nothing_until_it_passes() {
    let folder = Folder::new();
    let known = folder.file(
        "mine.kdl",
        "known \"Nobody looks for others\" {\n    scenario \"*/*-refused\" names\n    backend ofd\n}\n",
    );
    let mut planted = run();
    planted.args(["--plant", "no-check", "--known"]).arg(&known);
    let told = contains("1 passed").and(contains("2 known to fail"));
    planted.assert().success().stdout(told.and(contains("Nobody looks for others")));
    let passes = run().arg("--known").arg(&known).assert().code(1);
    passes.stdout(contains("2 unexpected"));
}

#[test]
fn a_file_of_known_failures_is_checked_and_points_at_its_mistakes() {
    let folder = Folder::new();
    let good = folder.file("good.kdl", "known why { scenario \"contract/nothing-such\"; }\n");
    let checked = imglock().arg("check").arg(&good).assert().success();
    let note = "no scenario matches `contract/nothing-such`";
    checked.stdout(contains("1 known failure").and(contains(note)));
    run().arg("--known").arg(&good).assert().success().stderr(contains(note));
    let bad = folder.file("bad.kdl", "known why {\n    kernel \"6.1-amd64\"\n}\n");
    for mut command in [imglock(), run()] {
        let args = if command.get_args().len() == 0 { ["check"] } else { ["--known"] };
        let failed = command.args(args).arg(&bad).assert().code(2);
        failed.stderr(contains("bad.kdl:2:12").and(contains("1 file is not well formed")));
    }
}

#[test]
fn an_entry_that_others_leave_nothing_to_is_told() {
    let folder = Folder::new();
    let known = folder.file(
        "mine.kdl",
        "known first { scenario \"contract/*\"; expect may-fail; }\nknown second { scenario \"*/second-*\"; }\n",
    );
    let told = run().arg("--known").arg(&known).assert().success();
    told.stderr(contains("mine.kdl, line 2: entries before it"));
}

//! `check`, `explain` and `list` from outside, on the user's own files.

mod outside;

use outside::{FAILS, Folder, INVALID, LOSES_LOCKS, PASSES, imglock};
use predicates::prelude::*;
use predicates::str::contains;

#[test]
fn check_says_of_each_file_whether_it_is_well_formed() {
    let folder = Folder::new();
    folder.file("a/good.kdl", PASSES);
    folder.file("a/bad.kdl", INVALID);
    folder.file("a/notes.txt", "not a scenario");
    let output = imglock().arg("check").arg(folder.path()).output().expect("imglock runs");
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!("check_stdout", folder.redacted(&output.stdout));
    insta::assert_snapshot!("check_stderr", folder.redacted(&output.stderr));
}

#[test]
fn check_is_content_with_good_files() {
    let folder = Folder::new();
    let (one, two) = (folder.file("one.kdl", PASSES), folder.file("two.kdl", FAILS));
    imglock()
        .arg("check")
        .args([one, two])
        .assert()
        .success()
        .stdout(contains("2 files, 0 invalid"));
}

#[test]
fn check_knows_the_mode_matrix() {
    let folder = Folder::new();
    folder.file("matrix.kdl", "columns ro\n");
    let checked = imglock().arg("check").arg(folder.path()).assert().code(2);
    // The complaint is about a table, not about a scenario's head.
    checked.stderr(contains("row"));
}

#[test]
fn check_of_what_is_not_there_exits_2() {
    let folder = Folder::new();
    let missing = folder.path().join("missing.kdl");
    let checked = imglock().arg("check").arg(&missing).assert().code(2);
    checked.stderr(contains("cannot read").and(contains("missing.kdl")));
}

#[test]
fn check_of_an_empty_folder_exits_3() {
    let folder = Folder::new();
    let checked = imglock().arg("check").arg(folder.path()).assert().code(3);
    checked.stderr(contains("holds no scenario"));
}

#[test]
fn run_of_a_folder_with_nothing_but_the_matrix_exits_3() {
    let folder = Folder::new();
    folder.file("matrix.kdl", include_str!("../scenarios/matrix.kdl"));
    let run = imglock().arg("run").arg(folder.path()).assert().code(3).stdout("");
    run.stderr(contains("holds no scenario"));
}

#[test]
fn explain_tells_the_story_of_a_file() {
    let folder = Folder::new();
    let file = folder.file("unplug.kdl", LOSES_LOCKS);
    let output = imglock().arg("explain").arg(&file).output().expect("imglock runs");
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(folder.redacted(&output.stdout));
}

#[test]
fn explain_for_a_backend_says_only_what_holds_there() {
    let folder = Folder::new();
    let file = folder.file("unplug.kdl", LOSES_LOCKS);
    let explained =
        imglock().arg("explain").arg(&file).args(["--backend", "ofd"]).assert().success();
    explained.stdout(contains("→ refused write").and(contains("lock-loss").not()));
}

#[test]
fn explain_points_out_what_is_wrong() {
    let folder = Folder::new();
    let file = folder.file("bad.kdl", INVALID);
    let explained = imglock().arg("explain").arg(&file).assert().code(2);
    explained.stderr(contains("rww").and(contains("bad.kdl:4")));
}

#[test]
fn list_takes_folders_and_leaves_out_the_mode_matrix() {
    let folder = Folder::new();
    folder.file("b.kdl", LOSES_LOCKS);
    folder.file("deep/er/a.kdl", PASSES);
    folder.file("matrix.kdl", include_str!("../scenarios/matrix.kdl"));
    let output = imglock().arg("list").arg(folder.path()).output().expect("imglock runs");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    insta::assert_snapshot!(folder.redacted(&output.stdout));
}

#[test]
fn list_prints_json() {
    let folder = Folder::new();
    let file = folder.file("b.kdl", LOSES_LOCKS);
    let output =
        imglock().arg("list").arg(&file).args(["--format", "json"]).output().expect("imglock runs");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["schema"], 1);
    assert_eq!(document["scenarios"][0]["hazards"]["posix"][0], "lock-loss");
}

#[rstest::rstest]
#[case("list")]
#[case("run")]
#[case("explain")]
fn a_pattern_that_matches_nothing_exits_3(#[case] command: &str) {
    let asked = imglock().args([command, "no-such-thing-at-all"]).assert().code(3).stdout("");
    asked.stderr(contains("no scenario, theme, file or folder matches `no-such-thing-at-all`"));
}

#[test]
fn one_pattern_that_matches_nothing_is_an_error_although_others_match() {
    let folder = Folder::new();
    let file = folder.file("good.kdl", PASSES);
    imglock().arg("run").arg(&file).arg("no-such-thing-at-all").assert().code(3).stdout("");
}

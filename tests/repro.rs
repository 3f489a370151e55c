//! Real QEMU loses its locks on purpose, from outside.

mod outside;

use imglock_qemu::{
    DRILL_THEMES, Drill, LockEffect, QemuBinaries, QemuBinary, QemuProgram, SubjectKind, all_drills,
};
use outside::imglock;
use outside::qemu::{binaries, directories, folders};
use predicates::prelude::*;
use predicates::str::contains;
use rstest::rstest;
use serde_json::Value;

/// `imglock repro`, with every available QEMU.
fn repro(words: &[&str]) -> assert_cmd::Command {
    let mut command = imglock();
    command.arg("repro").args(words).args(["--timeout", "60"]);
    for folder in directories() {
        command.arg("--qemu-dir").arg(folder);
    }
    command
}

/// Whether a program that can play a drill's commands is installed. If none is,
/// the reason is printed.
fn is_playable(drill: &Drill) -> bool {
    let wanted = |kind: &SubjectKind| {
        kind.program().filter(|program| drill.players.iter().any(|(other, _)| other == program))
    };
    let programs: Vec<QemuProgram> = SubjectKind::ALL.iter().filter_map(wanted).collect();
    // Images with a format are made by `qemu-img`.
    !folders(QemuProgram::Img).is_empty()
        && programs.into_iter().any(|program| !folders(program).is_empty())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn every_command_does_to_the_locks_what_is_documented() {
    let found: QemuBinaries = binaries();
    let players = |drill: &Drill| drill.players(&found).cloned().collect::<Vec<QemuBinary>>();
    let runs: usize = all_drills().map(|drill| players(drill).len()).sum();
    if runs == 0 {
        repro(&["--all"]).assert().code(4).stderr(contains("no QEMU was found"));
    }
    if !all_drills().any(is_playable) {
        return;
    }
    // The drills wait for their QEMUs half of the time.
    let said = repro(&["--all", "--jobs", "4"]).assert().success();
    let said = text(&said.get_output().stdout);
    let number = |word: &str| -> usize {
        let last = said.lines().last().expect("a summary");
        let part = last.split(", ").find(|part| part.contains(word)).expect(word);
        part.split(' ').next().and_then(|number| number.parse().ok()).expect("a number")
    };
    // Each under two kinds of locks, with three kinds of nodes.
    assert_eq!(number("as documented") + number("skipped"), 6 * runs, "{said}");
    assert_eq!(number("not"), 0, "{said}");
    let mut told: Vec<&str> =
        said.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    told.pop();
    told.dedup();
    let named: Vec<&str> =
        all_drills().filter(|drill| !players(drill).is_empty()).map(|drill| drill.name).collect();
    assert_eq!(told, named, "they are told in the order of the catalog");
    for line in said.lines().filter(|line| line.starts_with("skipped")) {
        assert!(line.contains("passed"), "skipped for another reason: {line}");
    }
}

#[rstest]
fn a_loss_is_told_with_the_second_qemu_and_the_cure(
    #[values("hotplug", "startup", "commit", "mirror", "backup", "stream", "reopen")] name: &str,
) {
    let drill = imglock_qemu::find_drill(name).expect("it is in the catalog");
    if !is_playable(drill) {
        return;
    }
    let said = repro(&[name]).assert().success();
    let said = text(&said.get_output().stdout);
    for words in [
        "falling back to POSIX file locks",
        "     granted\n",
        "open without a lock: vm1",
        "LOST",
        "a second QEMU (rw) was granted",
        "With OFD locks the same commands",
        "How to be safe",
    ] {
        assert!(said.contains(words), "no `{words}` in\n{said}");
    }
    let lost =
        drill.expected.iter().filter(|one| one.on(drill.worst()) == LockEffect::Loses).count();
    assert_eq!(said.matches("\n  LOST").count(), lost, "{said}");
}

#[test]
fn a_bug_report_holds_what_was_said_and_which_qemu_it_was() {
    let drill = imglock_qemu::find_drill("hotplug").expect("it is in the catalog");
    if !is_playable(drill) {
        return;
    }
    let said = repro(&["hotplug", "--markdown"]).assert().success();
    let said = text(&said.get_output().stdout);
    assert!(said.starts_with("## "), "{said}");
    assert!(said.contains("| QEMU | qemu-"), "{said}");
    assert!(
        said.contains(r#"-> {"execute":"blockdev-del","arguments":{"node-name":"second-file"}}"#)
    );
    let document = repro(&["hotplug", "--json"]).assert().success();
    let document: Value = serde_json::from_slice(&document.get_output().stdout).expect("JSON");
    assert_eq!(document["schema"], 1);
    let results = document["results"].as_array().expect("results");
    let backends: Vec<&Value> =
        results.iter().map(|result| &result["account"]["variant"]["backend"]).collect();
    assert_eq!(backends, ["posix", "ofd"]);
    assert!(results.iter().all(|result| result["verdict"] == "passed"), "{document:#}");
}

#[test]
fn the_documented_tables_are_those_that_are_tried() {
    let pages = [include_str!("../docs/lock-loss.md"), include_str!("../docs/handover.md")];
    let said = imglock().args(["repro", "--markdown"]).assert().success();
    let said = text(&said.get_output().stdout);
    let tables: Vec<&str> = said.split("### ").skip(1).collect();
    assert_eq!(tables.len(), DRILL_THEMES.len());
    for table in tables {
        let (title, table) = table.split_once("\n\n").expect("a title");
        let table = table.trim_end();
        assert!(pages.iter().any(|page| page.contains(table)), "{title} should be\n{table}");
    }
}

#[test]
fn without_a_name_all_are_listed() {
    let said = imglock().arg("repro").assert().success();
    let said = text(&said.get_output().stdout);
    for drill in all_drills() {
        assert!(said.contains(drill.name) && said.contains(drill.commands), "{}", drill.name);
    }
}

#[test]
fn what_cannot_be_reproduced_is_told() {
    imglock()
        .args(["repro", "hotplugg"])
        .assert()
        .code(2)
        .stderr(contains("hotplugg").and(contains("hotplug")));
    imglock().args(["repro", "hotplug", "--all"]).assert().code(2);
    imglock()
        .env("PATH", "")
        .args(["repro", "startup"])
        .assert()
        .code(4)
        .stderr(contains("startup needs qemu-system-").and(contains("--qemu-dir")));
    let empty = tempfile::tempdir().expect("a directory");
    imglock()
        .args(["repro", "hotplug", "--qemu-dir"])
        .arg(empty.path())
        .assert()
        .code(2)
        .stderr(contains("holds none of QEMU's programs"));
}

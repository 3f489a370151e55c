//! Real QEMU in every mode, and its locks there.

mod outside;

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::LazyLock;

use imglock_core::{Mode, Verdict};
use imglock_qemu::{ModeCheck, QemuProgram, Recipe};
use nix::libc::EINVAL;
use outside::qemu::{binaries, directories, folders};
use outside::refusing::{OFD, Refusal, output_under};
use outside::{imglock, is_met};
use predicates::str::contains;
use serde_json::Value;

/// `imglock modes` with every available QEMU.
fn modes() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_imglock"));
    command.arg("modes");
    for folder in directories() {
        command.arg("--qemu-dir").arg(folder);
    }
    command
}

/// The result of each recipe with each QEMU. This takes some time, so it is
/// computed once.
static CHECKS: LazyLock<Vec<ModeCheck>> = LazyLock::new(checks);

fn checks() -> Vec<ModeCheck> {
    let output = modes().arg("--json").output().expect("imglock runs");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    });
    serde_json::from_value(document["checks"].clone()).expect("checks")
}

/// Whether any QEMU is available. Each missing program is reported.
fn is_any_there() -> bool {
    let found = QemuProgram::ALL.iter().filter(|program| !folders(**program).is_empty());
    found.count() > 0
}

#[test]
fn every_mode_is_as_stated_with_every_qemu_that_can_show_it() {
    if !is_any_there() {
        return;
    }
    let binaries = binaries();
    let mut wrong = Vec::new();
    for recipe in Recipe::all() {
        for player in recipe.players(&binaries) {
            let tried = CHECKS.iter().find(|check| {
                (check.mode, check.how.as_str()) == (recipe.mode, recipe.how)
                    && check.program == *player
            });
            let what = format!("{}, {}, {player}", recipe.mode, recipe.how);
            match tried {
                None => wrong.push(format!("{what}: not tried")),
                Some(check) if check.verdict == Verdict::Skipped => {
                    let requirement = match player.program {
                        QemuProgram::System => "qemu-system",
                        _ => "qemu-tools",
                    };
                    is_met(requirement, Some(format!("{what}: {}", check.reason)));
                }
                Some(check) if check.measured != Some(recipe.stated()) => {
                    wrong.push(format!("{what}: {} {}", check.verdict, check.reason));
                }
                Some(check) => assert_eq!(check.verdict, Verdict::Passed, "{what}"),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_whole_qemu_shows_every_mode() {
    if !QemuProgram::ALL.iter().all(|program| !folders(*program).is_empty()) {
        return;
    }
    let is_shown = |check: &&ModeCheck| {
        check.verdict == Verdict::Passed && check.measured == Some(check.mode.claim())
    };
    let shown: BTreeSet<Mode> = CHECKS.iter().filter(is_shown).map(|check| check.mode).collect();
    let hidden: Vec<&Mode> = Mode::ALL.iter().filter(|mode| !shown.contains(mode)).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn modes_that_are_named_are_tried_alone_and_summed_up() {
    if folders(QemuProgram::Io).is_empty() {
        return;
    }
    let output = modes().args(["tool-rw", "tool-ro"]).output().expect("imglock runs");
    let said = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(0), "{said}");
    let is_head = |line: &&str| Mode::ALL.iter().any(|mode| line.starts_with(mode.name()));
    let heads: Vec<&str> = said.lines().filter(is_head).collect();
    assert_eq!(heads, ["tool-ro         0         -", "tool-rw         0 1       -"], "{said}");
    assert!(said.contains(" as documented, 0 not, 0 skipped, 0 timed out, "), "{said}");
    assert!(said.ends_with("2 of 2 modes confirmed\n"), "{said}");
}

#[test]
fn an_account_tells_how_a_qemu_was_asked() {
    if folders(QemuProgram::Io).is_empty() {
        return;
    }
    let output = modes().args(["resize", "--json"]).output().expect("imglock runs");
    let said = String::from_utf8(output.stdout).expect("text");
    for words in ["qemu-io", "truncate 8M", "enable=thread_pool_submit*", "\"file_system\""] {
        assert!(said.contains(words), "{words} is missing in\n{said}");
    }
}

#[test]
fn without_ofd_locks_nothing_is_tried() {
    if folders(QemuProgram::Io).is_empty() {
        return;
    }
    let mut command = modes();
    command.arg("tool-ro");
    let output = output_under(&[Refusal::fcntl(&OFD, EINVAL)], command);
    let (said, errors) = (output.stdout, String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(4), "{errors}");
    assert!(errors.contains("nothing could be tried: no ofd locks here"), "{errors}");
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("  skipped    qemu-io -r, raw"), "{said}");
}

#[rstest::rstest]
#[case(&["rww"], 2, "possible values: none, inactive, ro, rw")]
#[case(&["--timeout", "0"], 2, "more than 0 seconds")]
#[case(&["--qemu-dir", "/nonexistent"], 2, "holds none of QEMU's programs")]
fn wrong_words_are_told(#[case] words: &[&str], #[case] code: i32, #[case] says: &str) {
    imglock().arg("modes").args(words).assert().code(code).stdout("").stderr(contains(says));
}

#[test]
fn without_a_qemu_that_is_the_reason() {
    let says = "programs that the modes need was found\nhelp: install it";
    imglock().env("PATH", "").arg("modes").assert().code(4).stdout("").stderr(contains(says));
}

#[test]
fn a_directory_that_cannot_be_used_is_named() {
    if folders(QemuProgram::Io).is_empty() {
        return;
    }
    let says = "cannot make a scratch directory in /nonexistent";
    assert_cmd::Command::from_std(modes())
        .args(["tool-ro", "--dir", "/nonexistent"])
        .assert()
        .code(4)
        .stdout("")
        .stderr(contains(says));
}

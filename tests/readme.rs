//! What README shows is what the program prints.

use std::process::Command;

const README: &str = include_str!("../README.md");

/// Durations differ from run to run; the columns they stand in need not.
fn without_times(text: &str) -> String {
    let is_unit = |word: &str| matches!(word, "µs" | "ms" | "s");
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        if words.last().is_some_and(|word| is_unit(word)) {
            words.truncate(words.len() - 2);
        }
        lines.push(words.join(" "));
    }
    lines.join("\n")
}

#[test]
fn the_shown_run_is_a_real_one() {
    let command = "$ imglock run hotplug -j 1\n";
    let shown = README.split_once(command).expect("README shows it").1;
    let shown = shown.split_once("```").expect("the block ends").0;
    let run = Command::new(env!("CARGO_BIN_EXE_imglock"))
        .args(["run", "hotplug", "-j", "1"])
        .output()
        .expect("imglock runs");
    let printed = String::from_utf8(run.stdout).expect("text");
    assert_eq!(without_times(printed.trim()), without_times(shown.trim()));
}

#[test]
fn both_commands_are_there() {
    assert!(README.contains("$ cargo run --release\n"));
    assert!(README.contains("$ cargo test\n"));
}

#[test]
fn every_exit_code_is_named() {
    let help = Command::new(env!("CARGO_BIN_EXE_imglock")).arg("--help").output().expect("help");
    let help = String::from_utf8(help.stdout).expect("text");
    let codes = help.split_once("Exit codes:").expect("a list of exit codes").1;
    let codes: Vec<&str> = codes.lines().filter_map(|l| l.split_whitespace().next()).collect();
    assert!(codes.len() >= 6, "{codes:?}");
    let reports = include_str!("../docs/reports.md");
    for code in codes {
        assert!(reports.contains(&format!("| {code} |")), "docs/reports.md misses {code}");
    }
}

//! The examples in README are the program's real output.

mod outside;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use outside::{Folder, is_met, not_installed};

const README: &str = include_str!("../README.md");

/// Durations differ from run to run, but their columns need not.
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

/// A `qemu-io` that has `disk.img` open: it has answered a question about it.
fn qemu_io(folder: &Path) -> Child {
    let mut child = Command::new("qemu-io")
        .arg("disk.img")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("qemu-io runs");
    child.stdin.as_mut().expect("a pipe").write_all(b"length\n").expect("it reads");
    let mut answer = String::new();
    let output = child.stdout.as_mut().expect("a pipe");
    BufReader::new(output).read_line(&mut answer).expect("it answers");
    assert!(answer.contains("64 MiB"), "{answer}");
    child
}

/// Removes all parts of the output that depend on this machine and this moment.
fn without_circumstances(text: &str, pid: &str) -> String {
    let circumstance = |line: &&str| {
        let first = line.split_whitespace().next();
        // The file system is that of the temporary directory.
        !(matches!(first, Some("user" | "since" | "through" | "Reach:"))
            || line.contains("inspected"))
    };
    let lines: Vec<String> =
        text.lines().filter(circumstance).map(|line| line.replace(pid, "PID")).collect();
    // A longer pid breaks lines elsewhere.
    lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_shown_holder_is_a_real_one() {
    let missing = not_installed("qemu-io").or_else(|| not_installed("qemu-img"));
    if !is_met("qemu-tools", missing) {
        return;
    }
    let folder = Folder::new();
    let create = ["create", "-q", "-f", "qcow2", "disk.img", "64M"];
    let in_folder = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder.path()).output().expect("it runs")
    };
    assert!(in_folder("qemu-img", &create).status.success());
    let mut holder = qemu_io(folder.path());
    let refused = in_folder("qemu-img", &["snapshot", "-c", "now", "disk.img"]);
    let seen = in_folder(env!("CARGO_BIN_EXE_imglock"), &["holders", "disk.img"]);
    drop(holder.stdin.take());
    holder.wait().expect("qemu-io ends with its input");

    let shown = README.split_once("$ qemu-img snapshot -c now disk.img\n").expect("it is shown").1;
    let (words, shown) = shown.split_once("\n\n$ imglock holders disk.img\n").expect("both are");
    let shown = shown.split_once("```").expect("the block ends").0;
    assert_eq!(String::from_utf8_lossy(&refused.stderr).trim(), words);
    let printed = String::from_utf8_lossy(&seen.stdout);
    assert_eq!(
        without_circumstances(&printed, &holder.id().to_string()),
        without_circumstances(shown, "11912")
    );
}

#[test]
fn both_commands_are_there() {
    assert!(README.contains("$ cargo run\n"));
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

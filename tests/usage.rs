//! The command from outside: help, errors in usage, and messages for a reader.

mod outside;

use outside::imglock;
use predicates::prelude::*;
use predicates::str::contains;

#[test]
fn help_lists_commands_and_exit_codes() {
    let help = imglock().arg("--help").assert().success();
    let text = String::from_utf8(help.get_output().stdout.clone()).expect("text");
    for word in [
        "run",
        "list",
        "explain",
        "check",
        "matrix",
        "probe",
        "holders",
        "hold ",
        "completions",
        "man",
        "130  stopped",
    ] {
        assert!(text.contains(word), "{word} is missing in\n{text}");
    }
}

#[rstest::rstest]
#[case(&["--nonsense"], "--nonsense")]
#[case(&["run", "--backend", "flock"], "possible values: ofd, posix")]
#[case(&["run", "--timeout", "0"], "more than 0 seconds")]
#[case(&["run", "--timeout", "soon"], "a number of seconds")]
#[case(&["run", "-j", "0"], "0")]
#[case(&["run", "--format", "xml"], "possible values: human, json, json-lines, ktap")]
#[case(&["run", "--report", "xml=a"], "json=FILE or junit=FILE")]
#[case(&["run", "--report", "json="], "the file's name is missing")]
#[case(&["check"], "FILE")]
#[case(&["explain"], "NAME|FILE")]
#[case(&["completions", "cmd"], "possible values")]
#[case(&["man", "nonsense"], "there is no command `nonsense`")]
fn wrong_usage_says_what_and_exits_2(#[case] args: &[&str], #[case] says: &str) {
    imglock().args(args).assert().code(2).stdout("").stderr(contains(says));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    use std::io::Read;
    use std::process::{Command, Stdio};

    let mut child = Command::new(env!("CARGO_BIN_EXE_imglock"))
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("imglock starts");
    drop(child.stdout.take());
    let mut errors = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("text");
    assert_eq!(errors, "");
    assert_eq!(child.wait().expect("our child").code(), Some(0));
}

#[rstest::rstest]
#[case("bash", "_imglock()")]
#[case("zsh", "#compdef imglock")]
#[case("fish", "complete -c imglock")]
#[case("elvish", "edit:completion")]
#[case("powershell", "Register-ArgumentCompleter")]
fn completions_are_printed(#[case] shell: &str, #[case] holds: &str) {
    imglock().args(["completions", shell]).assert().success().stdout(contains(holds));
}

#[test]
fn the_manual_page_has_the_exit_codes() {
    let page = imglock().arg("man").assert().success();
    page.stdout(contains(".TH imglock 1").and(contains("nothing was selected")));
    imglock().args(["man", "run"]).assert().success().stdout(contains("imglock\\-run"));
}

#[test]
fn colour_is_off_in_a_pipe_and_on_when_asked_for() {
    let missing = ["check", "/nonexistent.kdl"];
    let red = contains("\u{1b}[");
    imglock().args(missing).assert().code(2).stderr(red.clone().not());
    imglock().args(missing).args(["--color", "always"]).assert().code(2).stderr(red.clone());
    imglock()
        .args(missing)
        .args(["--color", "never"])
        .env("CLICOLOR_FORCE", "1")
        .assert()
        .code(2)
        .stderr(red.not());
}

/// A build without the feature reports that, for every invocation of the command.
#[cfg(not(feature = "vm"))]
#[rstest::rstest]
#[case(&["vm"])]
#[case(&["vm", "--kernel", "a.deb", "--", "--fs", "ext4"])]
#[case(&["vm", "--help"])]
fn vm_without_the_feature_is_one_clear_error(#[case] arguments: &[&str]) {
    let error = "error: this imglock cannot boot kernels, because it was built without the feature \
                 `vm`\nhelp: install it with `cargo install`, without --no-default-features\n";
    imglock().args(arguments).assert().code(2).stdout("").stderr(error);
}

//! `judge-history` from outside: its verdicts on files, its errors for files
//! that are not histories, and the examples on its page.

mod outside;

use std::fmt::Write as _;

use outside::{Folder, imglock};
use predicates::prelude::*;
use predicates::str::{contains, starts_with};
use rstest::rstest;

const HEADER: &str = r#"{"schema":1,"resolution_ns":1,"complete":true,"backend":"ofd"}"#;

/// One writer after the other, `rounds` times.
fn turns(rounds: u64) -> String {
    let mut text = format!("{HEADER}\n");
    for round in 0..rounds {
        for (index, event) in
            ["open\",\"mode\":\"rw", "granted", "close", "closed"].iter().enumerate()
        {
            let at = 100 * round + 10 * index as u64;
            let opener = round % 2;
            let _ = writeln!(text, r#"{{"at_ns":{at},"opener":"vm{opener}","event":"{event}"}}"#);
        }
    }
    text
}

#[test]
fn a_valid_history_exits_0() {
    let folder = Folder::new();
    let path = folder.file("run.jsonl", &turns(1_000));
    let run = imglock().arg("judge-history").arg(&path).assert().code(0).stderr("");
    run.stdout(
        starts_with("valid: ").and(contains("1000 openings by 2 openers in 99 µs: 1000 granted")),
    );
}

#[test]
fn standard_input_can_be_judged() {
    let input = turns(2).replacen("\"closed\"", "\"died\"", 1);
    imglock().args(["judge-history", "-"]).write_stdin(input).assert().code(0);
    let input = turns(2).replacen("\"at_ns\":20,", "\"at_ns\":20000,", 1);
    let run = imglock().args(["judge-history", "-"]).write_stdin(input).assert().code(2);
    run.stderr(contains(
        "standard input, line 5: the time of `vm0` goes back from 20000 (line 4) to 30; ",
    ));
}

#[test]
fn json_has_the_verdict_that_the_exit_code_cannot_tell() {
    let overlapping = |by: u64| {
        let text = turns(2).replacen("\"at_ns\":20,", &format!("\"at_ns\":{},", 110 + by), 1);
        text.replacen("\"at_ns\":30,", &format!("\"at_ns\":{},", 110 + by), 1)
    };
    for (by, verdict, code) in [(0, "unknown", 1), (9, "invalid", 1)] {
        let run = imglock()
            .args(["judge-history", "-", "--json"])
            .write_stdin(overlapping(by))
            .assert()
            .code(code);
        let document: serde_json::Value =
            serde_json::from_slice(&run.get_output().stdout).expect("JSON");
        assert_eq!(document["verdict"], verdict);
        assert_eq!(document["reason"], "vm0 and vm1 held the image at the same time");
        let events = document["evidence"]["events"].as_array().expect("events");
        assert!(events.iter().any(|event| event["role"] == "point" && event["opener"] == "vm1"));
    }
}

#[rstest]
#[case::nothing("", "line 1: the file is empty; begin with a header such as {")]
#[case::one_long_line(&"x".repeat(1 << 20), "line 1: this line is longer than 65536 bytes; ")]
#[case::a_kernel_log("[    0.000000] Linux version 6.18.0\n", "line 1: ")]
#[case::a_mode_that_is_none(
    &turns(1).replace("\"rw\"", "\"rww\""),
    "line 2: unknown mode `rww`; did you mean `rw`?\n"
)]
#[case::an_event_that_is_none(
    &turns(1).replace("granted", "grantet"),
    "line 3: unknown event `grantet`; did you mean `granted`? valid here: `open`, `granted`"
)]
fn a_file_that_is_no_history_exits_2(#[case] text: &str, #[case] says: &str) {
    let folder = Folder::new();
    let path = folder.file("run.jsonl", text);
    let run = imglock().arg("judge-history").arg(&path).assert().code(2).stdout("");
    let told = folder.redacted(&run.get_output().stderr);
    assert!(told.starts_with(&format!("error: DIR/run.jsonl, {says}")), "{told}");
    assert!(told.len() < 400 && told.lines().count() == 1, "{told}");
}

#[test]
fn a_file_that_cannot_be_read_exits_2() {
    let folder = Folder::new();
    let missing = folder.path().join("missing");
    let run = imglock().arg("judge-history").arg(missing).assert().code(2).stdout("");
    run.stderr(contains("cannot read").and(contains("No such file")));
    let run = imglock().arg("judge-history").arg(folder.path()).assert().code(2);
    run.stderr(contains("Is a directory"));
    imglock().arg("judge-history").assert().code(2).stderr(contains("<FILE>"));
}

#[test]
fn what_the_page_shows_is_what_the_command_prints() {
    let folder = Folder::new();
    let page = include_str!("../docs/history.md");
    let mut verdicts = Vec::new();
    for block in page.split("```console\n").skip(1) {
        let block = block.split_once("```").expect("the block ends").0;
        let shown = block.strip_prefix("$ cat ").expect("a file is shown first");
        let (name, shown) = shown.split_once('\n').expect("its name");
        let (text, shown) =
            shown.split_once("$ imglock judge-history ").expect("then it is judged");
        let shown = shown.strip_prefix(name).expect("the same file").trim_start();
        folder.file(name, text);
        let run = imglock().args(["judge-history", name]).current_dir(folder.path()).output();
        let printed = String::from_utf8(run.expect("imglock runs").stdout).expect("text");
        assert_eq!(printed, shown, "{name}");
        verdicts.push(printed.split(':').next().expect("a verdict").to_owned());
    }
    assert_eq!(verdicts, ["valid", "invalid", "invalid", "invalid", "unknown", "valid", "valid"]);
}

//! `run` from outside: verdicts, formats, report files and exit codes.

mod outside;

use std::process::{Command, Stdio};
use std::time::Duration;

use imglock_core::Mode;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use outside::{FAILS, Folder, INVALID, LASTS, LOSES_LOCKS, PASSES, SLOW, imglock};
use predicates::prelude::*;
use predicates::str::contains;

/// Replaces times and pids by placeholders and runs of blanks by one, so that a
/// snapshot holds only the constant parts. The layout is covered by the
/// snapshots of made-up results.
fn assert_reads_like(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\d+(\.\d+)? (µs|ms|s)\b", "TIME");
    settings.add_filter(r"pid \d+", "pid PID");
    settings.add_filter(r" +", " ");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn what_passes_exits_0() {
    let folder = Folder::new();
    let file = folder.file("second-writer.kdl", PASSES);
    let run = imglock().arg("run").arg(file).args(["-j", "1"]).assert().success().stderr("");
    assert_reads_like("passes", &folder.redacted(&run.get_output().stdout));
}

#[test]
fn what_fails_exits_1_and_is_shown_in_full() {
    let folder = Folder::new();
    let file = folder.file("wrong.kdl", FAILS);
    let mut run = imglock();
    run.arg("run").arg(file).args(["--backend", "ofd", "--dir"]).arg(folder.path());
    let run = run.assert().code(1);
    assert_reads_like("fails", &folder.redacted(&run.get_output().stdout));
}

#[test]
fn a_traced_run_shows_the_locks_that_were_lost() {
    let folder = Folder::new();
    let file = folder.file("unplug.kdl", LOSES_LOCKS);
    let run = imglock().arg("run").arg(file).args(["-j", "1", "--trace"]).assert().success();
    assert_reads_like("traced", &folder.redacted(&run.get_output().stdout));
}

#[test]
fn an_html_report_comes_with_the_mode_matrix() {
    let folder = Folder::new();
    let file = folder.file("second-writer.kdl", PASSES);
    let page = folder.path().join("page.html");
    let pairs = format!("{} pairs", Mode::ALL.len().pow(2));
    let mut run = imglock();
    run.arg("run").arg(file).args(["--backend", "ofd", "--report"]);
    run.arg(format!("html={}", page.display())).timeout(Duration::from_secs(120));
    run.assert().success().stdout(contains(format!("{pairs} of modes are as stated (ofd)")));
    let page = std::fs::read_to_string(page).expect("a page");
    assert!(page.contains(&format!("On ofd: {pairs}, all as stated")), "no matrix");
    assert!(page.contains("The second writer is refused"), "no scenario");
}

#[test]
fn what_times_out_exits_1() {
    let folder = Folder::new();
    let file = folder.file("hurried.kdl", SLOW);
    let mut run = imglock();
    run.arg("run").arg(file).args(["--timeout", "0.000001", "--backend", "ofd"]);
    run.assert().code(1).stdout(contains("timed out").and(contains("no answer")));
}

#[test]
fn hazards_that_were_reproduced_are_counted() {
    let folder = Folder::new();
    let file = folder.file("unplug.kdl", LOSES_LOCKS);
    let run = imglock().arg("run").arg(file).assert().success();
    run.stdout(contains("known hazards, shown as intended: lock loss in 1 run (posix)"));
}

#[test]
fn contested_starts_are_counted_and_who_lost_them_all() {
    let run =
        imglock().args(["run", "two-writers-at-the-same-moment", "--backend", "ofd"]).assert();
    run.success().stdout(predicates::str::is_match(
        "(?m)^  1 simultaneous start with a conflict \\(ofd\\); every opener was refused in [01] \\(allowed\\)$",
    ).expect("a pattern"));
}

#[test]
fn an_invalid_scenario_exits_2_before_anything_runs() {
    let folder = Folder::new();
    folder.file("bad.kdl", INVALID);
    folder.file("good.kdl", PASSES);
    let run = imglock().arg("run").arg(folder.path()).assert().code(2).stdout("");
    run.stderr(contains("bad.kdl:4").and(contains("1 file is not well formed")));
}

#[test]
fn no_scenario_for_the_backend_exits_3() {
    let folder = Folder::new();
    let file = folder.file("ofd.kdl", &PASSES.replace("about", "backends ofd\nabout"));
    let run = imglock().arg("run").arg(file).args(["--backend", "posix"]).assert().code(3);
    run.stderr(contains("none of the selected scenarios runs on posix"));
}

#[rstest::rstest]
#[case("/nonexistent/directory")]
#[case("/proc/self/status")]
fn a_directory_that_cannot_be_used_exits_4(#[case] directory: &str) {
    let folder = Folder::new();
    let file = folder.file("good.kdl", PASSES);
    let run = imglock().arg("run").arg(file).args(["--dir", directory]).assert().code(4).stdout("");
    run.stderr(contains(directory).and(contains("--dir")));
}

#[test]
fn a_file_system_that_takes_no_files_exits_4() {
    let folder = Folder::new();
    let file = folder.file("good.kdl", PASSES);
    let run = imglock().arg("run").arg(file).args(["--dir", "/proc"]).assert().code(4);
    run.stderr(contains("/proc").and(contains("--dir")));
}

#[test]
fn the_lock_table_is_read_at_the_end_however_many_hold_locks() {
    let folder = Folder::new();
    let opens: String = (0..30).map(|n| format!("vm{n} open disk mode=share-rw\n")).collect();
    for (name, steps) in
        [("one-by-one", opens.clone()), ("at-once", format!("together {{\n{opens}}}\n"))]
    {
        let text = format!("summary \"Thirty openers\"\nabout \"And nothing after.\"\n{steps}");
        let file = folder.file(&format!("{name}.kdl"), &text);
        let run = imglock().arg("run").arg(file).args(["--format", "json"]).assert().success();
        let document: serde_json::Value =
            serde_json::from_slice(&run.get_output().stdout).expect("JSON and nothing else");
        for result in document["results"].as_array().expect("results") {
            let events = result["trace"]["events"].as_array().expect("events");
            let table = events.last().expect("an event")["table"].as_array();
            assert_eq!(table.map(Vec::len), Some(30), "{name} on {}", result["backend"]);
        }
    }
}

#[test]
fn json_goes_to_standard_output() {
    let folder = Folder::new();
    folder.file("bad.kdl", FAILS);
    folder.file("good.kdl", PASSES);
    let run = imglock().arg("run").arg(folder.path()).args(["--format", "json"]).assert().code(1);
    let document: serde_json::Value =
        serde_json::from_slice(&run.get_output().stdout).expect("JSON and nothing else");
    assert_eq!(document["schema"], 2);
    assert_eq!(document["complete"], true);
    assert_eq!(document["summary"]["passed"], 2);
    assert_eq!(document["summary"]["failed"], 2);
    assert_eq!(document["results"].as_array().map(Vec::len), Some(4));
    for key in ["kernel", "architecture", "file_system"] {
        let environment = &document["places"][0]["environment"];
        assert!(!environment[key].as_str().expect("a string").is_empty(), "{key}");
    }
}

#[test]
fn ktap_goes_to_standard_output() {
    let folder = Folder::new();
    let (bad, good) = (folder.file("bad.kdl", FAILS), folder.file("good.kdl", PASSES));
    let mut run = imglock();
    run.args(["run", "-j", "1", "--backend", "ofd", "--format", "ktap"]);
    let run = run.args([good, bad]).assert().code(1);
    let text = folder.redacted(&run.get_output().stdout);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        lines,
        ["KTAP version 1", "1..2", "ok 1 DIR/good.kdl ofd", "not ok 2 DIR/bad.kdl ofd"]
    );
}

#[test]
fn report_files_are_written_beside_the_text() {
    let folder = Folder::new();
    let file = folder.file("good.kdl", PASSES);
    let (json, junit) = (folder.path().join("r.json"), folder.path().join("r.xml"));
    imglock()
        .arg("run")
        .arg(file)
        .arg("--report")
        .arg(format!("json={}", json.display()))
        .arg("--report")
        .arg(format!("junit={}", junit.display()))
        .assert()
        .success()
        .stdout(contains("2 passed"));
    let text = std::fs::read_to_string(json).expect("a report");
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["complete"], true);
    assert!(std::fs::read_to_string(junit).expect("a report").contains("tests=\"2\""));
    let left = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 3, "a temporary file is left");
}

/// A pipe and a folder of the test's own. With a real device, a fault in the
/// tested code would harm the machine.
#[rstest::rstest]
#[case("json", "no/such/folder/r.json")]
#[case("junit", "pipe")]
#[case("json", "folder")]
fn a_report_that_cannot_be_written_fails_before_the_run(#[case] kind: &str, #[case] name: &str) {
    let folder = Folder::new();
    let file = folder.file("good.kdl", PASSES);
    std::fs::create_dir(folder.path().join("folder")).expect("a folder");
    let pipe = folder.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    let report = format!("{kind}={}", folder.path().join(name).display());
    let run =
        imglock().arg("run").arg(file).args(["--report", &report]).assert().code(2).stdout("");
    run.stderr(contains("cannot write the report"));
    let kind = std::fs::metadata(pipe).expect("it is still there").file_type();
    assert!(std::os::unix::fs::FileTypeExt::is_fifo(&kind), "the pipe was replaced");
}

#[test]
fn two_reports_into_one_file_are_refused() {
    let folder = Folder::new();
    let file = folder.file("good.kdl", PASSES);
    let path = folder.path().join("r").display().to_string();
    let (json, junit) = (format!("json={path}"), format!("junit={path}"));
    let mut run = imglock();
    run.arg("run").arg(file).args(["--report", &json, "--report", &junit]);
    run.assert().code(2).stdout("").stderr(contains("two reports"));
}

#[test]
fn scratch_directories_are_kept_when_asked_for() {
    let folder = Folder::new();
    let file = folder.file("good.kdl", PASSES);
    let scratch = Folder::new();
    let mut run = imglock();
    run.args(["run", "--keep", "--dir"]).arg(scratch.path()).arg(&file);
    run.assert().success().stdout(contains(format!("kept {}", scratch.path().display())));
    assert!(std::fs::read_dir(scratch.path()).expect("a folder").count() > 0);
}

#[test]
fn an_interrupted_run_keeps_its_report() {
    let folder = Folder::new();
    let good = folder.file("good.kdl", PASSES);
    let long = folder.file("long.kdl", LASTS);
    let report = folder.path().join("r.json");
    let mut child = Command::new(env!("CARGO_BIN_EXE_imglock"))
        .args(["run", "-j", "1", "--backend", "ofd", "--report"])
        .arg(format!("json={}", report.display()))
        .args([&good, &long])
        .stdout(Stdio::piped())
        .spawn()
        .expect("imglock starts");
    // The first result has been printed: the second one goes on for long.
    let mut stdout = child.stdout.take().expect("a pipe");
    std::io::Read::read_exact(&mut stdout, &mut [0]).expect("a result");
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).expect("it runs");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut stdout, &mut text).expect("text");
    assert_eq!(child.wait().expect("our child").code(), Some(130));
    assert!(text.contains("interrupted: 1 of 2 ran"), "{text}");
    let report = std::fs::read_to_string(report).expect("a report");
    let document: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(document["complete"], false);
    assert_eq!(document["summary"]["passed"], 1);
}

#[test]
fn matrix_agrees_with_the_rules() {
    let mut matrix = imglock();
    matrix.args(["matrix", "--backend", "ofd"]).timeout(Duration::from_secs(120));
    matrix.assert().success().stdout(contains("all as stated in scenarios/matrix.kdl"));
}

//! Races, as a user sees them.

mod outside;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use imglock_qemu::QemuProgram;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use outside::{Folder, imglock, qemu};
use serde_json::Value;

/// Long enough for anything here on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a race to its end. Returns its output, its report and its exit code.
fn raced(folder: &Folder, args: &[&str]) -> (String, Value, Option<i32>) {
    let report = folder.path().join("race.json");
    let run = imglock()
        .arg("race")
        .args(args)
        .arg("--dir")
        .arg(folder.path())
        .arg(format!("--report=json={}", report.display()))
        .output()
        .expect("imglock runs");
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.code() != Some(2), "{errors}");
    // A command meant for copying is not wrapped.
    let mut wide = text.lines().filter(|line| line.chars().count() > 80);
    assert!(wide.all(|line| line.starts_with("Again:")), "{text}");
    (format!("{text}{errors}"), read(&report), run.status.code())
}

fn read(report: &Path) -> Value {
    let text = std::fs::read_to_string(report).expect("the report is there from the beginning");
    serde_json::from_str(&text).expect("JSON")
}

/// The number of rounds in which each hazard was seen.
fn hazards(race: &Value) -> BTreeMap<&str, u64> {
    let tallies = race["hazards"].as_array().expect("a list");
    tallies
        .iter()
        .map(|tally| {
            (tally["kind"].as_str().expect("a word"), tally["rounds"].as_u64().unwrap_or(0))
        })
        .collect()
}

#[test]
fn ofd_locks_keep_all_openers_apart_and_posix_locks_those_of_other_processes() {
    let folder = Folder::new();
    let (text, report, code) = raced(&folder, &["--rounds", "2000", "--seed", "7"]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(report["complete"], true);
    let races = report["races"].as_array().expect("a list");
    assert_eq!(races.len(), 2, "one for each backend");
    for race in races {
        assert_eq!(race["rounds"], 2_000);
        assert_eq!(race["breaches"], serde_json::json!([]), "{text}");
        let winners: Vec<u64> = race["winners"]
            .as_array()
            .map(|all| all.iter().filter_map(Value::as_u64).collect())
            .expect("a list");
        assert_eq!((winners.len(), winners.iter().sum::<u64>()), (5, 2_000), "{winners:?}");
        assert!(race["contested"].as_u64() > Some(200), "they did not meet: {text}");
        assert!(race["counts"].as_u64() > Some(200), "nobody counted: {text}");
    }
    let [ofd, posix] = [&races[0], &races[1]];
    assert_eq!((&ofd["backend"], &posix["backend"]), (&"ofd".into(), &"posix".into()));
    assert_eq!(ofd["lost_updates"], 0);
    assert!(hazards(ofd).is_empty(), "{text}");
    let hazards = hazards(posix);
    assert!(hazards.get("same-owner") > Some(&20), "{hazards:?}\n{text}");
    assert!(text.contains("hazard same-owner"), "{text}");
    assert!(text.contains("Conflicting nodes of one process were both granted."), "{text}");
    // Each of the witnesses reported the hazard.
    let seen = &posix["hazards"].as_array().and_then(|all| all.last()).expect("one")["seen"];
    for witness in ["claims", "data", "history"] {
        assert!(seen[witness].as_u64() > Some(0), "{witness}: {seen}");
    }
}

/// An opener that tests before it locks sometimes lets two openers hold the image.
#[test]
fn a_check_before_the_lock_is_found_within_ten_seconds() {
    let folder = Folder::new();
    let args = ["--backend=ofd", "--seconds=10", "--plant=check-before-lock", "--first-breach"];
    let (text, report, code) = raced(&folder, &args);
    assert_eq!(code, Some(1), "{text}");
    let race = &report["races"][0];
    assert!(race["elapsed_ms"].as_u64() < Some(10_000), "{text}");
    let breach = &race["breaches"][0];
    assert_eq!(breach["kind"], "two-holders", "{text}");
    let round = &breach["first"];
    assert_eq!(round["turns"].as_array().map(Vec::len), Some(4), "{text}");
    let [first, second] =
        ["first", "second"].map(|who| &round["matter"]["two-holders"][who]["opener"]);
    assert!(first.is_u64() && second.is_u64() && first != second, "{round}");
    assert!(text.contains("A fault was planted on purpose, check-before-lock"), "{text}");
    assert!(text.contains("First in round"), "{text}");
}

#[test]
fn openers_of_their_own_have_no_hazard_on_posix_locks() {
    let folder = Folder::new();
    let args = ["--backend=posix", "--sharing=0", "--openers=3", "--modes=rw,ro,share-rw"];
    let (text, report, code) = raced(&folder, &[&args[..], &["--rounds=2000"]].concat());
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(report["races"][0]["hazards"], serde_json::json!([]), "{text}");
    assert_eq!(report["races"][0]["lost_updates"], 0);
    assert!(text.contains("modes ro, rw, share-rw"), "{text}");
}

#[test]
fn a_seed_draws_the_same_modes_again() {
    let folder = Folder::new();
    let drawn = |seed: &str| -> Vec<String> {
        let history = folder.path().join("history");
        let told = format!("--history={}", history.display());
        let args = ["--backend=ofd", "--rounds=50", "--seed", seed, &told];
        let (text, _, code) = raced(&folder, &args);
        assert_eq!(code, Some(0), "{text}");
        let lines = std::fs::read_to_string(&history).expect("a history");
        let lines: Vec<Value> =
            lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines[0]["backend"], "ofd");
        let opens: Vec<String> = lines
            .iter()
            .filter(|line| line["event"] == "open")
            .map(|line| format!("{} {}", line["opener"], line["mode"]))
            .collect();
        assert_eq!(opens.len(), 200, "four openers in 50 rounds");
        opens
    };
    let first = drawn("11");
    assert_eq!(first, drawn("11"));
    assert_ne!(first, drawn("12"));
}

#[rstest::rstest]
#[case(&["--openers", "1"], "1 is not in 2..=64")]
#[case(&["--modes", "rw,rx"], "[possible values: none, inactive, ro, rw,")]
#[case(&["--rounds", "0"], "0 is not in 1..")]
#[case(&["--seconds", "0"], "it must be more than 0 seconds")]
#[case(&["--history", "h"], "a history records one race, and 2 races are selected\nhelp: select one race with")]
#[case(&["--history", "/no/such/folder", "--backend", "ofd"], "cannot write the history /no/such")]
#[case(&["--report", "json=/no/such/folder"], "cannot write the report /no/such/folder")]
fn wrong_usage_says_what_to_write(#[case] args: &[&str], #[case] words: &str) {
    let folder = Folder::new();
    let run = imglock().current_dir(folder.path()).arg("race").args(args).output().expect("runs");
    let errors = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(2), "{errors}");
    assert!(errors.contains(words), "{errors}");
}

#[test]
fn one_opener_cannot_share_a_process() {
    let run = imglock().args(["race", "--sharing", "1"]).output().expect("runs");
    let errors = String::from_utf8_lossy(&run.stderr);
    assert_ne!(run.status.code(), Some(0));
    assert!(errors.contains("say 0 for none, or 2 to 4"), "{errors}");
}

/// A long race, and its report.
fn lasting(folder: &Folder) -> (Child, PathBuf) {
    let report = folder.path().join("race.json");
    let child = Command::new(env!("CARGO_BIN_EXE_imglock"))
        .args(["race", "--backend=ofd", "--rounds=100000000", "--timeout=5", "--dir"])
        .arg(folder.path())
        .arg(format!("--report=json={}", report.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("imglock starts");
    (child, report)
}

/// Looks until `look` returns a result.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "{what} did not come");
        std::thread::yield_now();
    }
}

fn has_begun(report: &Path) -> Option<()> {
    let text = std::fs::read_to_string(report).ok()?;
    let report: Value = serde_json::from_str(&text).ok()?;
    (report["races"][0]["rounds"].as_u64()? > 0).then_some(())
}

#[test]
fn an_interrupted_race_gives_what_it_has() {
    let folder = Folder::new();
    let (child, report) = lasting(&folder);
    until("a first batch", || has_begun(&report));
    let pid = i32::try_from(child.id()).expect("a pid");
    kill(Pid::from_raw(pid), Signal::SIGINT).expect("it runs");
    let run = child.wait_with_output().expect("our child");
    let text = String::from_utf8_lossy(&run.stdout);
    assert_eq!(run.status.code(), Some(130), "{text}");
    let told = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("No breach: ") && told.contains("; stopped early."), "{text}");
    let report = read(&report);
    assert_eq!(
        (&report["complete"], &report["races"][0]["complete"]),
        (&false.into(), &false.into())
    );
    assert!(report["races"][0]["rounds"].as_u64() > Some(0));
    let left = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 1, "more than the report is left behind");
}

/// The process of this name among the descendants of `root`.
fn descendant(root: u32, name: &str) -> Option<i32> {
    let about = |pid: &str| -> Option<(String, u32)> {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let field = |key: &str| {
            let line = status.lines().find(|line| line.starts_with(key))?;
            line.split_whitespace().nth(1).map(str::to_owned)
        };
        Some((field("Name:")?, field("PPid:")?.parse().ok()?))
    };
    let entries = std::fs::read_dir("/proc").ok()?.flatten();
    let pids = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut named = pids.filter(|pid| about(pid).is_some_and(|(comm, _)| comm == name));
    named.find_map(|pid| {
        let mut ancestor = pid.clone();
        while let Some((_, parent)) = about(&ancestor) {
            if parent == root {
                return pid.parse().ok();
            }
            ancestor = parent.to_string();
        }
        None
    })
}

/// An opener with a process of its own, the first opener of a shared process,
/// and an opener that takes its descriptors from that one.
#[rstest::rstest]
#[case("opener-1")]
#[case("opener-3")]
#[case("opener-4")]
fn a_race_ends_when_an_opener_is_killed(#[case] name: &str) {
    let folder = Folder::new();
    let (child, report) = lasting(&folder);
    until("a first batch", || has_begun(&report));
    let victim = until("the opener", || descendant(child.id(), name));
    let began = Instant::now();
    kill(Pid::from_raw(victim), Signal::SIGKILL).expect("it runs");
    let run = child.wait_with_output().expect("our child");
    let errors = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(4), "{errors}");
    let said =
        format!("{} (process {victim}) died in the middle of the race", name.replace('-', " "));
    assert!(errors.contains(&said), "{errors}");
    assert!(began.elapsed() < Duration::from_secs(4), "it waited for the dead");
}

#[test]
fn an_opener_that_stands_still_does_not_hang_the_race() {
    let folder = Folder::new();
    let (child, report) = lasting(&folder);
    until("a first batch", || has_begun(&report));
    let victim = until("the opener", || descendant(child.id(), "opener-2"));
    kill(Pid::from_raw(victim), Signal::SIGSTOP).expect("it runs");
    let run = child.wait_with_output().expect("our child");
    let errors = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(4), "{errors}");
    assert!(errors.contains("allow more time for a step with --timeout"), "{errors}");
}

#[test]
fn a_qemu_races_in_the_modes_that_it_can_play() {
    let tools = [QemuProgram::StorageDaemon, QemuProgram::Io].map(qemu::folders);
    if tools.iter().any(Vec::is_empty) {
        return;
    }
    let folder = Folder::new();
    let subjects = "qemu-storage-daemon,builtin+qemu-io";
    let args = ["--backend=ofd", "--rounds=20", "--openers=2", "--subject", subjects];
    let (text, report, code) = raced(&folder, &args);
    assert_eq!(code, Some(0), "{text}");
    for race in report["races"].as_array().expect("a list") {
        assert_eq!(race["rounds"], 20);
        assert!(race["contested"].as_u64() > Some(0), "{text}");
        assert_eq!(race["breaches"], serde_json::json!([]), "{text}");
    }
    assert!(report["races"][1]["counts"].as_u64() > Some(0), "qemu-io reads and writes: {text}");
}

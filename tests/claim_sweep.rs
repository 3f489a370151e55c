//! `imglock matrix --all` as a user sees it, and the sweep behind it while a
//! foreign process changes the locks.

mod outside;

use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use imglock_core::{Backend, ByteLocks, LockType, Mode, Outcome, RangeSpec, Verdict};
use imglock_engine::{
    Arrangement, Casting, ClaimDeparture, ClaimDifference, ClaimPlan, ClaimSweep, Job,
    OpenerProcesses, Openers, Session, SessionOptions, StopToken, claim_sweep,
};
use imglock_locks::KernelLocks;
use imglock_scenario::Scenario;
use insta::with_settings;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use outside::{Folder, imglock};
use predicates::str::contains;
use serde_json::Value;

/// How long anything that must happen may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn read(report: &Path) -> Value {
    let text = std::fs::read_to_string(report).expect("a report");
    serde_json::from_str(&text).expect("JSON")
}

/// The counts of each arrangement: granted, refused, neither, different.
fn totals(report: &Value) -> Vec<[u64; 4]> {
    let arrangements = report["arrangements"].as_array().expect("arrangements");
    let number = |swept: &Value, name: &str| swept[name].as_u64().expect("a number");
    let of = |swept| ["granted", "refused", "other", "differences"].map(|name| number(swept, name));
    arrangements.iter().map(of).collect()
}

#[test]
fn a_part_of_all_pairs_agrees_on_both_backends() {
    let output = imglock().args(["matrix", "--all", "--shard", "3/64"]).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(0), "{text}");
    with_settings!({filters => vec![
        (r"\S+ on Linux \S+ \(\w+\)", "FS on Linux KERNEL (ARCH)"),
        (r" +\S+ (µs|ms|s) +[\d,]+\n", " TIME RATE\n"),
    ]}, {
        insta::assert_snapshot!(text);
    });
}

#[test]
fn a_part_of_all_triples_agrees_on_both_backends() {
    let folder = Folder::new();
    let report = folder.path().join("r.json");
    let mut command = imglock();
    command.args(["matrix", "--all", "--openers", "3", "--shard", "7/1500", "--report"]);
    command.arg(format!("json={}", report.display())).assert().success();
    let report = read(&report);
    assert_eq!((&report["complete"], &report["openers"]), (&true.into(), &3.into()));
    // Rows 6, 1506, 3006, 4506, 6006 of 6,561, each with 256 cases.
    let totals = totals(&report);
    assert_eq!(totals.len(), 4);
    for [granted, refused, other, differences] in &totals {
        assert_eq!((granted + refused, *other, *differences), (5 * 256, 0, 0), "{totals:?}");
    }
    assert_eq!(totals[0], totals[1]);
    assert_eq!(totals[0], totals[2]);
    assert!((1..5 * 256).contains(&totals[0][0]), "{totals:?}");
    // An owner of POSIX locks never conflicts with itself.
    assert_eq!(totals[3][0], 5 * 256);
}

/// A sweep that takes a while, with its report.
fn start(report: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_imglock"))
        .args(["matrix", "--all", "-j", "1", "--report"])
        .arg(format!("json={}", report.display()))
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("imglock starts")
}

fn rows_done(report: &Path) -> u64 {
    let arrangements = read(report)["arrangements"].clone();
    let all = arrangements.as_array().expect("arrangements").iter();
    all.map(|swept| swept["rows_done"].as_u64().expect("a number")).sum()
}

/// Waits until its report says that some rows are done.
fn await_rows(child: &mut Child, report: &Path) {
    let deadline = Instant::now() + PATIENCE;
    while !report.exists() || rows_done(report) == 0 {
        assert!(Instant::now() < deadline, "it does not begin");
        assert!(child.try_wait().expect("our child").is_none(), "it is too quick to be met");
        std::thread::yield_now();
    }
}

#[test]
fn what_was_interrupted_goes_on_to_the_same_totals() {
    let folder = Folder::new();
    let report = folder.path().join("r.json");
    let mut child = start(&report, &["--backend", "ofd"]);
    let deadline = Instant::now() + PATIENCE;
    while !report.exists() || rows_done(&report) == 0 {
        assert!(Instant::now() < deadline, "it does not begin");
        assert!(
            child.try_wait().expect("our child").is_none(),
            "it is too quick to be interrupted"
        );
        std::thread::yield_now();
    }
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).expect("it runs");
    let mut text = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut text).expect("text");
    assert_eq!(child.wait().expect("our child").code(), Some(130), "{text}");
    assert!(text.contains("interrupted: "), "{text}");
    assert!(
        text.contains(" of 131,072 cases tried, all as the contract requires so far\n"),
        "{text}"
    );
    assert!(text.contains(&format!("--resume {}\n", report.display())), "{text}");
    let (interrupted, before) = (read(&report), rows_done(&report));
    assert_eq!(interrupted["complete"], false);
    assert!((1..512).contains(&before), "{before}");

    let resume = || {
        let mut resume = imglock();
        resume.args(["matrix", "--all", "--backend", "ofd", "--resume"]).arg(&report);
        resume.assert().success().stdout(contains("131,072 cases in 2 arrangements, all as the"));
        read(&report)
    };
    let resumed = resume();
    assert_eq!(resumed["complete"], true);
    // For each permission, 9 of 16 pairs do not conflict.
    let granted = 9u64.pow(4);
    assert_eq!(totals(&resumed), [[granted, 65_536 - granted, 0, 0]; 2]);
    // Nothing is left to do.
    assert_eq!(resume(), resumed);
}

#[test]
fn a_report_of_something_else_is_not_gone_on_from() {
    let folder = Folder::new();
    let report = folder.path().join("r.json");
    let mut first = start(&report, &["--shard", "1/256", "--backend", "ofd"]);
    assert!(first.wait().expect("our child").success());
    let text = std::fs::read_to_string(&report).expect("a report");
    let resume = |arguments: &[&str], says: &str| {
        let mut command = imglock();
        command.args(["matrix", "--all", "--resume"]).arg(&report).args(arguments);
        command.assert().code(2).stdout("").stderr(contains(says));
        assert_eq!(std::fs::read_to_string(&report).expect("a report"), text, "{says}");
    };
    resume(&[], "r.json: locks: ofd there, ofd and posix here");
    let ofd = |more: &[&str], says| resume(&[&["--backend", "ofd"], more].concat(), says);
    ofd(&["--openers", "3"], "r.json: openers: 2 there, 3 here");
    ofd(&["--shard", "2/256"], "r.json: part: 1/256 there, 2/256 here");
    ofd(&["--dir", "/dev/shm"], "r.json: file system: ");
    for (name, other) in [("kernel", "2.6.32"), ("imglock", "0.0.1")] {
        let mut changed = read(&report);
        changed["environment"][name] = other.into();
        let changed = folder.file("changed.json", &changed.to_string());
        let mut command = imglock();
        command.args(["matrix", "--all", "--backend", "ofd", "--resume"]).arg(changed);
        command.assert().code(2).stderr(contains(format!("{name}: {other} there, ")));
    }
    for (text, says) in
        [("{}", "it is not a report of `matrix --all`"), ("{", "it is not a report")]
    {
        let file = folder.file("else.json", text);
        let mut command = imglock();
        command.args(["matrix", "--all", "--resume"]).arg(file);
        command.assert().code(2).stdout("").stderr(contains(says));
    }
}

#[rstest::rstest]
#[case(&["--shard", "1/2"], "--all")]
#[case(&["--openers", "3"], "--all")]
#[case(&["--resume", "r.json"], "--all")]
#[case(&["--save", "there"], "--all")]
#[case(&["--report", "json=r.json"], "--all")]
#[case(&["--all", "--openers", "4"], "possible values: 2, 3")]
#[case(&["--all", "--shard", "3/2"], "write I/N")]
#[case(&["--all", "--subject", "qemu-io"], "only builtin plays every claim")]
#[case(&["--all", "--subject", "builtin,qemu-io"], "only builtin plays every claim")]
#[case(&["--all", "--resume", "/nonexistent"], "cannot read /nonexistent")]
#[case(&["--all", "--save", "/dev/null/there"], "cannot write /dev/null/there")]
#[case(&["--all", "--report", "json=/nonexistent/r"], "cannot write the report")]
fn wrong_words_are_told(#[case] words: &[&str], #[case] says: &str) {
    imglock().arg("matrix").args(words).assert().code(2).stdout("").stderr(contains(says));
}

#[test]
fn a_case_without_an_answer_is_named_and_ends_the_sweep() {
    let folder = Folder::new();
    let output = imglock()
        .args(["matrix", "--all", "--timeout", "0.000001", "-j", "1", "--save"])
        .arg(folder.path())
        .output()
        .expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("aborted: "), "{text}");
    assert!(text.contains("1  expected an answer, got none: it took longer than 1µs"), "{text}");
    let files = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(files, 1, "{text}");
}

/// The process of this name that `parent` has started.
fn child_of(parent: u32, name: &str) -> u32 {
    let stat = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/stat")).ok();
    let is_it = |pid: &String| {
        let Some(stat) = stat(pid) else { return false };
        // `PID (NAME) STATE PARENT ...`
        let words = format!("({name}) ");
        let rest = stat.split_once(&words).map(|(_, rest)| rest.split(' ').nth(1));
        rest.flatten() == Some(parent.to_string().as_str())
    };
    let mut entries = std::fs::read_dir("/proc").expect("/proc").flatten();
    let pid = entries.find_map(|entry| Some(entry.file_name().into_string().ok()?).filter(is_it));
    pid.unwrap_or_else(|| panic!("no {name}")).parse().expect("a number")
}

#[rstest::rstest]
#[case::killed(Signal::SIGKILL, "10", "the process died")]
#[case::stopped(Signal::SIGSTOP, "3", "it took longer than 3s")]
fn a_process_that_falls_silent_ends_the_sweep(
    #[case] signal: Signal,
    #[case] timeout: &str,
    #[case] why: &str,
) {
    let folder = Folder::new();
    let report = folder.path().join("r.json");
    let mut child = start(&report, &["--timeout", timeout]);
    await_rows(&mut child, &report);
    let opener = child_of(child_of(child.id(), "imglock-launch"), "vm2");
    kill(Pid::from_raw(opener.cast_signed()), signal).expect("it runs");
    let mut text = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut text).expect("text");
    assert_eq!(child.wait().expect("our child").code(), Some(1), "{text}");
    assert!(text.contains(&format!("1  expected an answer, got none: {why}\n")), "{text}");
    assert!(text.contains("aborted: "), "{text}");
    assert!(text.contains("  // "), "all the claims of its row are tried: {text}");
}

fn options(directory: &Path, stop: StopToken) -> SessionOptions {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_imglock"));
    SessionOptions { program, ..SessionOptions::new(directory.to_owned(), stop) }
}

/// The image of a sweep that takes place in `directory`.
fn image_in(directory: &Path) -> PathBuf {
    let scratch = std::fs::read_dir(directory).expect("a folder").flatten().next();
    scratch.expect("a launcher's folder").path().join("1/disk.img")
}

/// A sweep during which a foreign owner locks byte `201`, after the first row.
fn meddled_with(backend: Backend) -> ClaimSweep {
    let folder = Folder::new();
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let several = Arrangement { backend, processes: OpenerProcesses::Several };
    let plan = ClaimPlan { arrangements: vec![several], ..ClaimPlan::new(Openers::Two) };
    let mut meddler: Option<File> = None;
    let mut observer = |sweep: &ClaimSweep| {
        meddler.get_or_insert_with(|| {
            let file = File::open(image_in(folder.path())).expect("the image");
            let mut locks = KernelLocks::new(file.as_fd(), Backend::Ofd);
            locks.set(LockType::Read, RangeSpec::byte(201)).expect("nobody is in the way");
            file
        });
        match sweep.differences() {
            0 => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    };
    claim_sweep(&plan, &options(folder.path(), stop), &mut observer).expect("a sweep")
}

#[rstest::rstest]
fn what_somebody_else_locks_is_seen(#[values(Backend::Ofd, Backend::Posix)] backend: Backend) {
    let sweep = meddled_with(backend);
    assert!(!sweep.complete, "the observer broke it off");
    let swept = &sweep.arrangements[0];
    let kept = &swept.first_differences;
    let has = |is: fn(&ClaimDeparture) -> bool| kept.iter().any(|one| is(&one.departure));
    assert!(
        has(|one| matches!(one, ClaimDeparture::Held { .. } | ClaimDeparture::Left { .. })),
        "{kept:#?}"
    );
    // Unless the whole row was tried before the foreign lock was acquired.
    let write: Outcome = "refused write".parse().expect("an outcome");
    let others = kept.iter().filter(
        |one| !matches!(&one.departure, ClaimDeparture::Outcome { actual, .. } if *actual == write),
    );
    assert!(others.count() <= 2, "{kept:#?}");
}

/// A made-up difference. Its scenario shows that the kernel has none.
fn imagined(
    arrangement: Arrangement,
    holders: &[Mode],
    opener: Option<Mode>,
    departure: ClaimDeparture,
) -> ClaimDifference {
    ClaimDifference {
        arrangement,
        holders: holders.iter().map(|mode| mode.claim()).collect(),
        claim: opener.map(Mode::claim),
        departure,
    }
}

fn verdicts(scenarios: Vec<Scenario>) -> Vec<(String, Verdict, String)> {
    let folder = Folder::new();
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let jobs: Vec<Job> = scenarios
        .into_iter()
        .map(|scenario| {
            let backend = scenario.backends[0];
            Job { scenario: Arc::new(scenario), backend, casting: Casting::default() }
        })
        .collect();
    let options = SessionOptions { jobs: 2, ..options(folder.path(), stop) };
    let results = Session::start(jobs, options).expect("a session");
    let verdict = |result: Result<imglock_engine::ScenarioResult, _>| {
        let result = result.expect("a result");
        (result.scenario.to_string(), result.verdict, result.reason)
    };
    results.map(verdict).collect()
}

#[test]
fn the_scenario_of_a_difference_tells_whether_it_is_there() {
    let outcome = || ClaimDeparture::Outcome { expected: Outcome::Granted, actual: Outcome::Done };
    let departures: [fn() -> ClaimDeparture; 3] = [
        || ClaimDeparture::Outcome { expected: Outcome::Granted, actual: Outcome::Done },
        || ClaimDeparture::Held { expected: Vec::new(), actual: Vec::new() },
        || ClaimDeparture::Left { actual: Vec::new() },
    ];
    let mut scenarios = Vec::new();
    for arrangement in Arrangement::on(&Backend::ALL) {
        for departure in departures {
            for holders in [
                &[][..],
                &[Mode::None],
                &[Mode::Rw],
                &[Mode::ShareRw, Mode::NbdRw],
                &[Mode::None, Mode::Ro],
            ] {
                for opener in [Mode::Rw, Mode::ForceShare, Mode::None, Mode::Resize] {
                    let difference = imagined(arrangement, holders, Some(opener), departure());
                    scenarios.push(difference.scenario());
                }
            }
        }
        let whole = ClaimDeparture::Left { actual: Vec::new() };
        scenarios.push(imagined(arrangement, &[Mode::Rw], None, whole).scenario());
    }
    let planned = scenarios.len();
    let verdicts = verdicts(scenarios);
    let passed = verdicts.iter().filter(|(_, verdict, _)| *verdict == Verdict::Passed).count();
    let others = verdicts.iter().filter(|(_, verdict, _)| *verdict != Verdict::Passed);
    assert_eq!(passed, planned, "{:#?}", others.collect::<Vec<_>>());

    // The scenario would fail on a kernel that behaves otherwise, so its text
    // does check something.
    let several = Arrangement { backend: Backend::Ofd, processes: OpenerProcesses::Several };
    let refused = imagined(several, &[Mode::Rw], Some(Mode::Rw), outcome());
    let text = refused.scenario().to_string().replace("\"refused write\"", "granted");
    let left =
        imagined(several, &[Mode::Rw], Some(Mode::Ro), ClaimDeparture::Left { actual: vec![] });
    let forgotten = left.scenario().to_string().replace("vm1 close disk\n", "");
    let changed = [text, forgotten].map(|text| Scenario::parse("x", "x", &text).expect(&text));
    for (_, verdict, _) in self::verdicts(changed.to_vec()) {
        assert_eq!(verdict, Verdict::Failed);
    }
}

//! Results made by hand: every verdict, every judge, every kind of event.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use imglock_core::{
    Action,
    Backend::{self, Ofd, Posix},
    FALLBACK_WARNING, Hazard, LockType, Mode, ModeSpec, OpenOptions, Outcome, PlaceName, RangeSpec,
    TableLock, Verdict,
};
use imglock_engine::{
    Casting, Environment, Event, EventKind, Finding, Job, Judge, Place, ProcessEntry,
    ScenarioResult, StepEvent, TourRecord, Trace,
};
use imglock_scenario::{ImageDeclaration, Scenario};

use super::{Rerun, RunRecord};

/// The text that `write` writes, colours included.
pub fn coloured(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("a vector can be written");
    String::from_utf8(out).expect("text")
}

/// The text that `write` writes, without colours.
pub fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    anstream::adapter::strip_str(&coloured(write)).to_string()
}

/// The environment of all samples.
pub fn environment() -> Environment {
    Environment {
        kernel: "6.18.0".into(),
        architecture: "x86_64".into(),
        file_system: "ext4".into(),
        mount_options: Vec::new(),
        imglock: "0.1.0".into(),
        qemu: Vec::new(),
        planted: None,
        hides_locks: false,
    }
}

/// A finished run with one result of each kind.
pub fn record() -> RunRecord {
    let results = vec![
        passed("contract/second-writer", Ofd),
        hazard_shown(),
        judged_by_scenario_and_model(),
        undeclared_hazard_in_a_together(),
        declared_hazard_missing(),
        timed_out(),
        held_with_many_actors(),
        skipped(),
    ];
    let planned =
        results.iter().map(|result| job(result.scenario.as_str(), result.backend)).collect();
    let environment =
        Environment { mount_options: vec!["relatime".into(), "rw".into()], ..environment() };
    let rerun = Rerun { directory: Some("/mnt/my images".into()), ..Rerun::default() };
    let mut record = RunRecord::new(TourRecord::new(planned, vec![PlaceName::HERE]), rerun);
    record.tour.places = vec![Place::reached(PlaceName::HERE, environment)];
    record.tour.results = results;
    record.began = chrono::DateTime::UNIX_EPOCH;
    record.elapsed = Duration::from_millis(1234);
    record
}

/// A scenario of this name, planned for a backend.
pub fn job(name: &str, backend: Backend) -> Job {
    let scenario = Scenario {
        name: name.into(),
        summary: format!("What {name} is about, in one line"),
        about: "Why.".to_owned(),
        backends: Backend::ALL.to_vec(),
        file_systems: Vec::new(),
        hazards: BTreeMap::new(),
        images: vec![ImageDeclaration { name: "disk.img".into(), size: 1 << 20 }],
        items: Vec::new(),
    };
    Job { scenario: Arc::new(scenario), backend, casting: Casting::default() }
}

/// A result without a trace.
pub fn result(name: &str, backend: Backend, verdict: Verdict, reason: &str) -> ScenarioResult {
    ScenarioResult {
        place: PlaceName::HERE,
        scenario: name.into(),
        backend,
        subject: "builtin".to_owned(),
        verdict,
        reason: reason.to_owned(),
        duration: Duration::from_micros(12_345),
        hazards: BTreeSet::new(),
        findings: Vec::new(),
        trace: Trace::default(),
        known: None,
    }
}

/// A passed run.
pub fn passed(name: &str, backend: Backend) -> ScenarioResult {
    result(name, backend, Verdict::Passed, "")
}

/// A failed run; its reason is the message of the first finding.
fn failed(
    name: &str,
    backend: Backend,
    trace: Trace,
    findings: impl IntoIterator<Item = Finding>,
) -> ScenarioResult {
    let findings: Vec<Finding> = findings.into_iter().collect();
    let result = result(name, backend, Verdict::Failed, &findings[0].message);
    ScenarioResult { trace, findings, ..result }
}

fn skipped() -> ScenarioResult {
    let why = "no ofd locks here: the file system does not support this lock";
    result("contract/second-writer", Posix, Verdict::Skipped, why)
}

/// A run in which a declared hazard happens.
pub fn hazard_shown() -> ScenarioResult {
    let mut result = passed("posix/hot-unplug", Posix);
    result.hazards.insert(Hazard::LockLoss);
    result.findings.push(Finding {
        hazard: Some(Hazard::LockLoss),
        declared: true,
        ..finding(Judge::Contract, None, "vm1.disk lost its locks")
    });
    result
}

fn judged_by_scenario_and_model() -> ScenarioResult {
    let mut first = granted(12, "vm1", Mode::Rw, 0);
    if let EventKind::Step(step) = &mut first.kind {
        step.warnings = FALLBACK_WARNING.map(str::to_owned).to_vec();
    }
    first.table = Some(table(Posix, RW));
    let mut second = granted(13, "vm2", Mode::Rw, 81);
    second.table = Some([table(Posix, RW), table(Ofd, "? ->write 0-9")].concat());
    let trace = trace(&["vm1", "vm2"], vec![first, second]);
    let by = |judge, message| differs(finding(judge, Some(1), message), "refused write", "granted");
    let scenario = by(Judge::Scenario, "the scenario expects otherwise");
    let model = by(Judge::Model, "the model expects otherwise");
    failed("posix/fallback", Posix, trace, [scenario, model])
}

fn undeclared_hazard_in_a_together() -> ScenarioResult {
    let create = Action::Create { image: "b.img".into(), size: 512 };
    let mut events = vec![
        step(4, "host", create, Some(Outcome::Done), 0),
        granted(6, "vm1", Mode::Rw, 950),
        granted(7, "vm2", Mode::Rw, 980),
        step(9, "vm1", Action::Kill, Some(Outcome::Done), 2_000),
    ];
    for event in &mut events[1..3] {
        if let EventKind::Step(step) = &mut event.kind {
            step.together = Some(0);
        }
    }
    let mut trace = trace(&["vm1", "vm2"], events);
    trace.images.push("b.img".into());
    let finding = finding(Judge::Contract, Some(2), "conflicting openers were granted");
    let finding = Finding { hazard: Some(Hazard::Unlocked), ..finding };
    let finding = differs(finding, "at most one of vm1.disk, vm2.disk", "both granted");
    let mut result = failed("race/two-writers", Ofd, trace, [finding]);
    result.hazards.insert(Hazard::Unlocked);
    result
}

fn declared_hazard_missing() -> ScenarioResult {
    let opened = Event { table: Some(Vec::new()), ..granted(3, "vm1", Mode::Ro, 0) };
    let finding = finding(Judge::Scenario, None, "a declared hazard did not happen");
    let finding = differs(finding, "lock-loss", "no hazard");
    failed("posix/hot-unplug", Ofd, trace(&["vm1"], vec![opened]), [finding])
}

fn timed_out() -> ScenarioResult {
    let reason = "line 5: no answer within 10 s";
    let mut result = result("process/stopped", Ofd, Verdict::TimedOut, reason);
    let events = vec![
        step(4, "vm1", Action::Stop, Some(Outcome::Done), 0),
        step(5, "vm1", open("disk", Mode::Rw), None, 40),
    ];
    result.trace = trace(&["vm1"], events);
    result.findings = vec![finding(Judge::Harness, Some(1), reason)];
    result
}

fn held_with_many_actors() -> ScenarioResult {
    let actors: Vec<String> = (1..=8).map(|number| format!("node{number}")).collect();
    let actors: Vec<&str> = actors.iter().map(String::as_str).collect();
    let forty = actors.iter().cycle().take(40).zip(0..);
    let mut events: Vec<Event> =
        forty.map(|(actor, at)| granted(3, actor, Mode::ShareRw, at * 70)).collect();
    events.push(Event {
        line: 9,
        text: "held".into(),
        start_us: 2_900,
        end_us: 2_950,
        kind: EventKind::Held { stated: vec!["node1.disk has read 100-101".into()] },
        table: Some(table(Posix, &RW.replace("vm1", "node1.disk"))),
    });
    let finding = finding(
        Judge::Scenario,
        Some(40),
        "the kernel's lock table differs from the `held` statement",
    );
    let actual = "node1.disk has read 100-101; node1.disk has read 201";
    let finding = differs(finding, "node1.disk has read 100-101", actual);
    failed("sharing/cluster", Ofd, trace(&actors, events), [finding])
}

/// A finished run with a lock loss, as declared, and a process that waits.
pub fn lock_loss() -> RunRecord {
    let mut result = hazard_shown();
    let held = "vm1 read 100-101, vm1 read 201";
    let range = RangeSpec::at(100, 4);
    let wait = Action::Lock { node: "disk".to_owned(), kind: LockType::Write, range, wait: true };
    let close = Action::Close { node: "cdrom".to_owned() };
    let steps = [
        ("vm1", open("disk", Mode::Rw), Outcome::Granted, held.to_owned()),
        ("vm1", open("cdrom", Mode::ForceShare), Outcome::Granted, held.to_owned()),
        ("vm2", wait, Outcome::Blocked, format!("{held}, vm2 ->write 100-103")),
        ("vm1", close, Outcome::Done, "vm2 write 100-103".to_owned()),
        ("vm2", Action::Await, Outcome::Granted, String::new()),
    ];
    let events = steps.into_iter().zip(0..).map(|((actor, action, outcome, locks), at)| Event {
        table: Some(table(Posix, &locks)),
        ..step(10 + at as usize, actor, action, Some(outcome), at * 420)
    });
    result.trace = trace(&["vm1", "vm2"], events.collect());
    result.findings[0].event = Some(3);
    result.findings[0].message = "vm1.disk is open and has lost its locks".to_owned();
    let mut record = record();
    record
        .tour
        .planned
        .retain(|job| job.scenario.name == result.scenario && job.backend == result.backend);
    record.tour.results = vec![result];
    record
}

pub(super) fn finding(judge: Judge, event: Option<usize>, message: &str) -> Finding {
    Finding {
        judge,
        event,
        hazard: None,
        declared: false,
        expected: String::new(),
        actual: String::new(),
        message: message.to_owned(),
    }
}

fn differs(finding: Finding, expected: &str, actual: &str) -> Finding {
    Finding { expected: expected.to_owned(), actual: actual.to_owned(), ..finding }
}

fn trace(actors: &[&str], events: Vec<Event>) -> Trace {
    let processes = actors.iter().zip(1201..).map(|(actor, pid)| ProcessEntry {
        actor: (*actor).to_owned(),
        pid,
        parent: None,
        subject: "builtin".to_owned(),
        printed: String::new(),
    });
    Trace { processes: processes.collect(), images: vec!["disk.img".into()], events }
}

/// A step that takes 20 µs.
pub fn step(
    line: usize,
    actor: &str,
    action: Action,
    outcome: Option<Outcome>,
    start_us: u64,
) -> Event {
    Event {
        line,
        text: format!("{actor} {action}"),
        start_us,
        end_us: start_us + 20,
        kind: EventKind::Step(Box::new(StepEvent {
            actor: actor.to_owned(),
            action,
            outcome,
            expected: None,
            predicted: None,
            warnings: Vec::new(),
            together: None,
            messages: Vec::new(),
        })),
        table: None,
    }
}

fn granted(line: usize, actor: &str, mode: Mode, start_us: u64) -> Event {
    step(line, actor, open("disk", mode), Some(Outcome::Granted), start_us)
}

fn open(node: &str, mode: Mode) -> Action {
    let options = OpenOptions::new("disk.img", ModeSpec::Named(mode));
    Action::Open { node: node.to_owned(), options }
}

/// The locks of mode `rw`, and one that is no lock byte.
const RW: &str = "vm1 read 100-101, vm1 read 201, vm1 write 4096-eof";

/// A lock table: `vm1.disk+child.disk read 100-101, ? ->write 0-9`, with `?`
/// for an unknown owner and `->` for a lock that waits.
pub fn table(backend: Backend, locks: &str) -> Vec<TableLock> {
    let lock = |words: &str| {
        let mut words = words.split_whitespace();
        let mut next = || words.next().expect("owner, type, range");
        let (holders, kind, range) = (next(), next(), next());
        TableLock {
            image: 0,
            backend,
            kind: if kind.ends_with("read") { LockType::Read } else { LockType::Write },
            range: range.parse().expect("a range"),
            waiting: kind.starts_with("->"),
            holders: holders.split('+').filter(|one| *one != "?").map(Into::into).collect(),
        }
    };
    locks.split(", ").filter(|words| !words.is_empty()).map(lock).collect()
}

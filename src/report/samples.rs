//! Results made by hand: every verdict, every judge, every kind of event.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use imglock_harness::image::{FALLBACK_WARNING, Mode};
use imglock_harness::lock::{Backend, LockType};
use imglock_harness::run::{
    Casting, Environment, Event, EventKind, Finding, Job, Judge, Place, ProcessEntry,
    ScenarioResult, StepEvent, Trace, Verdict,
};
use imglock_harness::scenario::{ImageDeclaration, Scenario};
use imglock_harness::step::{Action, Hazard, ModeSpec, OpenOptions, Outcome, TableLock};

use super::{Rerun, RunRecord};

/// Where everything in the samples took place.
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
        passed("contract/second-writer", Backend::Ofd),
        hazard_shown(),
        judged_by_scenario_and_model(),
        undeclared_hazard_in_a_together(),
        declared_hazard_missing(),
        timed_out(),
        held_with_many_actors(),
        skipped(),
    ];
    let planned = results.iter().map(|result| Job {
        scenario: Arc::new(scenario(&result.scenario)),
        backend: result.backend,
        casting: Casting::default(),
    });
    let environment =
        Environment { mount_options: vec!["relatime".into(), "rw".into()], ..environment() };
    let rerun = Rerun { directory: Some("/mnt/my images".into()), ..Rerun::default() };
    let mut record = RunRecord::new(planned.collect(), vec![None], rerun);
    record.places = vec![Place::reached("", environment)];
    record.results = results;
    record.began = jiff::Timestamp::UNIX_EPOCH;
    record.elapsed = Duration::from_millis(1234);
    record
}

pub(super) fn scenario(name: &str) -> Scenario {
    Scenario {
        name: name.to_owned(),
        summary: format!("What {name} is about, in one line"),
        about: "Why.".to_owned(),
        backends: Backend::ALL.to_vec(),
        file_systems: Vec::new(),
        hazards: BTreeMap::new(),
        images: vec![ImageDeclaration { name: "disk.img".into(), size: 1 << 20 }],
        items: Vec::new(),
    }
}

pub(super) fn result(
    name: &str,
    backend: Backend,
    verdict: Verdict,
    reason: &str,
) -> ScenarioResult {
    ScenarioResult {
        place: String::new(),
        scenario: name.to_owned(),
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

pub(super) fn passed(name: &str, backend: Backend) -> ScenarioResult {
    result(name, backend, Verdict::Passed, "")
}

fn skipped() -> ScenarioResult {
    let why = "no ofd locks here: the file system does not support this lock";
    result("contract/second-writer", Backend::Posix, Verdict::Skipped, why)
}

pub(super) fn hazard_shown() -> ScenarioResult {
    let mut result = passed("posix/hot-unplug", Backend::Posix);
    result.hazards.insert(Hazard::LockLoss);
    result.findings.push(Finding {
        hazard: Some(Hazard::LockLoss),
        declared: true,
        ..finding(Judge::Contract, None, "vm1.disk lost its locks")
    });
    result
}

fn judged_by_scenario_and_model() -> ScenarioResult {
    let mut result =
        result("posix/fallback", Backend::Posix, Verdict::Failed, "the scenario expects otherwise");
    let mut first = step(12, "vm1", open("disk", Mode::Rw), Some(Outcome::Granted), 0);
    if let EventKind::Step(step) = &mut first.kind {
        step.warnings = FALLBACK_WARNING.map(str::to_owned).to_vec();
    }
    first.table = Some(table("vm1"));
    let foreign = TableLock {
        image: 0,
        backend: Backend::Ofd,
        kind: LockType::Write,
        range: "0-9".parse().expect("a range"),
        waiting: true,
        holders: BTreeSet::new(),
    };
    let mut second = step(13, "vm2", open("disk", Mode::Rw), Some(Outcome::Granted), 81);
    second.table = Some(table("vm1").into_iter().chain([foreign]).collect());
    result.trace = trace(&["vm1", "vm2"], vec![first, second]);
    result.findings = vec![
        Finding {
            expected: "refused write".into(),
            actual: "granted".into(),
            ..finding(Judge::Scenario, Some(1), "the scenario expects otherwise")
        },
        Finding {
            expected: "refused write".into(),
            actual: "granted".into(),
            ..finding(Judge::Model, Some(1), "the model expects otherwise")
        },
    ];
    result
}

fn undeclared_hazard_in_a_together() -> ScenarioResult {
    let mut result = result(
        "race/two-writers",
        Backend::Ofd,
        Verdict::Failed,
        "conflicting openers were granted",
    );
    let mut events = vec![
        step(
            4,
            "host",
            Action::Create { image: "b.img".into(), size: 512 },
            Some(Outcome::Done),
            0,
        ),
        step(6, "vm1", open("disk", Mode::Rw), Some(Outcome::Granted), 950),
        step(7, "vm2", open("disk", Mode::Rw), Some(Outcome::Granted), 980),
        step(9, "vm1", Action::Kill, Some(Outcome::Done), 2_000),
    ];
    for event in &mut events[1..3] {
        if let EventKind::Step(step) = &mut event.kind {
            step.together = Some(0);
        }
    }
    result.trace = trace(&["vm1", "vm2"], events);
    result.trace.images.push("b.img".into());
    result.hazards.insert(Hazard::Unlocked);
    result.findings = vec![Finding {
        hazard: Some(Hazard::Unlocked),
        expected: "at most one of vm1.disk, vm2.disk".into(),
        actual: "both granted".into(),
        ..finding(Judge::Contract, Some(2), "conflicting openers were granted")
    }];
    result
}

fn declared_hazard_missing() -> ScenarioResult {
    let mut result = result(
        "posix/hot-unplug",
        Backend::Ofd,
        Verdict::Failed,
        "a declared hazard did not happen",
    );
    let mut opened = step(3, "vm1", open("disk", Mode::Ro), Some(Outcome::Granted), 0);
    opened.table = Some(Vec::new());
    result.trace = trace(&["vm1"], vec![opened]);
    result.findings = vec![Finding {
        expected: "lock-loss".into(),
        actual: "no hazard".into(),
        ..finding(Judge::Scenario, None, "a declared hazard did not happen")
    }];
    result
}

fn timed_out() -> ScenarioResult {
    let reason = "line 5: no answer within 10 s";
    let mut result = result("process/stopped", Backend::Ofd, Verdict::TimedOut, reason);
    result.trace = trace(
        &["vm1"],
        vec![
            step(4, "vm1", Action::Stop, Some(Outcome::Done), 0),
            step(5, "vm1", open("disk", Mode::Rw), None, 40),
        ],
    );
    result.findings = vec![finding(Judge::Harness, Some(1), reason)];
    result
}

fn held_with_many_actors() -> ScenarioResult {
    let actors: Vec<String> = (1..=8).map(|number| format!("node{number}")).collect();
    let actors: Vec<&str> = actors.iter().map(String::as_str).collect();
    let reason = "the kernel's lock table is not what `held` states";
    let mut result = result("sharing/cluster", Backend::Ofd, Verdict::Failed, reason);
    let mut events: Vec<Event> = actors
        .iter()
        .cycle()
        .take(40)
        .zip(0..)
        .map(|(actor, at)| {
            step(3, actor, open("disk", Mode::ShareRw), Some(Outcome::Granted), at * 70)
        })
        .collect();
    events.push(Event {
        line: 9,
        text: "held".into(),
        start_us: 2_900,
        end_us: 2_950,
        kind: EventKind::Held { stated: vec!["node1.disk has read 100-101".into()] },
        table: Some(table("node1.disk")),
    });
    result.trace = trace(&actors, events);
    result.findings = vec![Finding {
        expected: "node1.disk has read 100-101".into(),
        actual: "node1.disk has read 100-101; node1.disk has read 201".into(),
        ..finding(Judge::Scenario, Some(40), reason)
    }];
    result
}

/// A finished run in which a lock is lost, as it was declared to be, and
/// somebody has to wait.
pub fn lock_loss() -> RunRecord {
    let mut result = passed("posix/hot-unplug", Backend::Posix);
    let lock = |actor: &str, range: &str, waiting: bool| TableLock {
        image: 0,
        backend: Backend::Posix,
        kind: if waiting { LockType::Write } else { LockType::Read },
        range: range.parse().expect("a range"),
        waiting,
        holders: BTreeSet::from([actor.to_owned()]),
    };
    let held = vec![lock("vm1", "100-101", false), lock("vm1", "201", false)];
    let waited_for = [held.clone(), vec![lock("vm2", "100-103", true)]].concat();
    let close = Action::Close { node: "cdrom".to_owned() };
    let wait = Action::Lock {
        node: "disk".to_owned(),
        kind: LockType::Write,
        range: imglock_harness::lock::RangeSpec::at(100, 4),
        wait: true,
    };
    let steps = [
        ("vm1", open("disk", Mode::Rw), Outcome::Granted, Some(held.clone())),
        ("vm1", open("cdrom", Mode::ForceShare), Outcome::Granted, Some(held)),
        ("vm2", wait, Outcome::Blocked, Some(waited_for)),
        ("vm1", close, Outcome::Done, None),
        ("vm2", Action::Await, Outcome::Granted, Some(Vec::new())),
    ];
    let events = steps.into_iter().zip(0..).map(|((actor, action, outcome, table), at)| Event {
        table,
        ..step(10 + at as usize, actor, action, Some(outcome), at * 420)
    });
    let mut events: Vec<Event> = events.collect();
    let granted = TableLock { kind: LockType::Write, ..lock("vm2", "100-103", false) };
    events[3].table = Some(vec![granted]);
    result.trace = trace(&["vm1", "vm2"], events);
    result.hazards.insert(Hazard::LockLoss);
    result.findings = vec![Finding {
        hazard: Some(Hazard::LockLoss),
        declared: true,
        ..finding(Judge::Contract, Some(3), "vm1.disk is open and has lost its locks")
    }];
    let mut record = record();
    record
        .planned
        .retain(|job| job.scenario.name == result.scenario && job.backend == result.backend);
    record.results = vec![result];
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

pub(super) fn step(
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

fn open(node: &str, mode: Mode) -> Action {
    let options = OpenOptions::new("disk.img", ModeSpec::Named(mode));
    Action::Open { node: node.to_owned(), options }
}

/// What mode `rw` locks, and a lock that is no permission's.
fn table(holder: &str) -> Vec<TableLock> {
    let lock = |kind, range: &str| TableLock {
        image: 0,
        backend: Backend::Posix,
        kind,
        range: range.parse().expect("a range"),
        waiting: false,
        holders: BTreeSet::from([holder.to_owned()]),
    };
    vec![
        lock(LockType::Read, "100-101"),
        lock(LockType::Read, "201"),
        lock(LockType::Write, "4096-eof"),
    ]
}

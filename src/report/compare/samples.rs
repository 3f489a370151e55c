//! Documents made by hand, with each kind of change.

use std::time::Duration;

use imglock_core::{Action, Backend, ByteRange, LockType, TableLock, Verdict};
use imglock_engine::{
    Boot, Environment, Event, Finding, Judge, Place, PlaceFate, RunDocument, ScenarioResult, Trace,
};
use imglock_scenario::{ExpectedVerdict, Known};

use crate::report::samples;

/// A place of the samples.
fn place(kernel: &str, name: &str) -> Place {
    let environment = Environment {
        kernel: kernel.to_owned(),
        file_system: name.rsplit('/').next().unwrap_or_default().to_owned(),
        ..samples::environment()
    };
    Place::reached(name.into(), environment)
}

fn booted(kernel: &str, file_system: &str) -> Place {
    let boot = Boot {
        image: format!("linux-image-{kernel}.deb").into(),
        accelerator: "tcg".to_owned(),
        complaints: Vec::new(),
    };
    Place { boot: Some(boot), ..place(kernel, &format!("{kernel}/{file_system}")) }
}

fn document(places: Vec<Place>, results: Vec<ScenarioResult>) -> RunDocument {
    RunDocument { schema: RunDocument::SCHEMA, complete: true, places, results }
}

fn result(scenario: &str, backend: Backend, verdict: Verdict) -> ScenarioResult {
    let duration = Duration::from_millis(120);
    ScenarioResult { duration, ..samples::result(scenario, backend, verdict, "") }
}

/// With the steps `12 vm1 open disk mode=rw: granted`, a line each.
fn traced(result: ScenarioResult, steps: &str) -> ScenarioResult {
    let event = |line: &str| {
        let (number, rest) = line.trim().split_once(' ').expect("a line number");
        let (text, outcome) = rest.split_once(": ").expect("an outcome");
        let action = Action::Activate { node: "disk".to_owned() };
        let outcome = outcome.parse().expect("an outcome");
        let number = number.parse().expect("a number");
        let event = samples::step(number, "vm1", action, Some(outcome), 0);
        Event { text: text.to_owned(), table: Some(Vec::new()), ..event }
    };
    let events = steps.trim().lines().map(event).collect();
    let images = vec!["disk.img".to_owned()];
    ScenarioResult { trace: Trace { events, images, ..Trace::default() }, ..result }
}

/// With an objection to its second step: the message, what was expected, and what was.
fn objected(result: ScenarioResult, judge: Judge, words: [&str; 3]) -> ScenarioResult {
    let [message, expected, actual] = words;
    let finding = Finding {
        expected: expected.to_owned(),
        actual: actual.to_owned(),
        ..samples::finding(judge, Some(1), message)
    };
    ScenarioResult { reason: message.to_owned(), findings: vec![finding], ..result }
}

fn lock(holder: &str, range: ByteRange) -> TableLock {
    TableLock {
        image: 0,
        backend: Backend::Ofd,
        kind: LockType::Read,
        range,
        waiting: false,
        holders: [holder.into()].into(),
    }
}

const SECOND: &str = "contract/second-writer-is-refused";

/// The second writer, refused or not.
fn second_writer(backend: Backend, granted: bool) -> ScenarioResult {
    let verdict = if granted { Verdict::Failed } else { Verdict::Passed };
    let outcome = if granted { "granted" } else { "refused write" };
    let steps = format!(
        "11 vm1 open disk image=disk.img mode=rw: granted
         14 vm2 open disk image=disk.img mode=rw: {outcome}"
    );
    let result = traced(result(SECOND, backend, verdict), &steps);
    if !granted {
        return result;
    }
    let words = [
        "vm2.disk and vm1.disk conflict, and both were granted",
        "refused: vm1.disk holds write",
        "granted",
    ];
    objected(result, Judge::Contract, words)
}

/// A lock that outlives its opener, or not.
fn lock_that_stays(stays: bool) -> ScenarioResult {
    let verdict = if stays { Verdict::Failed } else { Verdict::Passed };
    let steps = "9 owner open disk image=disk.img held=\"consistent-read write write-unchanged resize\" unshared=\"-\": granted
                 10 owner kill: done";
    let mut result = traced(result("process/kill-frees-the-image", Backend::Ofd, verdict), steps);
    if stays {
        result.trace.events[1].table = Some(vec![lock("owner.disk", ByteRange::new(100, 103))]);
        let words = [
            "locks of a dead process are left",
            "no locks",
            "ofd read 100-103 image 0 by owner.disk",
        ];
        return objected(result, Judge::Model, words);
    }
    result
}

/// Under one kernel and another, with a run of each kind.
pub fn pair() -> [RunDocument; 2] {
    let (passed, failed) = (Verdict::Passed, Verdict::Failed);
    let ofd = |name: &str, verdict| result(name, Backend::Ofd, verdict);
    let known = |expected| Known {
        expected,
        why: "The server is told nothing of an OFD lock's end".to_owned(),
        link: Some("https://example.org/bugs/1".to_owned()),
    };
    let late = ScenarioResult {
        reason: "line 8: no answer within 10 s".to_owned(),
        ..ofd("waiting/granted-at-last", Verdict::TimedOut)
    };
    let mut skipped = ofd("field/uring", Verdict::Skipped);
    "io_uring is switched off here".clone_into(&mut skipped.reason);
    let slow = ScenarioResult { duration: Duration::from_millis(1900), ..ofd("race/six", passed) };
    let old = vec![
        second_writer(Backend::Ofd, false),
        second_writer(Backend::Posix, false),
        lock_that_stays(false),
        ofd("waiting/granted-at-last", passed),
        ScenarioResult { known: Some(known(ExpectedVerdict::Fails)), ..ofd("names/a", failed) },
        ofd("names/b", passed),
        ofd("field/uring", passed),
        ofd("race/six", passed),
        ofd("sharing/gone", passed),
        ofd("sharing/same", passed),
    ];
    let new = vec![
        second_writer(Backend::Ofd, true),
        second_writer(Backend::Posix, true),
        lock_that_stays(true),
        late,
        ScenarioResult { known: Some(known(ExpectedVerdict::Fails)), ..ofd("names/a", passed) },
        ScenarioResult { known: Some(known(ExpectedVerdict::Fails)), ..ofd("names/b", failed) },
        skipped,
        slow,
        ofd("sharing/new", passed),
        ofd("sharing/same", passed),
    ];
    let mut places = [place("6.1.0-18-amd64", ""), place("6.12.117+deb12-amd64", "")];
    for place in &mut places {
        "ext4".clone_into(&mut place.environment.file_system);
    }
    let [before, mut after] = places;
    after.environment.mount_options = vec!["discard".to_owned()];
    [document(vec![before], old), document(vec![after], new)]
}

/// At several places: one broke, one was lost, one is skipped, one is new and
/// one is gone.
pub fn several_places() -> [RunDocument; 2] {
    let (before, after) = ("6.1.0", "6.12.0");
    let there = |place: &Place, result: ScenarioResult| ScenarioResult {
        place: place.name.clone(),
        ..result
    };
    let old: Vec<Place> =
        ["ext4", "tmpfs", "xfs", "btrfs"].iter().map(|name| place(before, name)).collect();
    let mut new: Vec<Place> =
        ["ext4", "tmpfs", "xfs", "overlay"].iter().map(|name| booted(after, name)).collect();
    new[2].fate = PlaceFate::Lost {
        why: "the kernel panicked: not syncing: Fatal exception".to_owned(),
        console: vec![
            "[    4.1] BUG: kernel NULL pointer dereference, address: 0000000000000008".to_owned(),
            "[    4.1] RIP: 0010:posix_lock_inode+0x1a2/0xb40".to_owned(),
            "[    4.2] Kernel panic - not syncing: Fatal exception".to_owned(),
        ],
    };
    let both = |place: &Place, granted: bool| {
        let second = Backend::ALL.map(|backend| there(place, second_writer(backend, granted)));
        let fine = there(place, result("sharing/same", Backend::Ofd, Verdict::Passed));
        second.into_iter().chain([fine]).collect::<Vec<_>>()
    };
    let results = old.iter().flat_map(|place| both(place, false)).collect();
    let older = document(old, results);
    let results = [both(&new[0], true), both(&new[1], true), both(&new[3], false)].concat();
    [older, document(new, results)]
}

use std::time::Duration;

use super::*;
use imglock_engine::StopTrigger;

const GREETING: &str = r#"{"QMP": {"version": {}, "capabilities": []}}"#;
const OK: &str = r#"{"return": {}}"#;

/// A connection to a peer that has already sent these lines.
fn connected(lines: &[&str]) -> (Qmp, UnixStream, StopTrigger) {
    let (ours, mut theirs) = UnixStream::pair().expect("a socket pair");
    let said: String =
        [&[GREETING, OK], lines].concat().iter().map(|line| format!("{line}\r\n")).collect();
    theirs.write_all(said.as_bytes()).expect("sent");
    let (trigger, stop) = StopToken::pair().expect("a pipe");
    let qmp = Qmp::negotiate(ours.into(), stop, soon()).expect("a greeting");
    (qmp, theirs, trigger)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

#[test]
fn an_event_that_comes_before_the_answer_is_kept_for_who_waits_for_it() {
    let stop = r#"{"event": "STOP", "data": {"id": 1}}"#;
    let job = r#"{"event": "JOB_STATUS_CHANGE", "data": {"id": "job", "status": "ready"}}"#;
    let (mut qmp, _theirs, _trigger) = connected(&[stop, job, OK]);
    assert_eq!(
        qmp.execute(&Command::bare("stop"), soon()).expect("a result"),
        serde_json::json!({})
    );
    let data = qmp.await_event("JOB_STATUS_CHANGE", |job| job["status"] == "ready", soon());
    assert_eq!(data.expect("the event")["id"], "job");
    let data = qmp.await_event("STOP", |_| true, soon());
    assert_eq!(data.expect("the event")["id"], 1);
    let said: Vec<String> = qmp.take_messages().iter().map(Message::to_string).collect();
    let sent = r#"-> {"execute":"stop"}"#.to_owned();
    assert_eq!(said, [sent, format!("<- {stop}"), format!("<- {job}"), format!("<- {OK}")]);
}

#[test]
fn a_refusal_is_told_in_qemus_words() {
    let no = r#"{"error": {"class": "GenericError", "desc": "Failed to get \"write\" lock"}}"#;
    let (mut qmp, _theirs, _trigger) = connected(&[no]);
    let refused = qmp.execute(&Command::bare("cont"), soon()).expect_err("a refusal");
    assert_eq!(refused.to_string(), "Failed to get \"write\" lock");
}

#[test]
fn silence_ends_at_the_deadline_and_death_at_once() {
    let (mut qmp, theirs, _trigger) = connected(&[]);
    let shortly = Instant::now() + Duration::from_millis(1);
    let silent = qmp.execute(&Command::bare("stop"), shortly).expect_err("nothing");
    assert!(matches!(silent, QmpError::Lost(ReceiveError::Timeout)));
    drop(theirs);
    let dead = qmp.finish(soon()).expect_err("nothing");
    assert!(matches!(dead, QmpError::Lost(ReceiveError::Closed)));
}

#[test]
fn whether_there_is_an_answer_is_told_without_waiting() {
    let event = r#"{"event": "STOP", "data": {}}"#;
    let (mut qmp, mut theirs, _trigger) = connected(&[event]);
    qmp.begin(&Command::bare("stop")).expect("sent");
    assert!(!qmp.has_answered().expect("no answer yet"));
    writeln!(theirs, "{OK}").expect("sent");
    assert!(qmp.has_answered().expect("an answer"));
    qmp.await_event("STOP", |_| true, soon()).expect("it was kept");
}

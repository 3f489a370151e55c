//! Files that are not valid histories: the messages, and their positions.

use rstest::rstest;

use crate::history::{History, HistoryReadError};

const HEADER: &str = r#"{"schema":1,"resolution_ns":1,"complete":true,"backend":"ofd"}"#;

/// The message for a file.
fn said(text: &[u8]) -> String {
    match History::read("run.jsonl", text) {
        Err(HistoryReadError::Problem(problem)) => problem.to_string(),
        other => panic!("{other:?}"),
    }
}

/// The message for a file with a valid header and these lines. `A` stands for the name of the
/// opener.
fn said_of(lines: &[&str]) -> String {
    let lines = lines.iter().map(|line| line.replace("A ", r#""opener":"a","event":"#));
    let text = [HEADER.to_owned()].into_iter().chain(lines).collect::<Vec<_>>().join("\n");
    said(text.as_bytes())
}

#[rstest]
#[case::empty("", "line 1: the file is empty; begin with a header such as {\"schema\":1")]
#[case::blank("\n \n", "line 1: the file is empty")]
#[case::no_json(
    "hello",
    "line 1: expected value (column 1); the first line must be a header such as {"
)]
#[case::an_event_first(
    r#"{"at_ns":1,"opener":"a","event":"open"}"#,
    "line 1: missing field `schema`"
)]
#[case::a_later_format(
    r#"{"schema":2,"owners":[]}"#,
    "line 1: schema 2 is unknown; this imglock reads schema 1"
)]
#[case::no_backend(
    r#"{"schema":1,"resolution_ns":1,"complete":true}"#,
    "line 1: missing field `backend`"
)]
#[case::no_such_backend(
    r#"{"schema":1,"resolution_ns":1,"complete":true,"backend":"flock"}"#,
    "line 1: unknown variant `flock`, expected `ofd` or `posix`"
)]
#[case::a_misspelt_field(
    r#"{"schema":1,"resolution":1,"complete":true,"backend":"ofd"}"#,
    "line 1: unknown field `resolution`, expected one of `schema`, `clock`, `resolution_ns`"
)]
#[case::only_a_header(HEADER, "line 2: the history has no `open`, so there is no opening to judge")]
fn a_bad_beginning_is_told(#[case] text: &str, #[case] expected: &str) {
    let said = said(text.as_bytes());
    assert!(said.contains(expected), "{said}");
}

#[rstest]
#[case::no_such_event(&[r#"{"at_ns":1,A "opn"}"#], "line 2: unknown event `opn`; did you mean `open`? valid here: `open`")]
#[case::no_such_mode(&[r#"{"at_ns":1,A "open","mode":"rww"}"#], "line 2: unknown mode `rww`; did you mean `rw`?")]
#[case::no_such_permission(
    &[r#"{"at_ns":1,A "open","held":["wrte"],"shared":[]}"#],
    "line 2: unknown permission `wrte`; did you mean `write`?"
)]
#[case::no_such_side(
    &[r#"{"at_ns":1,A "open","mode":"rw"}"#, r#"{"at_ns":2,A "refused","permission":"write","side":"want"}"#],
    "line 3: unknown side `want`; did you mean `wanted`?"
)]
#[case::nothing_claimed(&[r#"{"at_ns":1,A "open"}"#], "line 2: `open` has no claim; add a mode")]
#[case::half_a_claim(&[r#"{"at_ns":1,A "open","held":[]}"#], "line 2: only one of `held` and `shared` is given; write both")]
#[case::claimed_twice(
    &[r#"{"at_ns":1,A "open","mode":"rw","held":[],"shared":[]}"#],
    "line 2: `open` has both a mode and permissions"
)]
#[case::half_a_refusal(
    &[r#"{"at_ns":1,A "open","mode":"rw"}"#, r#"{"at_ns":2,A "refused","permission":"write"}"#],
    "line 3: only one of `permission` and `side` is given; `side` is `wanted`"
)]
#[case::a_field_of_another_event(
    &[r#"{"at_ns":1,A "open","mode":"rw"}"#, r#"{"at_ns":2,A "granted","mode":"rw"}"#],
    "line 3: `granted` has no field `mode`; only `open` has this field"
)]
#[case::an_unknown_field(&[r#"{"at_ns":1,A "open","modus":"rw"}"#], "line 2: unknown field `modus`, expected one of")]
#[case::no_time(&[r#"{A "open","mode":"rw"}"#], "line 2: missing field `at_ns`")]
#[case::a_time_before_all_times(&[r#"{"at_ns":-1,A "open","mode":"rw"}"#], "line 2: invalid value: integer `-1`, expected u64 (column 11)")]
#[case::half_a_line(&[r#"{"at_ns":1,"opener":"a""#], "line 2: EOF while parsing an object (column 23); write one event a line")]
#[case::two_events_a_line(&[r#"{"at_ns":1,A "open","mode":"rw"} {}"#], "line 2: trailing characters")]
#[case::granted_without_open(&[r#"{"at_ns":1,A "granted"}"#], "line 2: `granted` is not possible here: `a` has not opened anything yet; write an `open` before each `granted`")]
#[case::closed_without_close(
    &[r#"{"at_ns":1,A "open","mode":"rw"}"#, r#"{"at_ns":2,A "granted"}"#, r#"{"at_ns":3,A "closed"}"#],
    "line 4: `closed` is not possible here: `a` already has the image (`granted`, line 3); write a `close` before each `closed`"
)]
#[case::opened_twice(
    &[r#"{"at_ns":1,A "open","mode":"rw"}"#, r#"{"at_ns":2,A "open","mode":"rw"}"#],
    "line 3: `open` is not possible here: `a` still waits for the answer to its `open` (line 2); write its `closed` or `died` first"
)]
#[case::granted_after_it_was_refused(
    &[r#"{"at_ns":1,A "open","mode":"rw"}"#, r#"{"at_ns":2,A "refused"}"#, r#"{"at_ns":3,A "granted"}"#],
    "line 4: `granted` is not possible here: `a` was refused (line 3)"
)]
#[case::closed_twice(
    &[
        r#"{"at_ns":1,A "open","mode":"rw"}"#,
        r#"{"at_ns":2,A "close"}"#,
        r#"{"at_ns":3,A "closed"}"#,
        r#"{"at_ns":3,A "close"}"#,
    ],
    "line 5: `close` is not possible here: `a` has already released the image (line 4)"
)]
#[case::time_goes_back(
    &[r#"{"at_ns":9,A "open","mode":"rw"}"#, r#"{"at_ns":8,A "granted"}"#],
    "line 3: the time of `a` goes back from 9 (line 2) to 8; write the events of one opener in order of time"
)]
#[case::alive_after_death(
    &[r#"{"at_ns":1,A "open","mode":"rw"}"#, r#"{"at_ns":2,A "died","alive_ns":3}"#],
    "line 3: `alive_ns` is 3, which is not between its last event and its death; write a time from 1 to 2"
)]
#[case::two_processes(
    &[r#"{"at_ns":1,A "open","mode":"rw","process":"p"}"#, r#"{"at_ns":2,A "granted","process":"q"}"#],
    "line 3: `a` belongs to process `q` here, but to `p` before"
)]
#[case::another_image(
    &[r#"{"at_ns":1,A "open","mode":"rw","image":"x"}"#, r#"{"at_ns":2,A "granted","image":"y"}"#],
    "line 3: this event names the image `y`, but the opener opened `x`"
)]
#[case::an_image_sometimes(
    &[
        r#"{"at_ns":1,A "open","mode":"rw","image":"x"}"#,
        r#"{"at_ns":2,A "refused"}"#,
        r#"{"at_ns":3,A "open","mode":"rw"}"#,
    ],
    "line 4: some `open` events name their image and others do not"
)]
fn a_wrong_line_is_pointed_out(#[case] lines: &[&str], #[case] expected: &str) {
    let said = said_of(lines);
    assert!(said.starts_with("run.jsonl, line "), "{said}");
    assert!(said.contains(expected), "{said}");
    assert!(said.contains("; "), "no advice: {said}");
}

#[test]
fn a_line_without_end_is_not_read_whole() {
    let long = format!("{HEADER}\n{}", "x".repeat(1 << 20));
    let said = said(long.as_bytes());
    assert!(said.contains("line 2: this line is longer than 65536 bytes; "), "{said}");
}

#[test]
fn what_a_stranger_wrote_is_repeated_with_care() {
    let word = format!("\u{1b}[2J{}", "y".repeat(30_000));
    let line = serde_json::json!({ "at_ns": 1, "opener": word, "event": word, "mode": word });
    let event = said_of(&[&line.to_string()]);
    let line = serde_json::json!({ "at_ns": 1, "opener": word, "event": "granted" });
    let opener = said_of(&[&line.to_string()]);
    let field = said_of(&[&format!(r#"{{"{}":1}}"#, "z".repeat(30_000))]);
    let json = said_of(&[r#"{"at_ns":"\u001b[2J"}"#]);
    for said in [event, opener, field, json] {
        assert!(said.len() < 600, "{said}");
        assert!(!said.contains('\u{1b}'), "{said}");
    }
}

#[test]
fn bytes_that_are_no_text_are_told() {
    let mut text = HEADER.as_bytes().to_vec();
    text.extend(b"\n{\"opener\":\"\xff\"}");
    assert!(said(&text).contains("line 2: invalid unicode code point"), "{}", said(&text));
}

#[test]
fn blank_lines_and_carriage_returns_do_no_harm() {
    let lines = [HEADER, "", r#"{"at_ns":1,"opener":"a","event":"open","mode":"rw"}"#, "", ""];
    let history = History::read("it", lines.join("\r\n").as_bytes()).expect("a history");
    assert_eq!(history.images[0].stays.len(), 1);
}

use std::collections::BTreeMap;

use miette::SourceSpan;

use super::Expectation;
use super::names;
use super::scope::Scope;
use super::verb::Verb;
use super::word;
use crate::text::{Line, Reader, Value};
use imglock_core::{Backend, LockOwner, Outcome, Permission};

const USAGE: &str = "`expect granted`, or `expect ofd=\"refused write\" posix=granted`";

/// The expected outcomes and their positions.
type Placed = (Expectation, BTreeMap<Backend, SourceSpan>);

/// Reads the block of a step, which can contain one `expect`.
pub(super) fn block(
    line: &mut Line<'_>,
    verb: &Verb,
    scope: &Scope,
    reader: &mut Reader<'_>,
) -> Placed {
    let mut expected = None;
    for node in line.children().map(kdl::KdlDocument::nodes).unwrap_or_default() {
        let child = reader.line(node);
        if child.name != "expect" {
            reader.problems.add(
                child.span,
                "not `expect`",
                format!("the block of a step cannot contain `{}`", child.name),
                format!("it contains only the expected outcome: {USAGE}"),
            );
        } else if expected.is_some() {
            reader.problems.add(
                child.span,
                "the second one",
                "a step can have only one `expect`",
                format!("write all expected outcomes in one line: {USAGE}"),
            );
        } else {
            expected = Some(read(child, verb, scope, reader));
        }
    }
    expected.unwrap_or_default()
}

fn read(mut line: Line<'_>, verb: &Verb, scope: &Scope, reader: &mut Reader<'_>) -> Placed {
    let (mut expectation, mut spans) = Placed::default();
    let plain = line.argument();
    let mut found = plain.is_some();
    if let Some(value) = plain
        && !unquoted(value, &mut line, reader)
        && let Some(outcome) = outcome(value, verb, scope, reader)
    {
        for backend in &scope.backends {
            expectation.0.insert(*backend, outcome.clone());
            spans.insert(*backend, value.span);
        }
    }
    for backend in Backend::ALL {
        let Some(value) = line.property(backend.name(), reader) else {
            continue;
        };
        found = true;
        if plain.is_some() {
            reader.problems.add(
                value.span,
                "the second outcome",
                "this `expect` has an outcome for all backends and one for a single backend",
                format!("write: {USAGE}"),
            );
        } else if scope.has(backend, value.span, reader)
            && let Some(outcome) = outcome(value, verb, scope, reader)
        {
            expectation.0.insert(backend, outcome);
            spans.insert(backend, value.span);
        }
    }
    if !found && line.is_used_up() {
        reader.problems.add(
            line.span,
            "an outcome is missing",
            "this `expect` has no outcome",
            format!("write: {USAGE}"),
        );
    }
    line.finish(USAGE, &Backend::ALL.map(Backend::name), reader);
    (expectation, spans)
}

/// Returns whether the arguments are one outcome without its quotes. If so, it consumes all of them
/// and reports the problem.
fn unquoted(first: Value<'_>, line: &mut Line<'_>, reader: &mut Reader<'_>) -> bool {
    let complete = |text| text != "data" && str::parse::<Outcome>(text).is_ok();
    if first.plain().is_none_or(complete) {
        return false;
    }
    let mut text = first.plain().unwrap_or_default().to_owned();
    let mut end = first.span.offset() + first.span.len();
    let mut more = false;
    while let Some(value) = line.argument() {
        text.push(' ');
        text.push_str(&value.written());
        end = value.span.offset() + value.span.len();
        more = true;
    }
    if more {
        let start = first.span.offset();
        reader.problems.add(
            SourceSpan::from((start, end.saturating_sub(start))),
            "one outcome, without quotes",
            "an outcome of several words must be in quotes",
            format!("write: `expect \"{text}\"`"),
        );
    }
    more
}

fn outcome(
    value: Value<'_>,
    verb: &Verb,
    scope: &Scope,
    reader: &mut Reader<'_>,
) -> Option<Outcome> {
    let text = value.string("an outcome", reader)?;
    let Ok(outcome) = text.parse::<Outcome>() else {
        reader.problems.add(
            value.span,
            "unknown outcome",
            format!("`{text}` is not an outcome"),
            unknown(text, verb),
        );
        return None;
    };
    if !verb.outcomes.contains(&kind(&outcome)) {
        reader.problems.add(
            value.span,
            "impossible outcome",
            format!("`{}` cannot have the outcome `{text}`", verb.name()),
            format!("its outcomes are {}", possible(verb)),
        );
        return None;
    }
    if let Outcome::Held { owner: LockOwner::Actor(name), .. } = &outcome {
        names::actor(name, value.span, &scope.counters, reader)?;
    }
    Some(outcome)
}

fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Granted => "granted",
        Outcome::Refused(_) => "refused",
        Outcome::LockByte { .. } => "byte",
        Outcome::Failed(_) => "errno",
        Outcome::Blocked => "blocked",
        Outcome::Paused => "paused",
        Outcome::Done => "done",
        Outcome::NotOpen => "not-open",
        Outcome::Free => "free",
        Outcome::Held { .. } => "held",
        Outcome::Data(_) => "data",
    }
}

/// The outcomes of a verb, each as an example.
fn possible(verb: &Verb) -> String {
    let examples = verb.outcomes.iter().map(|kind| match *kind {
        "refused" => "\"refused write\"",
        "byte" => "\"byte 101 EAGAIN\"",
        "errno" => "an errno such as EAGAIN",
        "held" => "\"held read 0-9 by vm1\"",
        "data" => "\"data hello\"",
        other => other,
    });
    examples.collect::<Vec<_>>().join(", ")
}

fn unknown(text: &str, verb: &Verb) -> String {
    let mut candidates: Vec<String> = Vec::new();
    for kind in verb.outcomes {
        match *kind {
            "refused" => {
                for permission in Permission::ALL {
                    candidates.push(format!("refused {permission}"));
                    candidates.push(format!("refused shared {permission}"));
                }
            }
            "errno" => candidates.extend(
                ["EAGAIN", "EACCES", "EBADF", "EDEADLK", "EEXIST", "EINTR", "EINVAL", "ENOENT"]
                    .map(str::to_owned),
            ),
            "byte" | "held" | "data" => {}
            other => candidates.push(other.to_owned()),
        }
    }
    let candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
    let possible = format!("the outcomes of `{}` are {}", verb.name(), possible(verb));
    match word::nearest(text, &candidates) {
        Some(near) => format!("did you mean \"{near}\"? {possible}"),
        None => possible,
    }
}

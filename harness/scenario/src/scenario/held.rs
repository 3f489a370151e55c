use kdl::KdlNode;

use super::action::LOCK_TYPES;
use super::draft::{Draft, EntrySpans};
use super::scope::Scope;
use super::{HeldEntry, HeldStatement, claim, names, word};
use crate::text::{Line, Reader, Value};
use imglock_core::{Backend, ByteRange, Claim, LockType, NodeName, lock_bytes};

const USAGE: &str = "`held { vm1 disk mode=rw }`, or `held` alone if no byte is locked";
const ENTRY: &str = "`vm1 disk mode=rw`, or `vm1 disk { read \"0-9\" }`";
const RANGE: &str = "`read \"0-9\"`, `write 100`, `write \"20-eof\"` or `waiting write \"0-9\"`";

/// Reads a `held` line and its block.
pub(super) fn statement(mut line: Line<'_>, scope: &Scope, reader: &mut Reader<'_>) -> Draft {
    let mut backends = scope.backends.clone();
    if let Some(value) = line.property("backend", reader) {
        let choices = Backend::ALL.map(|backend| (backend.name(), backend));
        if let Some(backend) = value.choice("backend", &choices, reader)
            && scope.has(backend, value.span, reader)
        {
            backends = vec![backend];
        }
    }
    let (mut entries, mut spans) = (Vec::new(), Vec::new());
    for node in line.children().map(kdl::KdlDocument::nodes).unwrap_or_default() {
        if let Some((entry, span)) = entry(node, scope, reader) {
            entries.push(entry);
            spans.push(span);
        }
    }
    let number = line.number;
    line.finish(USAGE, &["backend"], reader);
    Draft::Held(HeldStatement { backends, entries, line: number }, spans)
}

fn entry(
    node: &KdlNode,
    scope: &Scope,
    reader: &mut Reader<'_>,
) -> Option<(HeldEntry, EntrySpans)> {
    let mut line = reader.line(node);
    let actor = names::actor(line.name, line.span, &scope.counters, reader);
    let value = line.required("the node", ENTRY, reader);
    let name = value.and_then(|value| names::plain(value, "the node", &scope.counters, reader));
    let spans = EntrySpans { actor: line.span, node: value.map_or(line.span, |value| value.span) };

    let claim = claim::optional(&mut line, reader);
    let says_nothing = claim == Ok(None) && !line.has_children();
    let mut locks = match claim {
        Ok(Some(mode)) => claimed(mode.claim()),
        _ => Vec::new(),
    };
    let mut waiting = Vec::new();
    for node in line.children().map(kdl::KdlDocument::nodes).unwrap_or_default() {
        match range(reader.line(node), reader) {
            Some((true, kind, range)) => waiting.push((kind, range)),
            Some((false, kind, range)) => locks.push((kind, range)),
            None => {}
        }
    }
    line.finish(ENTRY, &["mode", "held", "unshared"], reader);
    if says_nothing {
        reader.problems.add(
            spans.node,
            "no locks",
            "this entry lists no locks",
            format!("write: {ENTRY}"),
        );
    }
    Some((HeldEntry { node: NodeName::new(actor?, name?), locks, waiting }, spans))
}

/// The read locks of a claim, with neighbouring bytes merged as in the kernel.
fn claimed(claim: Claim) -> Vec<(LockType, ByteRange)> {
    let mut ranges: Vec<(LockType, ByteRange)> = Vec::new();
    for byte in lock_bytes(claim) {
        match ranges.last_mut() {
            Some((_, last)) if last.last + 1 == byte => last.last = byte,
            _ => ranges.push((LockType::Read, ByteRange::new(byte, byte))),
        }
    }
    ranges
}

/// Reads `read "0-9"` or `waiting write "0-9"`.
fn range(mut line: Line<'_>, reader: &mut Reader<'_>) -> Option<(bool, LockType, ByteRange)> {
    let waiting = line.name == "waiting";
    let kind = if waiting {
        let value = line.required("the lock type", RANGE, reader);
        value.and_then(|value| value.choice("lock type", &LOCK_TYPES, reader))
    } else {
        let kind = LOCK_TYPES.iter().find(|(name, _)| *name == line.name);
        if kind.is_none() {
            let words = ["read", "write", "waiting"];
            reader.problems.add(
                line.span,
                "not a lock",
                format!("`{}` is neither a lock type nor `waiting`", line.name),
                format!("{}; write: {RANGE}", word::advice(line.name, &words)),
            );
            return None;
        }
        kind.map(|(_, kind)| *kind)
    };
    let value = line.required("the range of bytes", RANGE, reader);
    let range = value.and_then(|value| bytes(value, reader));
    line.finish(RANGE, &[], reader);
    Some((waiting, kind?, range?))
}

fn bytes(value: Value<'_>, reader: &mut Reader<'_>) -> Option<ByteRange> {
    let Some(text) = value.plain() else {
        let byte = value.integer("a byte", 0..=i128::from(i64::MAX - 1), reader)? as i64;
        return Some(ByteRange::new(byte, byte));
    };
    let range = text.parse().ok();
    if range.is_none() {
        reader.problems.add(
            value.span,
            "not a range",
            format!("`{text}` is not a range of bytes"),
            format!("write the first and the last byte, or `eof` for the end of the file: {RANGE}"),
        );
    }
    range
}

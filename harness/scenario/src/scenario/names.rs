use miette::SourceSpan;

use super::word;
use crate::text::{Reader, Value};

/// The words of the format, which cannot be names of actors.
pub(super) const RESERVED: [&str; 11] = [
    "summary", "about", "backends", "hazard", "image", "held", "together", "repeat", "expect",
    "host", "ofd",
];

/// The maximum length of the name of an actor or a node.
const LONGEST: usize = 64;
/// The maximum length of a file name, in bytes (`NAME_MAX`, limits.h).
pub(super) const LONGEST_FILE: usize = 255;

/// One part of a name such as `vm$n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'n> {
    /// Literal characters.
    Plain(&'n str),
    /// `$n`: the counter `n`.
    Counter(&'n str),
}

/// The parts of a name, in order.
pub(super) fn parts(name: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = name;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (part, length) = match rest.strip_prefix('$') {
            Some(after) => {
                let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let length = after.find(|c| !word(c)).unwrap_or(after.len());
                (Part::Counter(&after[..length]), length + 1)
            }
            None => {
                let length = rest.find('$').unwrap_or(rest.len());
                (Part::Plain(&rest[..length]), length)
            }
        };
        rest = &rest[length..];
        Some(part)
    })
}

/// Checks the name of an actor or a node. `counters` are the counters of the outer `repeat` blocks.
pub(super) fn plain(
    value: Value<'_>,
    what: &str,
    counters: &[String],
    reader: &mut Reader<'_>,
) -> Option<String> {
    let name = value.string(what, reader)?;
    spelled(name, value.span, what, counters, reader)
}

/// Like [`plain`], but words of the format are not allowed.
pub(super) fn actor(
    name: &str,
    span: SourceSpan,
    counters: &[String],
    reader: &mut Reader<'_>,
) -> Option<String> {
    if RESERVED.contains(&name) {
        reader.problems.add(
            span,
            "not a name",
            format!("`{name}` is a word of the format and cannot be the name of a process"),
            "choose another name, such as `vm1`",
        );
        return None;
    }
    spelled(name, span, "the process", counters, reader)
}

fn spelled(
    name: &str,
    span: SourceSpan,
    what: &str,
    counters: &[String],
    reader: &mut Reader<'_>,
) -> Option<String> {
    let wrong = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '$');
    let reason = match name.chars().find(|c| wrong(*c)) {
        _ if name.is_empty() => "it is empty".to_owned(),
        _ if name.len() > LONGEST => format!("it is longer than {LONGEST} characters"),
        Some(c) => format!("it contains {c:?}"),
        None => return known_counters(name, span, counters, reader),
    };
    reader.problems.add(
        span,
        "not a name",
        format!("this is not a valid name for {what}: {reason}"),
        "a name consists of letters (a to z), digits, `-` and `_`",
    );
    None
}

/// Checks the name of an image: a file name, not a path.
pub(super) fn image(
    value: Value<'_>,
    counters: &[String],
    reader: &mut Reader<'_>,
) -> Option<String> {
    let name = value.string("the image", reader)?;
    let reason = match name {
        "" => "it is empty",
        "." | ".." => "it is a directory",
        _ if name.contains('/') => "it is a path",
        _ if name.contains(char::is_control) => "it contains a control character",
        _ if name.starts_with('-') => "it begins with `-`, as an option does",
        _ if name.len() > LONGEST_FILE => "it is longer than 255 bytes",
        _ => return known_counters(name, value.span, counters, reader),
    };
    reader.problems.add(
        value.span,
        "not a plain file name",
        format!("this is not a valid name for an image: {reason}"),
        "images are in the scenario's own directory; write a plain file name, such as `base.img`",
    );
    None
}

fn known_counters(
    name: &str,
    span: SourceSpan,
    counters: &[String],
    reader: &mut Reader<'_>,
) -> Option<String> {
    let unknown = parts(name).find_map(|part| match part {
        Part::Counter(counter) if !counters.iter().any(|known| known == counter) => Some(counter),
        _ => None,
    });
    let Some(counter) = unknown else {
        return Some(name.to_owned());
    };
    let known: Vec<&str> = counters.iter().map(String::as_str).collect();
    let help = match known.as_slice() {
        [] => format!("an outer `repeat 3 as={} {{ ... }}` defines one", first_or(counter, "n")),
        known => word::advice(counter, known),
    };
    reader.problems.add(
        span,
        "unknown counter",
        format!("there is no counter `${counter}` here"),
        help,
    );
    None
}

fn first_or<'n>(name: &'n str, otherwise: &'n str) -> &'n str {
    if name.is_empty() { otherwise } else { name }
}

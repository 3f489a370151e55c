use kdl::KdlNode;
use miette::SourceSpan;

use super::{Condition, ExpectedVerdict, KernelBound, Known, KnownEntry};
use crate::pattern::Pattern;
use crate::text::{Line, Reader, Value};
use crate::word;
use imglock_core::Backend;

/// The word at the start of an entry.
pub(super) const KNOWN: &str = "known";
const USAGE: &str = "`known \"why it fails\" { scenario \"posix/*\"; file-system nfs4; }`";
/// The words at the start of the lines inside an entry.
const WORDS: [&str; 7] =
    ["scenario", "backend", "subject", "file-system", "kernel", "expect", "link"];

const EXPECTED: [(&str, ExpectedVerdict); 3] = [
    ("fails", ExpectedVerdict::Fails),
    ("times-out", ExpectedVerdict::TimesOut),
    ("may-fail", ExpectedVerdict::MayFail),
];

/// Reads all `known` entries of the text.
pub(super) fn entries(source_name: &str, reader: &mut Reader<'_>) -> Vec<KnownEntry> {
    let Some(document) = reader.document() else { return Vec::new() };
    let mut entries: Vec<KnownEntry> = Vec::new();
    for node in document.nodes() {
        let line = reader.line(node);
        if line.name != KNOWN {
            let help = match word::nearest(line.name, &[KNOWN]) {
                Some(near) => format!("did you mean `{near}`? write: {USAGE}"),
                None => format!(
                    "a file of known failures contains only `known` entries; write: {USAGE}"
                ),
            };
            let message = format!("`{}` is not a known failure", line.name);
            reader.problems.add(line.span, "not `known`", message, help);
            continue;
        }
        let (span, before) = (line.span, reader.problems.count());
        let Some(entry) = entry(source_name, line, reader) else { continue };
        // A partly understood entry could match more runs than its author intended, so it is not used.
        if reader.problems.count() == before {
            shadowed(&entries, &entry, span, reader);
        }
        entries.push(entry);
    }
    entries
}

/// Reports an entry that can never apply.
fn shadowed(entries: &[KnownEntry], entry: &KnownEntry, span: SourceSpan, reader: &mut Reader<'_>) {
    let earlier = entries.iter().find(|one| one.condition.takes_in(&entry.condition));
    if let Some(KnownEntry { line, .. }) = earlier {
        reader.problems.add(
            span,
            format!("line {line} covers all of it"),
            "this entry can never apply, because the first matching entry applies",
            format!("move it before line {line}, or remove one of them"),
        );
    }
}

fn entry(source_name: &str, mut line: Line<'_>, reader: &mut Reader<'_>) -> Option<KnownEntry> {
    let number = line.number;
    let why = line.required("the reason", USAGE, reader);
    let nodes = line.children().map(kdl::KdlDocument::nodes).unwrap_or_default();
    line.finish(USAGE, &[], reader);
    for node in nodes.iter().filter(|node| !WORDS.contains(&node.name().value())) {
        let line = reader.line(node);
        let message = format!("a line of a known failure cannot begin with `{}`", line.name);
        reader.problems.add(line.span, "unknown word", message, word::advice(line.name, &WORDS));
    }
    let condition = Condition {
        scenarios: list(nodes, "scenario", "`scenario \"posix/*\"`", reader, pattern),
        backends: list(nodes, "backend", "`backend ofd`", reader, backend),
        subjects: list(nodes, "subject", "`subject builtin`", reader, plain("the subject")),
        file_systems: list(
            nodes,
            "file-system",
            "`file-system ext4 xfs`",
            reader,
            plain("the file system"),
        ),
        kernels: kernels(nodes, reader),
    };
    let choice =
        |value: Value<'_>, reader: &mut Reader<'_>| value.choice("expectation", &EXPECTED, reader);
    let expected = single(nodes, "expect", "`expect fails`", reader, choice);
    let link = single(nodes, "link", "`link \"https://...\"`", reader, plain("the link"));
    let why = why.and_then(|value| text(value, "the reason", reader))?;
    let known = Known { expected: expected.unwrap_or(ExpectedVerdict::Fails), why, link };
    Some(KnownEntry { condition, known, source_name: source_name.to_owned(), line: number })
}

/// The words of all lines that begin with `word`. A list may continue in another line.
fn list<T: PartialEq>(
    nodes: &[KdlNode],
    word: &str,
    usage: &str,
    reader: &mut Reader<'_>,
    read: impl Fn(Value<'_>, &mut Reader<'_>) -> Option<T>,
) -> Vec<T> {
    let mut found: Vec<T> = Vec::new();
    for node in nodes.iter().filter(|node| node.name().value() == word) {
        let mut line = reader.line(node);
        let mut next = line.required(&format!("a {}", word.replace('-', " ")), usage, reader);
        while let Some(value) = next {
            match read(value, reader) {
                Some(one) if found.contains(&one) => reader.problems.add(
                    value.span,
                    "named before",
                    format!("`{}` is named twice", value.written()),
                    "remove one of them",
                ),
                Some(one) => found.push(one),
                None => {}
            }
            next = line.argument();
        }
        line.finish(usage, &[], reader);
    }
    found
}

/// The single word of the single line that begins with `word`.
fn single<T>(
    nodes: &[KdlNode],
    word: &str,
    usage: &str,
    reader: &mut Reader<'_>,
    read: impl Fn(Value<'_>, &mut Reader<'_>) -> Option<T>,
) -> Option<T> {
    let mut line = reader.only(nodes, word)?;
    let value = line.required(&format!("the value of `{word}`"), usage, reader);
    line.finish(usage, &[], reader);
    read(value?, reader)
}

fn kernels(nodes: &[KdlNode], reader: &mut Reader<'_>) -> Vec<KernelBound> {
    const USAGE: &str = "`kernel \">=6.1\" \"<6.5\"`";
    let Some(mut line) = reader.only(nodes, "kernel") else { return Vec::new() };
    let mut bounds: Vec<KernelBound> = Vec::new();
    let mut next = line.required("a range of kernels", USAGE, reader);
    while let Some(value) = next {
        match value.string("a bound", reader).map(str::parse::<KernelBound>) {
            Some(Ok(bound)) => {
                if let Some(other) = bounds.iter().find(|other| other.excludes(&bound)) {
                    reader.problems.add(
                        value.span,
                        format!("contradicts `{other}`"),
                        format!("no kernel matches both `{other}` and `{bound}`"),
                        "all bounds of an entry apply at the same time; move one of them to another entry",
                    );
                }
                bounds.push(bound);
            }
            Some(Err(error)) => reader.problems.add(
                value.span,
                "not a bound",
                format!("`{}` is not a bound of the kernel release", value.written()),
                format!("{error}; the only suffix allowed is that of a release candidate, such as `-rc1`"),
            ),
            None => {}
        }
        next = line.argument();
    }
    line.finish(USAGE, &[], reader);
    bounds
}

fn backend(value: Value<'_>, reader: &mut Reader<'_>) -> Option<Backend> {
    value.choice("backend", &Backend::ALL.map(|backend| (backend.name(), backend)), reader)
}

fn pattern(value: Value<'_>, reader: &mut Reader<'_>) -> Option<Pattern> {
    let text = text(value, "the scenario", reader)?;
    match text.parse() {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            reader.problems.add(
                value.span,
                format!("{error}"),
                format!("`{text}` is not a valid pattern"),
                "write a name, a theme, or a glob such as \"posix/*\"",
            );
            None
        }
    }
}

fn plain(what: &str) -> impl Fn(Value<'_>, &mut Reader<'_>) -> Option<String> {
    move |value, reader| text(value, what, reader)
}

/// A text that is not empty. Line breaks are replaced by spaces.
fn text(value: Value<'_>, what: &str, reader: &mut Reader<'_>) -> Option<String> {
    let text = value.string(what, reader)?.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        reader.problems.add(
            value.span,
            "is empty",
            format!("{what} is empty"),
            format!("write some text, as in {USAGE}"),
        );
        return None;
    }
    Some(text)
}

use kdl::KdlNode;
use miette::SourceSpan;

use super::{Condition, ExpectedVerdict, KernelBound, Known, KnownEntry};
use crate::pattern::Pattern;
use crate::text::{Line, Reader, Value};
use crate::word;
use imglock_core::Backend;

/// The word that begins an entry.
pub(super) const KNOWN: &str = "known";
const USAGE: &str = "`known \"why it fails\" { scenario \"posix/*\"; file-system nfs4; }`";
/// The words that begin a line inside an entry.
const WORDS: [&str; 7] =
    ["scenario", "backend", "subject", "file-system", "kernel", "expect", "link"];

const EXPECTED: [(&str, ExpectedVerdict); 3] = [
    ("fails", ExpectedVerdict::Fails),
    ("times-out", ExpectedVerdict::TimesOut),
    ("may-fail", ExpectedVerdict::MayFail),
];

/// Every `known` of the text.
pub(super) fn entries(source_name: &str, reader: &mut Reader<'_>) -> Vec<KnownEntry> {
    let Some(document) = reader.document() else { return Vec::new() };
    let mut entries: Vec<KnownEntry> = Vec::new();
    for node in document.nodes() {
        let line = reader.line(node);
        if line.name != KNOWN {
            let help = match word::nearest(line.name, &[KNOWN]) {
                Some(near) => format!("did you mean `{near}`? write: {USAGE}"),
                None => format!("a file of known failures has nothing else in it; write: {USAGE}"),
            };
            let message = format!("`{}` is no known failure", line.name);
            reader.problems.add(line.span, "not `known`", message, help);
            continue;
        }
        let (span, before) = (line.span, reader.problems.count());
        let Some(entry) = entry(source_name, line, reader) else { continue };
        // What is not understood may say more than is left of it.
        if reader.problems.count() == before {
            shadowed(&entries, &entry, span, reader);
        }
        entries.push(entry);
    }
    entries
}

/// Complains about an entry that can never apply.
fn shadowed(entries: &[KnownEntry], entry: &KnownEntry, span: SourceSpan, reader: &mut Reader<'_>) {
    let earlier = entries.iter().find(|one| one.condition.takes_in(&entry.condition));
    if let Some(KnownEntry { line, .. }) = earlier {
        reader.problems.add(
            span,
            format!("line {line} takes in all of it"),
            "this entry can never apply: the first one that fits counts",
            format!("put it before line {line}, or leave one of them out"),
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
        let message = format!("no line of a known failure begins with `{}`", line.name);
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

/// All words of the lines that begin with `word`: a list may go on in another
/// line.
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
                    "leave one of them out",
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

/// The one word of the one line that begins with `word`.
fn single<T>(
    nodes: &[KdlNode],
    word: &str,
    usage: &str,
    reader: &mut Reader<'_>,
    read: impl Fn(Value<'_>, &mut Reader<'_>) -> Option<T>,
) -> Option<T> {
    let mut line = reader.only(nodes, word)?;
    let value = line.required(&format!("what it {word}s"), usage, reader);
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
                        format!("leaves nothing of `{other}`"),
                        format!("no kernel is `{other}` and `{bound}`"),
                        "all bounds of an entry hold at the same time; make another entry of one",
                    );
                }
                bounds.push(bound);
            }
            Some(Err(error)) => reader.problems.add(
                value.span,
                "no bound of a range",
                format!("`{}` says nothing about the release of a kernel", value.written()),
                format!("{error}; `-rc1` may follow, and nothing else"),
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
                format!("`{text}` is no glob"),
                "write a name, a theme, or a glob such as \"posix/*\"",
            );
            None
        }
    }
}

fn plain(what: &str) -> impl Fn(Value<'_>, &mut Reader<'_>) -> Option<String> {
    move |value, reader| text(value, what, reader)
}

/// A text that says something; what was written in several lines is one.
fn text(value: Value<'_>, what: &str, reader: &mut Reader<'_>) -> Option<String> {
    let text = value.string(what, reader)?.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        reader.problems.add(
            value.span,
            "is empty",
            format!("{what} is empty"),
            format!("say something, as in {USAGE}"),
        );
        return None;
    }
    Some(text)
}

//! The nesting depth of a text. The KDL parser recurses for every block, and parses a block behind
//! `/-` twice, so a deeply nested text could exhaust the stack or take very long. Such a text is
//! refused before it is parsed.

use kdl::KdlDocument;
use miette::SourceSpan;

/// The maximum depth of nested blocks (or comments).
pub(super) const DEEPEST: usize = 8;
/// The maximum depth of blocks behind `/-`. Each level doubles the work of the parser.
const DEEPEST_OFF: usize = 3;
/// The line breaks of KDL.
const NEWLINES: [char; 7] = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

/// The first node of a document that is nested too deeply.
pub(super) fn deep_node(document: &KdlDocument) -> Option<SourceSpan> {
    let mut waiting = vec![(document, 0)];
    while let Some((document, depth)) = waiting.pop() {
        for node in document.nodes() {
            if depth > DEEPEST {
                return Some(node.name().span());
            }
            waiting.extend(node.children().map(|children| (children, depth + 1)));
        }
    }
    None
}

/// The position where the text first nests blocks or comments too deeply. Strings and comments are
/// skipped, except unterminated ones, which are scanned to be safe.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    // Whether each open block may be disabled by a preceding `/-`.
    let mut open: Vec<bool> = Vec::new();
    let mut slashed = false;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        match step(rest) {
            Lexeme::Open => open.push(std::mem::take(&mut slashed)),
            Lexeme::Close => {
                open.pop();
                slashed = false;
            }
            Lexeme::Slashdash => slashed = true,
            Lexeme::Deep(offset) => return Some(at + offset),
            Lexeme::Other(length) => {
                at += length;
                continue;
            }
        }
        let switched_off = open.iter().filter(|slashed| **slashed).count();
        if open.len() > DEEPEST || switched_off > DEEPEST_OFF {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// The start of a text, as far as it matters for nesting.
enum Lexeme {
    Open,
    Close,
    /// `/-`, which disables the next element.
    Slashdash,
    /// A comment that is nested too deeply at this position.
    Deep(usize),
    /// This number of bytes of anything else.
    Other(usize),
}

fn step(rest: &str) -> Lexeme {
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let quoted = &rest[hashes..];
    let string = if hashes > 0 && quoted.starts_with('"') {
        closed(rest, hashes + 1, &format!("\"{}", &rest[..hashes]))
    } else if rest.starts_with("\"\"\"") {
        block_string(rest)
    } else if rest.starts_with('"') {
        line_string(rest)
    } else if rest.starts_with("//") {
        Some(rest.find(NEWLINES).unwrap_or(rest.len()))
    } else {
        None
    };
    match (string, rest.chars().next()) {
        (Some(length), _) => Lexeme::Other(length),
        (None, Some('{' | '(')) => Lexeme::Open,
        (None, Some('}' | ')')) => Lexeme::Close,
        (None, Some('/')) if rest.starts_with("/*") => comment(rest),
        (None, Some('/')) if rest.starts_with("/-") => Lexeme::Slashdash,
        (None, first) => Lexeme::Other(first.map_or(1, char::len_utf8)),
    }
}

/// The length of a text that ends with `end`.
fn closed(rest: &str, start: usize, end: &str) -> Option<usize> {
    rest.get(start..)?.find(end).map(|at| start + at + end.len())
}

/// The length of a string between three quotes.
fn block_string(rest: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(3) {
        match c {
            '"' if !escaped && rest[at..].starts_with("\"\"\"") => return Some(at + 3),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    None
}

/// The length of a string on one line.
fn line_string(rest: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            c if NEWLINES.contains(&c) => return None,
            '"' if !escaped => return Some(at + 1),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    None
}

/// A block comment, which may contain others.
fn comment(rest: &str) -> Lexeme {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(pair) = rest.as_bytes().get(at..at + 2) {
        match pair {
            b"/*" => depth += 1,
            b"*/" => depth = depth.saturating_sub(1),
            _ => {
                at += 1;
                continue;
            }
        }
        if depth == 0 {
            return Lexeme::Other(at + 2);
        }
        if depth > DEEPEST {
            return Lexeme::Deep(at);
        }
        at += 2;
    }
    // The comment is not terminated. The parser may still read its contents.
    Lexeme::Other(1)
}

use kdl::{KdlDiagnostic, KdlDocument};
use miette::SourceSpan;

use super::problem::Problems;

/// How many bytes a text may have.
const LONGEST: usize = 256 << 10;
/// How many blocks (or comments) may be nested.
const DEEPEST: usize = 8;

/// Reads `text` as KDL; `None` when it is none, and then `problems` says why.
///
/// The parser calls itself for every block, and tries some of them twice, so
/// a text nested without measure would exhaust the stack or the patience.
/// Such a text is turned away before the parser sees it.
pub(super) fn parse(text: &str, problems: &mut Problems) -> Option<KdlDocument> {
    if text.len() > LONGEST {
        problems.add(
            SourceSpan::from((0, 0)),
            "the text begins here",
            format!("the text has {} bytes", text.len()),
            format!("{LONGEST} bytes are the most; `repeat` makes many steps of few lines"),
        );
        return None;
    }
    if let Some(offset) = too_deep(text) {
        problems.add(
            SourceSpan::from((offset, 1)),
            "too deep",
            "too many blocks inside one another",
            format!("blocks and comments may be nested {DEEPEST} deep"),
        );
        return None;
    }
    match KdlDocument::parse_v2(text) {
        Ok(document) => Some(document),
        Err(error) => {
            for diagnostic in error.diagnostics {
                note(text, diagnostic, problems);
            }
            if problems.is_empty() {
                problems.add(
                    SourceSpan::from((0, 0)),
                    "here",
                    "the text is not KDL",
                    "see https://kdl.dev for the syntax",
                );
            }
            None
        }
    }
}

/// Takes over one of the parser's findings. Where a frequent slip of scenario
/// writers is behind it, the help says so.
fn note(text: &str, diagnostic: KdlDiagnostic, problems: &mut Problems) {
    let span = diagnostic.span;
    let word = text.get(span.offset()..span.offset() + span.len()).unwrap_or_default();
    let ranges = word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('-');
    let message = diagnostic.message.unwrap_or_else(|| "this is not KDL".to_owned());
    let help = match word {
        _ if ranges => Some(format!("a range of bytes stands in quotes: \"{word}\"")),
        "true" | "false" | "null" => Some(format!("write `#{word}`")),
        "}" => Some("this `}` closes no block; leave it out".to_owned()),
        "{" => Some("close the block with a `}`".to_owned()),
        _ => diagnostic.help.or_else(|| Some("https://kdl.dev explains the syntax".to_owned())),
    };
    problems.note(span, diagnostic.label.unwrap_or_else(|| "here".to_owned()), message, help);
}

/// Where the text first nests blocks or comments too deeply. Strings and
/// comments are stepped over; one that is not closed is not, to be safe.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        match step(rest) {
            Lexeme::Open => depth += 1,
            Lexeme::Close => depth = depth.saturating_sub(1),
            Lexeme::Deep(offset) => return Some(at + offset),
            Lexeme::Other(length) => {
                at += length;
                continue;
            }
        }
        if depth > DEEPEST {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// What a text begins with, as far as nesting is concerned.
enum Lexeme {
    Open,
    Close,
    /// A comment that is nested too deeply there.
    Deep(usize),
    /// So many bytes of anything else.
    Other(usize),
}

fn step(rest: &str) -> Lexeme {
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let quoted = &rest[hashes..];
    let string = if hashes > 0 && quoted.starts_with('"') {
        closed(rest, hashes + 1, &format!("\"{}", &rest[..hashes]))
    } else if rest.starts_with("\"\"\"") {
        closed(rest, 3, "\"\"\"")
    } else if rest.starts_with('"') {
        line_string(rest)
    } else if rest.starts_with("//") {
        Some(rest.find('\n').unwrap_or(rest.len()))
    } else {
        None
    };
    match (string, rest.chars().next()) {
        (Some(length), _) => Lexeme::Other(length),
        (None, Some('{' | '(')) => Lexeme::Open,
        (None, Some('}' | ')')) => Lexeme::Close,
        (None, Some('/')) if rest.starts_with("/*") => comment(rest),
        (None, first) => Lexeme::Other(first.map_or(1, char::len_utf8)),
    }
}

/// The length of a text that `end` closes.
fn closed(rest: &str, start: usize, end: &str) -> Option<usize> {
    rest.get(start..)?.find(end).map(|at| start + at + end.len())
}

/// The length of a string on one line.
fn line_string(rest: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' => return None,
            '"' if !escaped => return Some(at + 1),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    None
}

/// A block comment, which may hold others.
fn comment(rest: &str) -> Lexeme {
    let mut depth = 0usize;
    for (at, pair) in rest.as_bytes().windows(2).enumerate() {
        match pair {
            b"/*" => depth += 1,
            b"*/" => depth = depth.saturating_sub(1),
            _ => continue,
        }
        match depth {
            0 => return Lexeme::Other(at + 2),
            deep if deep > DEEPEST => return Lexeme::Deep(at),
            _ => {}
        }
    }
    // Not closed: the parser may still look inside.
    Lexeme::Other(1)
}

use std::thread;

use kdl::{KdlDiagnostic, KdlDocument, KdlError};
use miette::SourceSpan;

use super::nesting::{self, DEEPEST};
use super::problem::Problems;

/// How many bytes a text may have.
const LONGEST: usize = 64 << 10;
/// How many of the parser's findings are told: those after them are mostly
/// echoes of the first.
const TOLD: usize = 20;

/// Reads `text` as KDL; `None` when it is none, and then `problems` says why.
pub(super) fn parse(text: &str, problems: &mut Problems) -> Option<KdlDocument> {
    if text.len() > LONGEST {
        problems.add(
            SourceSpan::from((0, 0)),
            "the text begins here",
            format!("the text has {} bytes", text.len()),
            format!(
                "{LONGEST} bytes are the most; in a scenario `repeat` makes many steps of few lines"
            ),
        );
        return None;
    }
    if let Some(offset) = nesting::too_deep(text) {
        too_deep(SourceSpan::from((offset, 1)), problems);
        return None;
    }
    match parse_apart(text) {
        Ok(Ok(document)) => return Some(document),
        Ok(Err(Failure::TooDeep(span))) => too_deep(span, problems),
        Ok(Err(Failure::Kdl(error))) => {
            for diagnostic in error.diagnostics.into_iter().take(TOLD) {
                note(text, diagnostic, problems);
            }
        }
        Err(error) => problems.add(
            SourceSpan::from((0, 0)),
            "the text begins here",
            format!("there was no memory to read the text with: {error}"),
            "try again with less of the machine in use, or with a shorter text",
        ),
    }
    if problems.is_empty() {
        problems.add(
            SourceSpan::from((0, 0)),
            "here",
            "the text is not KDL",
            "https://kdl.dev explains the syntax",
        );
    }
    None
}

/// Why the parser has no document.
enum Failure {
    Kdl(KdlError),
    TooDeep(SourceSpan),
}

/// Runs the parser on a stack of its own, large enough for whatever the text
/// is: it calls itself for every block and comment inside another, and for
/// every mistake. The stack is only reserved; what is not used costs nothing.
fn parse_apart(text: &str) -> std::io::Result<Result<KdlDocument, Failure>> {
    const KIB: usize = 1 << 10;
    // Twice what a debug build of the parser was seen to use.
    let blocks = text.matches('{').count() * 64 * KIB;
    let comments = text.matches("/*").count() * 16 * KIB;
    let stack = 4096 * KIB + text.len() * 6 * KIB + blocks + comments;
    let parse = || {
        let document = KdlDocument::parse_v2(text).map_err(Failure::Kdl)?;
        match nesting::deep_node(&document) {
            Some(span) => Err(Failure::TooDeep(span)),
            None => Ok(document),
        }
    };
    thread::scope(|scope| {
        let parser = thread::Builder::new().stack_size(stack).spawn_scoped(scope, parse)?;
        parser.join().map_err(|_| std::io::Error::other("the parser gave up"))
    })
}

fn too_deep(span: SourceSpan, problems: &mut Problems) {
    problems.add(
        span,
        "too deep",
        "too many blocks inside one another",
        format!("blocks and comments may be nested {DEEPEST} deep"),
    );
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

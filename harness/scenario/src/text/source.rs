use std::thread;

use kdl::{KdlDiagnostic, KdlDocument, KdlError};
use miette::SourceSpan;

use super::nesting::{self, DEEPEST};
use super::problem::Problems;

/// The maximum length of a text, in bytes.
const LONGEST: usize = 64 << 10;
/// The maximum number of problems reported from the parser. Later ones mostly follow from the first.
const TOLD: usize = 20;

/// Parses `text` as KDL. If it is not KDL, returns `None` and adds the reason to `problems`.
pub(super) fn parse(text: &str, problems: &mut Problems) -> Option<KdlDocument> {
    if text.len() > LONGEST {
        problems.add(
            SourceSpan::from((0, 0)),
            "the text begins here",
            format!("the text has {} bytes", text.len()),
            format!(
                "the maximum is {LONGEST} bytes; in a scenario, `repeat` makes many steps from few lines"
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
            format!("the parser could not be started: {error}"),
            "free some memory, or use a shorter text",
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

/// The reason why the parser returned no document.
enum Failure {
    Kdl(KdlError),
    TooDeep(SourceSpan),
}

/// Runs the parser on its own stack, which is large enough for any text: the parser recurses for
/// every nested block and comment, and for every mistake. The stack is only reserved; unused memory
/// costs nothing.
fn parse_apart(text: &str) -> std::io::Result<Result<KdlDocument, Failure>> {
    const KIB: usize = 1 << 10;
    // Twice the stack that a debug build of the parser was measured to use.
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
        parser.join().map_err(|_| std::io::Error::other("the parser failed"))
    })
}

fn too_deep(span: SourceSpan, problems: &mut Problems) {
    problems.add(
        span,
        "too deep",
        "blocks or comments are nested too deeply",
        format!("the maximum is {DEEPEST} levels"),
    );
}

/// Adds a problem that the parser found. For frequent mistakes in scenarios, the help explains the
/// cause.
fn note(text: &str, diagnostic: KdlDiagnostic, problems: &mut Problems) {
    let span = diagnostic.span;
    let word = text.get(span.offset()..span.offset() + span.len()).unwrap_or_default();
    let ranges = word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('-');
    let message = diagnostic.message.unwrap_or_else(|| "this is not KDL".to_owned());
    let help = match word {
        _ if ranges => Some(format!("write a range of bytes in quotes: \"{word}\"")),
        "true" | "false" | "null" => Some(format!("write `#{word}`")),
        "}" => Some("this `}` closes no block; remove it".to_owned()),
        "{" => Some("close the block with a `}`".to_owned()),
        _ => diagnostic.help.or_else(|| Some("https://kdl.dev explains the syntax".to_owned())),
    };
    problems.note(span, diagnostic.label.unwrap_or_else(|| "here".to_owned()), message, help);
}

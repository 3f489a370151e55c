use std::collections::HashMap;

use kdl::KdlNode;

use super::action::Words;
use super::draft::{Broken, Draft, DraftStep, Spans};
use super::scope::Scope;
use super::verb::{Doer, Verb};
use super::{Step, expect, head, held, names, word};
use crate::text::{Line, Reader};

/// The maximum number of steps after all repeats are written out.
pub(super) const MOST_STEPS: u64 = 1_000_000;

const REPEAT: &str = "`repeat 50 as=n { ... }`";
const TOGETHER: &str = "`together { ... }` with a step of each of two or more processes";
const BLOCKS: [&str; 3] = ["held", "together", "repeat"];

/// Reads the lines of a body: those of the file, or of a `repeat` in it.
pub(super) fn items(nodes: &[KdlNode], scope: &mut Scope, reader: &mut Reader<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for node in nodes {
        let line = reader.line(node);
        match line.name {
            "held" => drafts.push(held::statement(line, scope, reader)),
            "together" => drafts.push(together(line, scope, reader)),
            "repeat" => drafts.extend(repeat(line, scope, reader)),
            name if head::WORDS.contains(&name) => reader.problems.add(
                line.span,
                "a line of the head",
                format!("`{name}` is not allowed inside a block"),
                "move it to the top of the file",
            ),
            _ => drafts.push(step(line, scope, reader)),
        }
    }
    drafts
}

fn repeat(mut line: Line<'_>, scope: &mut Scope, reader: &mut Reader<'_>) -> Option<Draft> {
    let value = line.required("the number of rounds", REPEAT, reader);
    let count = value.and_then(|value| {
        value.integer("the number of rounds", 1..=i128::from(MOST_STEPS), reader)
    });
    let named = line.property("as", reader);
    let mut faulty = count.is_none();
    let counter = named.and_then(|value| {
        let name = value.string("the counter", reader)?;
        let legal = !name.is_empty()
            && name.len() <= 64
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let taken = scope.counters.iter().any(|counter| counter == name);
        if !legal || taken {
            let (label, message, help) = if taken {
                (
                    "taken",
                    format!("an outer `repeat` already uses the counter `${name}`"),
                    "choose another name, such as `as=m`",
                )
            } else {
                (
                    "not a counter",
                    "this is not a valid name for a counter".to_owned(),
                    "use letters, digits and `_`, such as `as=n`; in names, write `$n`",
                )
            };
            reader.problems.add(value.span, label, message, help);
            faulty = true;
            return None;
        }
        Some(name.to_owned())
    });
    let (span, has_block) = (line.span, line.has_children());
    let nodes = line.children().map(kdl::KdlDocument::nodes).unwrap_or_default();
    line.finish(REPEAT, &["as"], reader);
    if nodes.is_empty() {
        reader.problems.add(
            span,
            if has_block { "an empty block" } else { "a block is missing" },
            "this `repeat` has no lines to repeat",
            format!("write: {REPEAT}"),
        );
    }
    let depth = scope.counters.len();
    scope.counters.extend(counter.clone());
    let items = items(nodes, scope, reader);
    scope.counters.truncate(depth);
    // If the repeat itself is wrong, one round is enough to check its lines.
    let count = if faulty { 1 } else { count.unwrap_or(1) as u32 };
    Some(Draft::Repeat { count, counter, items })
}

fn together(mut line: Line<'_>, scope: &Scope, reader: &mut Reader<'_>) -> Draft {
    let (number, span) = (line.number, line.span);
    let nodes = line.children().map(kdl::KdlDocument::nodes).unwrap_or_default();
    line.finish(TOGETHER, &[], reader);
    let mut drafts = Vec::new();
    let mut actors: HashMap<String, usize> = HashMap::new();
    for node in nodes {
        let inner = reader.line(node);
        if BLOCKS.contains(&inner.name) || head::WORDS.contains(&inner.name) {
            reader.problems.add(
                inner.span,
                "not a step",
                format!("`{}` is not allowed in `together`", inner.name),
                "move it before or after the block",
            );
            continue;
        }
        let draft = step(inner, scope, reader);
        if let Draft::Step(DraftStep { step, spans }) = &draft {
            check_together(step, spans, &mut actors, reader);
        }
        drafts.push(draft);
    }
    if nodes.len() < 2 {
        reader.problems.add(
            span,
            "fewer than two steps",
            "a `together` block needs at least two steps",
            format!("write: {TOGETHER}"),
        );
    }
    Draft::Together(number, drafts)
}

fn check_together(
    step: &Step,
    spans: &Spans,
    actors: &mut HashMap<String, usize>,
    reader: &mut Reader<'_>,
) {
    let verb = Verb::of(step.action.kind());
    if !verb.kind.starts_together() {
        let allowed: Vec<&str> = Verb::all()
            .filter(|verb| verb.kind.starts_together())
            .map(|verb| verb.name())
            .collect();
        reader.problems.add(
            spans.verb,
            "not in `together`",
            format!("`{}` is not allowed in `together`", verb.name()),
            format!(
                "move it before or after the block, which may contain {}",
                word::list(&allowed)
            ),
        );
    }
    if let Some(line) = actors.insert(step.actor.clone(), step.line) {
        reader.problems.add(
            spans.actor,
            "the second one",
            format!("`{}` has two steps at the same moment", step.actor),
            format!("its other step is on line {line}; give this step to another process"),
        );
    }
}

/// Reads a line `PROCESS VERB ...`.
fn step(mut line: Line<'_>, scope: &Scope, reader: &mut Reader<'_>) -> Draft {
    let faults = reader.problems.count();
    let broken = Draft::Broken(Broken {
        actor: line.name.to_owned(),
        words: line.words.iter().map(|word| (*word).to_owned()).collect(),
    });
    let is_host = line.name == "host";
    let doer = if is_host { Doer::Host } else { Doer::Actor };
    let first = line.argument();
    let found = first.and_then(|value| value.plain()).and_then(Verb::named);
    let (Some(verb), Some(first)) = (found, first) else {
        unknown(&line, first, doer, reader);
        return broken;
    };
    let actor = match doer {
        Doer::Host => Some(line.name.to_owned()),
        Doer::Actor => names::actor(line.name, line.span, &scope.counters, reader),
    };
    if verb.doer() != doer {
        let (message, help) = match verb.doer() {
            Doer::Host => (
                format!("a process cannot `{}`: only the host changes file names", verb.name()),
                format!("write: {}", verb.usage),
            ),
            Doer::Actor => (
                format!("the host cannot `{}`: only a process can", verb.name()),
                format!(
                    "write: {}; the verbs of the host are {}",
                    verb.usage,
                    word::list(&Verb::names(doer))
                ),
            ),
        };
        reader.problems.add(first.span, "wrong verb", message, help);
        return broken;
    }
    line.anchor = first.span;
    let mut words = Words { verb, span: first.span, line: &mut line, scope, reader };
    let placed = words.action();
    let (expect, expect_spans) = expect::block(&mut line, &verb, scope, reader);
    let (span, number) = (line.span, line.number);
    line.finish(verb.usage, verb.properties, reader);
    let (Some(actor), Some(placed)) = (actor, placed) else {
        return broken;
    };
    if reader.problems.count() > faults {
        return broken;
    }
    Draft::Step(DraftStep {
        step: Step { actor, action: placed.action, expect, line: number },
        spans: Spans {
            actor: span,
            verb: first.span,
            object: placed.object,
            other: placed.other,
            copy: placed.copy,
            expect: expect_spans,
        },
    })
}

/// Reports a line without a verb. Its first word may be a misspelt word of the head or of a block.
fn unknown(
    line: &Line<'_>,
    first: Option<crate::text::Value<'_>>,
    doer: Doer,
    reader: &mut Reader<'_>,
) {
    let meant = word::nearest(line.name, &head::FIRST_WORDS);
    match (first, meant) {
        (_, Some(meant)) if meant != line.name => reader.problems.add(
            line.span,
            "unknown line",
            format!("a line cannot begin with `{}`", line.name),
            format!(
                "did you mean `{meant}`? a line begins with {}, or has the form `PROCESS VERB ...`",
                word::list(&head::FIRST_WORDS)
            ),
        ),
        (Some(value), _) => {
            let text = value.plain().unwrap_or("this");
            reader.problems.add(
                value.span,
                "unknown verb",
                match doer {
                    Doer::Actor => format!("a process has no verb `{text}`"),
                    Doer::Host => format!("the host has no verb `{text}`"),
                },
                Verb::advice(text, doer),
            );
        }
        (None, _) => reader.problems.add(
            line.span,
            "a verb is missing",
            format!("`{}` has no verb", line.name),
            Verb::advice("", doer),
        ),
    }
}

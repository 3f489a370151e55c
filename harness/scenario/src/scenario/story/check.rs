use std::collections::HashSet;

use miette::SourceSpan;

use super::Story;
use super::cast::Cast;
use super::fault::{StepWord, StoryFault};
use super::life::MOST_ACTORS;
use super::walk::{Event, walk};
use crate::scenario::draft::{Draft, EntrySpans, Spans};
use crate::scenario::head::Head;
use crate::scenario::{HeldStatement, Step, names, word};
use crate::text::Problems;
use imglock_core::{LockOwner, Outcome};

/// Checks the story of a text.
pub(in crate::scenario) fn check(drafts: &[Draft], head: &Head, problems: &mut Problems) {
    let images = head.images.iter().map(|image| image.name.clone());
    let story = Story { cast: Cast::of(drafts), ..Story::new(&head.backends, images) };
    let mut check = Check { story, premature: HashSet::new(), problems };
    walk(drafts, &mut |event| match event {
        Event::Step(step, spans, together) => check.step(&step, spans, together),
        Event::Held(statement, spans) => check.held(&statement, spans),
        Event::Broken(broken) => check.story.forget(&broken),
    });
}

struct Check<'p> {
    story: Story,
    /// The actors that were used before they were made. Each is reported once.
    premature: HashSet<String>,
    problems: &'p mut Problems,
}

impl Check<'_> {
    fn step(&mut self, step: &Step, spans: &Spans, together: bool) {
        self.owners(step, spans);
        let Check { story, premature, problems } = self;
        for (word, fault) in story.faults(&step.actor, &step.action) {
            let span = match word {
                StepWord::Actor => spans.actor,
                StepWord::Verb => spans.verb,
                StepWord::Object => spans.object,
                StepWord::Other => spans.other,
                StepWord::Copy => spans.copy,
            };
            tell(story, &fault, span, premature, problems);
        }
        self.story.enter(step, together);
    }

    /// Reports an expected lock owner that is not in the scenario.
    fn owners(&mut self, step: &Step, spans: &Spans) {
        for (backend, outcome) in &step.expect.0 {
            if let Outcome::Held { owner: LockOwner::Actor(name), .. } = outcome
                && let Some(span) = spans.expect.get(backend)
                && !self.story.cast.knows(name)
            {
                self.stranger(name, *span);
            }
        }
    }

    fn held(&mut self, statement: &HeldStatement, spans: &[EntrySpans]) {
        for (entry, span) in statement.entries.iter().zip(spans) {
            let actor = &entry.node.actor;
            if !self.story.cast.knows(actor) {
                self.stranger(actor, span.actor);
                continue;
            }
            let Check { story, premature, problems } = self;
            // An actor that has ended may have left a lock behind.
            let met = story.lives.get(actor).map(|life| life.table);
            if met.is_none()
                && let Some(fault) = story.newcomer_fault(actor, 1)
            {
                tell(story, &fault, span.actor, premature, problems);
            }
            let table = met.or_else(|| story.appear(actor));
            let holds = !entry.locks.is_empty() || !entry.waiting.is_empty();
            let node = &entry.node.node;
            if holds && table.is_some() && story.lacks(table, node) {
                let fault = StoryFault::NeverOpened { actor, node };
                tell(story, &fault, span.node, premature, problems);
            }
        }
    }

    fn stranger(&mut self, name: &str, span: SourceSpan) {
        let Cast { named, made, .. } = &self.story.cast;
        let mut known: Vec<&str> = named.union(made).map(String::as_str).collect();
        known.retain(|name| *name != "host");
        known.sort_unstable();
        self.problems.add(
            span,
            "unknown process",
            format!("there is no process `{name}` in this scenario"),
            word::advice(name, &known),
        );
    }
}

/// Words a fault for the author of the text.
fn tell(
    story: &Story,
    fault: &StoryFault<'_>,
    span: SourceSpan,
    premature: &mut HashSet<String>,
    problems: &mut Problems,
) {
    match fault {
        StoryFault::Ended { actor, line } => problems.add(
            span,
            "has ended",
            format!("`{actor}` ended on line {line}"),
            "move this step before that line, or use another process",
        ),
        StoryFault::NotMadeYet { actor } => {
            if premature.insert((*actor).to_owned()) {
                problems.add(
                    span,
                    "does not exist yet",
                    format!("`{actor}` is used before the `fork` or `thread` that makes it"),
                    "move this step after that line, or give the new actor another name",
                );
            }
        }
        StoryFault::TooManyActors => problems.add(
            span,
            "too many processes",
            format!("the scenario has more than {MOST_ACTORS} processes"),
            "use fewer rounds or fewer processes",
        ),
        StoryFault::Stopped { actor } => problems.add(
            span,
            "while stopped",
            format!("`{actor}` is stopped and cannot run this step"),
            "resume it first with `continue`; a stopped process accepts only `continue`, \
             `kill` and `signal`",
        ),
        StoryFault::Waits { actor, state } => problems.add(
            span,
            format!("while {state}"),
            format!("`{actor}` is still {state} in an earlier step"),
            format!(
                "`{actor} await` waits for the end of that step; until then `{actor}` accepts only \
                 `await`, `kill`, `signal`, `stop` and `continue`"
            ),
        ),
        StoryFault::NothingToAwait { actor } => problems.add(
            span,
            "nothing to wait for",
            format!("`{actor}` has no step that can be blocked or paused"),
            "an earlier `lock` with `wait=#true` can be blocked, and an earlier `open` or `set` with \
             `pause-after` can be paused",
        ),
        StoryFault::ActorTaken { name } => problems.add(
            span,
            "taken",
            format!("an actor `{name}` already exists"),
            "choose another name; in a `repeat ... as=n` a name such as `child$n` is new in every \
             round",
        ),
        StoryFault::UnknownImage { name } => {
            let mut known: Vec<&str> = story.images.iter().map(String::as_str).collect();
            known.sort_unstable();
            problems.add(
                span,
                "unknown image",
                format!("there is no image `{name}` at this point"),
                format!("{}; or declare it at the top: `image {name}`", word::advice(name, &known)),
            );
        }
        StoryFault::LongName { name } => problems.add(
            span,
            "too long",
            format!("a file name of {} bytes is too long", name.len()),
            format!("the maximum is {} bytes", names::LONGEST_FILE),
        ),
        StoryFault::NeverOpened { actor, node } => {
            let known: Vec<&str> = story.nodes(actor).collect();
            let help = match known.as_slice() {
                [] => format!("open it first: `{actor} open {node} mode=rw`"),
                known => format!("{}; or open it first", word::advice(node, known)),
            };
            problems.add(
                span,
                "never opened",
                format!("`{actor}` has no node `{node}` at this point"),
                help,
            );
        }
        StoryFault::OpenAlready { actor, node } => problems.add(
            span,
            "already open",
            format!("`{actor}` already has an open node `{node}`"),
            format!("add `{actor} close {node}` before it, or choose another name"),
        ),
        StoryFault::ToItself { actor, node } => problems.add(
            span,
            "the sender itself",
            format!("`{actor}` sends a descriptor to itself"),
            format!("write: `{actor} dup {node} as=spare`"),
        ),
    }
}

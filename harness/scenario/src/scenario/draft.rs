use std::collections::BTreeMap;

use miette::SourceSpan;

use super::{Block, HeldStatement, Item, Step};
use imglock_core::Backend;

/// An item together with where its words are, for the checks that need the
/// whole story.
#[derive(Debug)]
pub(super) enum Draft {
    /// A step.
    Step(DraftStep),
    /// A line that was not understood, already complained about.
    Broken(Broken),
    /// A `held`.
    Held(HeldStatement, Vec<EntrySpans>),
    /// A `together`: its line and its steps.
    Together(usize, Vec<Draft>),
    /// A `repeat`.
    Repeat {
        /// How many times.
        count: u32,
        /// Its counter.
        counter: Option<String>,
        /// What is repeated.
        items: Vec<Draft>,
    },
}

/// A step and its words.
#[derive(Debug)]
pub(super) struct DraftStep {
    /// The step.
    pub step: Step,
    /// Where its words are.
    pub spans: Spans,
}

/// Where the words of a step are.
#[derive(Debug, Clone)]
pub(super) struct Spans {
    /// The actor.
    pub actor: SourceSpan,
    /// The verb.
    pub verb: SourceSpan,
    /// The node, the child or the image that the verb is followed by.
    pub object: SourceSpan,
    /// The image of an `open`, the receiver of a `send`, a file's other name.
    pub other: SourceSpan,
    /// The name that `as=` gives.
    pub copy: SourceSpan,
    /// The outcomes that are expected.
    pub expect: BTreeMap<Backend, SourceSpan>,
}

/// Where the words of an entry of `held` are.
#[derive(Debug, Clone, Copy)]
pub(super) struct EntrySpans {
    /// The actor.
    pub actor: SourceSpan,
    /// The node.
    pub node: SourceSpan,
}

/// What is left of a line that was not understood. It may have made whatever
/// it names, so that nothing is said of the lines that use it.
#[derive(Debug, Clone)]
pub(super) struct Broken {
    /// Its first word.
    pub actor: String,
    /// Every text after that.
    pub words: Vec<String>,
}

impl Draft {
    /// The item without its places, `None` for what was not understood.
    pub fn into_item(self) -> Option<Item> {
        let items = |drafts: Vec<Draft>| drafts.into_iter().filter_map(Draft::into_item).collect();
        Some(match self {
            Draft::Step(draft) => Item::Step(draft.step),
            Draft::Broken(_) => return None,
            Draft::Held(statement, _) => Item::Held(statement),
            Draft::Together(line, drafts) => {
                let steps = drafts.into_iter().filter_map(|draft| match draft {
                    Draft::Step(draft) => Some(draft.step),
                    _ => None,
                });
                Item::Together(Block { line, steps: steps.collect() })
            }
            Draft::Repeat { count, counter, items: inside } => {
                Item::Repeat { count, counter, items: items(inside) }
            }
        })
    }
}

use std::collections::BTreeMap;

use miette::SourceSpan;

use super::{Block, HeldStatement, Item, Step};
use imglock_core::Backend;

/// An item with the positions of its words, for the checks that need the complete scenario.
#[derive(Debug)]
pub(super) enum Draft {
    /// A step.
    Step(DraftStep),
    /// A line that was not understood. Its problem is already reported.
    Broken(Broken),
    /// A `held`.
    Held(HeldStatement, Vec<EntrySpans>),
    /// A `together`: its line and its steps.
    Together(usize, Vec<Draft>),
    /// A `repeat`.
    Repeat {
        /// The number of rounds.
        count: u32,
        /// Its counter.
        counter: Option<String>,
        /// The repeated items.
        items: Vec<Draft>,
    },
}

/// A step and the positions of its words.
#[derive(Debug)]
pub(super) struct DraftStep {
    /// The step.
    pub step: Step,
    /// The positions of the words.
    pub spans: Spans,
}

/// The positions of the words of a step.
#[derive(Debug, Clone)]
pub(super) struct Spans {
    /// The actor.
    pub actor: SourceSpan,
    /// The verb.
    pub verb: SourceSpan,
    /// The node, the child or the image after the verb.
    pub object: SourceSpan,
    /// The image of an `open`, the receiver of a `send`, the other name of a file.
    pub other: SourceSpan,
    /// The name in `as=`.
    pub copy: SourceSpan,
    /// The expected outcomes.
    pub expect: BTreeMap<Backend, SourceSpan>,
}

/// The positions of the words of an entry of `held`.
#[derive(Debug, Clone, Copy)]
pub(super) struct EntrySpans {
    /// The actor.
    pub actor: SourceSpan,
    /// The node.
    pub node: SourceSpan,
}

/// The remains of a line that was not understood. It may define anything that it names, so lines
/// that use these names are not reported.
#[derive(Debug, Clone)]
pub(super) struct Broken {
    /// Its first word.
    pub actor: String,
    /// Every text after that.
    pub words: Vec<String>,
}

impl Draft {
    /// The item without positions, or `None` for a line that was not understood.
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

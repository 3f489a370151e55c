use std::borrow::Cow;

use crate::scenario::draft::{Broken, Draft, DraftStep, EntrySpans, Spans};
use crate::scenario::unroll::{self, Rounds};
use crate::scenario::{HeldStatement, Step};

/// The next event of a scenario whose repeats are written out.
pub(super) enum Event<'d> {
    /// A step, and whether it is part of a `together` block.
    Step(Cow<'d, Step>, &'d Spans, bool),
    /// A `held`.
    Held(HeldStatement, &'d [EntrySpans]),
    /// A line that was not understood.
    Broken(Broken),
}

/// Calls `visit` for every event, in order.
pub(super) fn walk<'d>(drafts: &'d [Draft], visit: &mut impl FnMut(Event<'d>)) {
    items(drafts, &mut Vec::new(), false, visit);
}

fn items<'d>(
    drafts: &'d [Draft],
    rounds: &mut Rounds<'d>,
    together: bool,
    visit: &mut impl FnMut(Event<'d>),
) {
    for draft in drafts {
        match draft {
            Draft::Step(DraftStep { step, spans }) => {
                visit(Event::Step(unroll::in_round(step, rounds), spans, together));
            }
            Draft::Held(statement, spans) => {
                visit(Event::Held(unroll::held_in_round(statement, rounds), spans));
            }
            Draft::Broken(broken) => {
                let mut broken = broken.clone();
                unroll::replace(&mut broken.actor, rounds);
                for word in &mut broken.words {
                    unroll::replace(word, rounds);
                }
                visit(Event::Broken(broken));
            }
            Draft::Together(_, drafts) => items(drafts, rounds, true, visit),
            Draft::Repeat { count, counter, items: inside } => {
                unroll::each_round(*count, counter.as_deref(), rounds, |rounds| {
                    items(inside, rounds, together, visit);
                });
            }
        }
    }
}

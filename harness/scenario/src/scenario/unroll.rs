use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write;

use super::names::{Part, parts};
use super::{Block, HeldStatement, Item, Scenario, Step};
use imglock_core::{Action, LockOwner, Outcome};

/// The rounds of the `repeat` blocks around a line, the outermost first.
pub(super) type Rounds<'c> = Vec<(&'c str, u32)>;

impl Scenario {
    /// The lines with all repeats written out. `$n` is replaced by the number of the round in every
    /// name.
    pub fn unrolled(&self) -> Vec<Item> {
        let mut unrolled = Vec::new();
        unroll(&self.items, &mut Vec::new(), &mut unrolled);
        unrolled
    }

    /// The processes that exist from the start, in the order in which the steps first name them. The
    /// host and the actors made by `fork` and `thread` are not included.
    pub fn actors(&self) -> Vec<String> {
        let mut named = Vec::new();
        let mut seen: HashSet<String> = HashSet::from(["host".to_owned()]);
        let mut steps = Vec::new();
        for item in self.unrolled() {
            match item {
                Item::Step(step) => steps.push(step),
                Item::Together(block) => steps.extend(block.steps),
                Item::Held(_) | Item::Repeat { .. } => {}
            }
        }
        for step in &steps {
            if let Action::Fork { child: name } | Action::Thread { name } = &step.action {
                seen.insert(name.clone());
            }
        }
        for step in steps {
            let receiver = match step.action {
                Action::Send { to, .. } => Some(to),
                _ => None,
            };
            for name in std::iter::once(step.actor).chain(receiver) {
                if seen.insert(name.clone()) {
                    named.push(name);
                }
            }
        }
        named
    }
}

fn unroll<'s>(items: &'s [Item], rounds: &mut Rounds<'s>, unrolled: &mut Vec<Item>) {
    for item in items {
        match item {
            Item::Step(step) => unrolled.push(Item::Step(in_round(step, rounds).into_owned())),
            Item::Held(statement) => unrolled.push(Item::Held(held_in_round(statement, rounds))),
            Item::Together(block) => unrolled.push(Item::Together(Block {
                line: block.line,
                steps: block.steps.iter().map(|step| in_round(step, rounds).into_owned()).collect(),
            })),
            Item::Repeat { count, counter, items } => {
                each_round(*count, counter.as_deref(), rounds, |rounds| {
                    unroll(items, rounds, unrolled);
                });
            }
        }
    }
}

/// Calls `body` once for every round, with the round added to `rounds`.
pub(super) fn each_round<'c>(
    count: u32,
    counter: Option<&'c str>,
    rounds: &mut Rounds<'c>,
    mut body: impl FnMut(&mut Rounds<'c>),
) {
    let depth = rounds.len();
    for round in 1..=count {
        rounds.extend(counter.map(|counter| (counter, round)));
        body(rounds);
        rounds.truncate(depth);
    }
}

/// The step in these rounds.
pub(super) fn in_round<'s>(step: &'s Step, rounds: &Rounds<'_>) -> Cow<'s, Step> {
    if rounds.is_empty() {
        return Cow::Borrowed(step);
    }
    let mut step = step.clone();
    replace(&mut step.actor, rounds);
    for name in names_of(&mut step.action) {
        replace(name, rounds);
    }
    for outcome in step.expect.0.values_mut() {
        if let Outcome::Held { owner: LockOwner::Actor(name), .. } = outcome {
            replace(name, rounds);
        }
    }
    Cow::Owned(step)
}

/// The statement in these rounds.
pub(super) fn held_in_round(statement: &HeldStatement, rounds: &Rounds<'_>) -> HeldStatement {
    let mut statement = statement.clone();
    for entry in &mut statement.entries {
        replace(&mut entry.node.actor, rounds);
        replace(&mut entry.node.node, rounds);
    }
    statement
}

/// Replaces `$n` with the number of its round.
pub(super) fn replace(name: &mut String, rounds: &Rounds<'_>) {
    if !name.contains('$') {
        return;
    }
    let mut replaced = String::new();
    for part in parts(name) {
        match part {
            Part::Plain(text) => replaced.push_str(text),
            Part::Counter(counter) => match rounds.iter().find(|(name, _)| *name == counter) {
                // Writing to a `String` does not fail.
                Some((_, round)) => drop(write!(replaced, "{round}")),
                None => drop(write!(replaced, "${counter}")),
            },
        }
    }
    *name = replaced;
}

/// All names of actors, nodes and images in an action.
fn names_of(action: &mut Action) -> Vec<&mut String> {
    match action {
        Action::Open { node, options } => vec![node, &mut options.image],
        Action::Close { node }
        | Action::Reopen { node, .. }
        | Action::Set { node, .. }
        | Action::Inactivate { node }
        | Action::Activate { node }
        | Action::Read { node, .. }
        | Action::Write { node, .. }
        | Action::Seek { node, .. }
        | Action::Lock { node, .. }
        | Action::Unlock { node, .. }
        | Action::Test { node, .. } => vec![node],
        Action::Dup { node, copy } => vec![node, copy],
        Action::Send { node, to, copy } => vec![node, to, copy],
        Action::Fork { child: name } | Action::Thread { name } => vec![name],
        Action::Create { image, .. } | Action::Unlink { image } => vec![image],
        Action::HardLink { name, to }
        | Action::Symlink { name, to }
        | Action::Bind { name, to, .. }
        | Action::Overlay { name, over: to } => vec![name, to],
        Action::Rename { image, to } => vec![image, to],
        Action::Exec
        | Action::Exit
        | Action::Kill
        | Action::Stop
        | Action::Continue
        | Action::Signal
        | Action::Await => Vec::new(),
    }
}

//! Draws the next actor and its action from the state that the model predicts.

use super::dice::Dice;
use super::draw::{IMAGES, SIZES};
use super::plot::{HOST, Plot};
use imglock_core::Action;
use imglock_scenario::Prediction;

/// The maximum number of live processes and threads.
const MOST_ALIVE: usize = 5;
/// The maximum number of nodes in a descriptor table; few nodes give many
/// interactions.
const MOST_NODES: usize = 4;

/// The actions of an actor that is free to act, with their weights.
const FREE: [(&str, usize); 23] = [
    ("open", 14),
    ("close", 6),
    ("reopen", 6),
    ("set", 8),
    ("inactivate", 4),
    ("activate", 4),
    ("read", 2),
    ("write", 3),
    ("seek", 2),
    ("dup", 4),
    ("send", 4),
    ("lock", 14),
    ("wait", 8),
    ("unlock", 7),
    ("test", 7),
    ("fork", 2),
    ("thread", 3),
    ("exec", 1),
    ("exit", 1),
    ("kill", 2),
    ("stop", 2),
    ("continue", 1),
    ("signal", 1),
];
/// The same for an actor that has nothing open.
const EMPTY_HANDED: [(&str, usize); 6] =
    [("open", 60), ("fork", 1), ("thread", 2), ("exec", 1), ("kill", 1), ("stop", 1)];
/// The same for an actor that is blocked or paused.
const PENDING: [(&str, usize); 5] =
    [("await", 50), ("stop", 20), ("signal", 15), ("kill", 10), ("continue", 5)];
/// The same for an actor that is stopped.
const STOPPED: [(&str, usize); 3] = [("continue", 60), ("signal", 25), ("kill", 15)];

/// Adds one line to the plot, or none if the drawn line makes no sense. `left`
/// is the number of steps that the plot may still have.
pub(super) fn take(dice: &mut Dice, plot: &mut Plot, processes: &[&str], left: usize) {
    if dice.percent(4) {
        let action = names(dice);
        plot.add(HOST, action);
        return;
    }
    if left >= 2 && dice.percent(5) {
        return together(dice, plot, processes, left);
    }
    if let Some((actor, action)) = line(dice, plot, processes) {
        plot.add(&actor, action);
    }
}

/// Adds a block of two or three steps. If the model does not predict the
/// outcome of a block, few lines can follow it, so most of these blocks are
/// dropped.
fn together(dice: &mut Dice, plot: &mut Plot, processes: &[&str], left: usize) {
    let count = (2 + dice.below(2)).min(left);
    let mut steps: Vec<(String, Action)> = Vec::new();
    for _ in 0..4 * count {
        if let Some((actor, action)) = line(dice, plot, processes)
            && steps.len() < count
            && plot.admits_together(&steps, &actor, &action)
        {
            steps.push((actor, action));
        }
    }
    let unknown = |one: &Prediction| matches!(one, Prediction::Unknown(_));
    if !plot.foresee_together(&steps).iter().any(unknown) || dice.percent(15) {
        plot.add_together(steps);
    }
}

fn line(dice: &mut Dice, plot: &Plot, processes: &[&str]) -> Option<(String, Action)> {
    let alive = alive(plot, processes);
    let pending = |actor: &str| plot.is_stopped(actor) || plot.world().is_pending(actor);
    // Waiting actors act rarely, so that other actors can conflict with them.
    let weights: Vec<(usize, usize)> =
        alive.iter().map(|actor| if pending(actor) { 1 } else { 3 }).enumerate().collect();
    let actor = alive[dice.weighted(&weights)?];
    let nodes: Vec<&str> = plot.world().nodes(actor).collect();
    let menu = match () {
        () if plot.is_stopped(actor) => &STOPPED[..],
        () if plot.world().is_pending(actor) => &PENDING[..],
        () if nodes.is_empty() => &EMPTY_HANDED[..],
        () => &FREE[..],
    };
    let verb = dice.weighted(menu)?;
    let crowded = alive.len() >= MOST_ALIVE && matches!(verb, "fork" | "thread");
    let full = nodes.len() >= MOST_NODES && matches!(verb, "open" | "dup");
    if crowded || full {
        return None;
    }
    let action = action(dice, plot, actor, verb, &nodes, &alive)?;
    Some((actor.to_owned(), action))
}

/// The actors that have not exited, in order.
fn alive<'a>(plot: &'a Plot, processes: &[&'a str]) -> Vec<&'a str> {
    let made = plot.made().iter().map(String::as_str);
    processes.iter().copied().chain(made).filter(|actor| !plot.is_gone(actor)).collect()
}

fn action(
    dice: &mut Dice,
    plot: &Plot,
    actor: &str,
    verb: &str,
    nodes: &[&str],
    alive: &[&str],
) -> Option<Action> {
    let node = match dice.percent(97) {
        true => dice.pick(nodes).map(|node| (*node).to_owned()),
        // The node may be closed, or its open refused.
        false => dice.pick(&plot.nodes_ever(actor)).map(|node| (*node).to_owned()),
    };
    let node = || node.clone();
    Some(match verb {
        "open" => {
            let node = fresh_node(dice, plot, actor);
            let image = if dice.percent(70) { IMAGES[0] } else { dice.of(IMAGES) };
            Action::Open { node, options: dice.options(image) }
        }
        "close" => Action::Close { node: node()? },
        "reopen" => {
            let mode = dice.mode();
            Action::Reopen { node: node()?, mode, access: dice.access(mode) }
        }
        "set" => Action::Set { node: node()?, mode: dice.mode(), pause_after: dice.pause() },
        "inactivate" => Action::Inactivate { node: node()? },
        "activate" => Action::Activate { node: node()? },
        "read" => Action::Read { node: node()?, at: dice.place(), len: dice.length() },
        "write" => Action::Write { node: node()?, at: dice.place(), data: dice.witness() },
        "seek" => Action::Seek { node: node()?, to: dice.place() },
        "dup" => Action::Dup { node: node()?, copy: fresh_node(dice, plot, actor) },
        "send" => {
            let to = (*dice.pick(alive)?).to_owned();
            let copy = fresh_node(dice, plot, &to);
            Action::Send { node: node()?, to, copy }
        }
        "lock" | "wait" => {
            let (kind, range) = (dice.lock_type(), dice.range());
            Action::Lock { node: node()?, kind, range, wait: verb == "wait" }
        }
        "unlock" => Action::Unlock { node: node()?, range: dice.range() },
        "test" => Action::Test { node: node()?, kind: dice.lock_type(), range: dice.range() },
        "fork" => Action::Fork { child: format!("child{}", plot.made().len() + 1) },
        "thread" => Action::Thread { name: format!("thread{}", plot.made().len() + 1) },
        "exec" => Action::Exec,
        "exit" => Action::Exit,
        "kill" => Action::Kill,
        "stop" => Action::Stop,
        "continue" => Action::Continue,
        "signal" => Action::Signal,
        _ => Action::Await,
    })
}

/// A name for a node: mostly a new one, sometimes a used one, which may be free
/// again.
fn fresh_node(dice: &mut Dice, plot: &Plot, actor: &str) -> String {
    let ever = plot.nodes_ever(actor);
    if let Some(used) = dice.pick(&ever).filter(|_| dice.percent(30)) {
        return (*used).to_owned();
    }
    let numbers = 1..=ever.len() + 1;
    let mut names = numbers.map(|number| format!("n{number}"));
    names.find(|name| !ever.contains(&name.as_str())).unwrap_or_default()
}

fn names(dice: &mut Dice) -> Action {
    let (name, to) = (dice.of(IMAGES).to_owned(), dice.of(IMAGES).to_owned());
    match dice.below(5) {
        0 => Action::Create { image: name, size: dice.of(SIZES) },
        1 => Action::HardLink { name, to },
        2 => Action::Symlink { name, to },
        3 => Action::Rename { image: name, to },
        _ => Action::Unlink { image: name },
    }
}

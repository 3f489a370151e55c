//! Draws the next actor and its action from the state that the model predicts.

use super::dice::Dice;
use super::draw::{IMAGES, SIZES};
use super::plot::{HOST, Plot};
use imglock_core::Action;
use imglock_core::ActionKind::{self, *};
use imglock_scenario::Prediction;

/// The maximum number of live processes and threads.
const MOST_ALIVE: usize = 5;
/// The maximum number of nodes in a descriptor table; few nodes give many
/// interactions.
const MOST_NODES: usize = 4;

/// What can be drawn: a verb, or a waiting `lock`, which has a weight of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Draw {
    Verb(ActionKind),
    Wait,
}

const fn verb(kind: ActionKind) -> Draw {
    Draw::Verb(kind)
}

/// The actions of an actor that is free to act, with their weights.
const FREE: [(Draw, usize); 23] = [
    (verb(Open), 14),
    (verb(Close), 6),
    (verb(Reopen), 6),
    (verb(Set), 8),
    (verb(Inactivate), 4),
    (verb(Activate), 4),
    (verb(Read), 2),
    (verb(Write), 3),
    (verb(Seek), 2),
    (verb(Dup), 4),
    (verb(Send), 4),
    (verb(Lock), 14),
    (Draw::Wait, 8),
    (verb(Unlock), 7),
    (verb(Test), 7),
    (verb(Fork), 2),
    (verb(Thread), 3),
    (verb(Exec), 1),
    (verb(Exit), 1),
    (verb(Kill), 2),
    (verb(Stop), 2),
    (verb(Continue), 1),
    (verb(Signal), 1),
];
/// The same for an actor that has nothing open.
const EMPTY_HANDED: [(Draw, usize); 6] = [
    (verb(Open), 60),
    (verb(Fork), 1),
    (verb(Thread), 2),
    (verb(Exec), 1),
    (verb(Kill), 1),
    (verb(Stop), 1),
];
/// The same for an actor that is blocked or paused.
const PENDING: [(Draw, usize); 5] = [
    (verb(Await), 50),
    (verb(Stop), 20),
    (verb(Signal), 15),
    (verb(Kill), 10),
    (verb(Continue), 5),
];
/// The same for an actor that is stopped.
const STOPPED: [(Draw, usize); 3] = [(verb(Continue), 60), (verb(Signal), 25), (verb(Kill), 15)];

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
    let (kind, wait) = match dice.weighted(menu)? {
        Draw::Verb(kind) => (kind, false),
        Draw::Wait => (Lock, true),
    };
    let crowded = alive.len() >= MOST_ALIVE && matches!(kind, Fork | Thread);
    let full = nodes.len() >= MOST_NODES && matches!(kind, Open | Dup);
    if crowded || full {
        return None;
    }
    let action = action(dice, plot, actor, (kind, wait), &nodes, &alive)?;
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
    (kind, wait): (ActionKind, bool),
    nodes: &[&str],
    alive: &[&str],
) -> Option<Action> {
    let node = match dice.percent(97) {
        true => dice.pick(nodes).map(|node| (*node).to_owned()),
        // The node may be closed, or its open refused.
        false => dice.pick(&plot.nodes_ever(actor)).map(|node| (*node).to_owned()),
    };
    let node = || node.clone();
    Some(match kind {
        Open => {
            let node = fresh_node(dice, plot, actor);
            let image = if dice.percent(70) { IMAGES[0] } else { dice.of(IMAGES) };
            Action::Open { node, options: dice.options(image) }
        }
        Close => Action::Close { node: node()? },
        Reopen => {
            let mode = dice.mode();
            Action::Reopen { node: node()?, mode, access: dice.access(mode) }
        }
        Set => Action::Set { node: node()?, mode: dice.mode(), pause_after: dice.pause() },
        Inactivate => Action::Inactivate { node: node()? },
        Activate => Action::Activate { node: node()? },
        Read => Action::Read { node: node()?, at: dice.place(), len: dice.length() },
        Write => Action::Write { node: node()?, at: dice.place(), data: dice.witness() },
        Seek => Action::Seek { node: node()?, to: dice.place() },
        Dup => Action::Dup { node: node()?, copy: fresh_node(dice, plot, actor) },
        Send => {
            let to = (*dice.pick(alive)?).to_owned();
            let copy = fresh_node(dice, plot, &to);
            Action::Send { node: node()?, to, copy }
        }
        Lock => {
            let (kind, range) = (dice.lock_type(), dice.range());
            Action::Lock { node: node()?, kind, range, wait }
        }
        Unlock => Action::Unlock { node: node()?, range: dice.range() },
        Test => Action::Test { node: node()?, kind: dice.lock_type(), range: dice.range() },
        Fork => Action::Fork { child: format!("child{}", plot.made().len() + 1) },
        Thread => Action::Thread { name: format!("thread{}", plot.made().len() + 1) },
        Exec => Action::Exec,
        Exit => Action::Exit,
        Kill => Action::Kill,
        Stop => Action::Stop,
        Continue => Action::Continue,
        Signal => Action::Signal,
        Await => Action::Await,
        // The host's: see `names`.
        Create | HardLink | Symlink | Rename | Unlink | Bind | Overlay => return None,
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

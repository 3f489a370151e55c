//! Simpler replacements for a line.

use std::collections::BTreeSet;

use super::plot::HOST;
use imglock_core::{Access, Action, Claim, Mode, ModeSpec, OpenOptions, RangeSpec, Whence};
use imglock_scenario::{Item, Scenario, Step};

/// The scenario with one image less, or one process less.
pub(super) fn whole(scenario: &Scenario) -> Vec<Scenario> {
    let mut simpler = Vec::new();
    for (at, image) in scenario.images.iter().enumerate() {
        // Replaces each image by the first one.
        if let (Some(first), true) = (scenario.images.first(), at > 0) {
            let mut fewer = scenario.clone();
            fewer.images.remove(at);
            each_step(&mut fewer.items, &mut |step| rename_image(step, &image.name, &first.name));
            simpler.push(fewer);
        }
        if image.size != 0 {
            let mut smaller = scenario.clone();
            smaller.images[at].size = 0;
            simpler.push(smaller);
        }
    }
    let mut actors = BTreeSet::new();
    each_step(&mut scenario.items.clone(), &mut |step| {
        actors.insert(step.actor.clone());
    });
    actors.remove(HOST);
    for actor in &actors {
        for other in actors.iter().filter(|other| *other < actor) {
            let mut fewer = scenario.clone();
            each_step(&mut fewer.items, &mut |step| {
                if step.actor == *actor {
                    step.actor.clone_from(other);
                }
            });
            simpler.push(fewer);
        }
    }
    simpler
}

/// Simpler replacements for one line.
pub(super) fn line(item: &Item) -> Vec<Vec<Item>> {
    match item {
        Item::Step(step) => {
            let steps = actions(&step.action).into_iter();
            steps.map(|action| vec![Item::Step(Step { action, ..step.clone() })]).collect()
        }
        // The steps one after the other, or one step less.
        Item::Together(block) => {
            let alone = block.steps.iter().cloned().map(Item::Step).collect();
            let fewer = (0..block.steps.len()).map(|left_out| {
                let mut block = block.clone();
                block.steps.remove(left_out);
                vec![Item::Together(block)]
            });
            std::iter::once(alone).chain(fewer).collect()
        }
        Item::Held(_) | Item::Repeat { .. } => Vec::new(),
    }
}

fn actions(action: &Action) -> Vec<Action> {
    match action {
        Action::Open { node, options } => {
            let open = |options| Action::Open { node: node.clone(), options };
            options_of(options).into_iter().map(open).collect()
        }
        Action::Reopen { node, mode, .. } => {
            let set = Action::Set { node: node.clone(), mode: *mode, pause_after: None };
            let reopens = modes(*mode).into_iter().map(|mode| Action::Reopen {
                node: node.clone(),
                mode,
                access: Access::needed_by(mode.claim()),
            });
            std::iter::once(set).chain(reopens).collect()
        }
        Action::Set { node, mode, pause_after } => {
            let set = |mode, pause_after| Action::Set { node: node.clone(), mode, pause_after };
            let unpaused = pause_after.is_some().then(|| set(*mode, None));
            let simpler = modes(*mode).into_iter().map(|mode| set(mode, *pause_after));
            unpaused.into_iter().chain(simpler).collect()
        }
        Action::Lock { node, kind, range, wait } => {
            let lock = |range, wait| Action::Lock { node: node.clone(), kind: *kind, range, wait };
            let at_once = wait.then(|| lock(*range, false));
            at_once.into_iter().chain(ranges(*range).map(|range| lock(range, *wait))).collect()
        }
        Action::Unlock { node, range } => {
            ranges(*range).map(|range| Action::Unlock { node: node.clone(), range }).collect()
        }
        Action::Test { node, kind, range } => ranges(*range)
            .map(|range| Action::Test { node: node.clone(), kind: *kind, range })
            .collect(),
        Action::Exit => vec![Action::Kill],
        Action::Close { .. }
        | Action::Inactivate { .. }
        | Action::Activate { .. }
        | Action::Read { .. }
        | Action::Write { .. }
        | Action::Seek { .. }
        | Action::Dup { .. }
        | Action::Send { .. }
        | Action::Fork { .. }
        | Action::Thread { .. }
        | Action::Exec
        | Action::Kill
        | Action::Stop
        | Action::Continue
        | Action::Signal
        | Action::Await
        | Action::Create { .. }
        | Action::HardLink { .. }
        | Action::Symlink { .. }
        | Action::Rename { .. }
        | Action::Unlink { .. }
        | Action::Bind { .. }
        | Action::Overlay { .. } => Vec::new(),
    }
}

/// The options with one part removed, in every way.
fn options_of(options: &OpenOptions) -> Vec<OpenOptions> {
    let plain = OpenOptions::new(options.image.clone(), options.mode);
    let one_less = [
        OpenOptions { access: plain.access, ..options.clone() },
        OpenOptions { backend: None, ..options.clone() },
        OpenOptions { locking: None, ..options.clone() },
        OpenOptions { inactive: false, ..options.clone() },
        OpenOptions { cloexec: true, ..options.clone() },
        OpenOptions { pause_after: None, ..options.clone() },
    ];
    let modes = modes(options.mode).into_iter().map(|mode| {
        let access = match options.access {
            access if access == plain.access => Access::needed_by(mode.claim()),
            access => access,
        };
        OpenOptions { mode, access, ..options.clone() }
    });
    let simpler = std::iter::once(plain.clone()).chain(one_less).chain(modes);
    simpler.filter(|simpler| simpler != options && is_allowed(simpler)).collect()
}

/// Whether the format allows these options: a writer needs write access.
fn is_allowed(options: &OpenOptions) -> bool {
    options.access != Access::ReadOnly
        || Access::needed_by(options.mode.claim()) == Access::ReadOnly
}

/// Simpler modes: no permissions, the usual modes, and a mode's name instead of
/// its permissions.
fn modes(mode: ModeSpec) -> Vec<ModeSpec> {
    const USUAL: [Mode; 4] = [Mode::None, Mode::ToolRo, Mode::Ro, Mode::Rw];
    let rank = |mode: ModeSpec| match mode {
        ModeSpec::Named(mode) => USUAL.iter().position(|usual| *usual == mode).unwrap_or(4),
        ModeSpec::Claim(_) => 5,
    };
    let usual = USUAL.map(ModeSpec::Named).into_iter().filter(|usual| rank(*usual) < rank(mode));
    let ModeSpec::Claim(claim) = mode else { return usual.collect() };
    let bits = claim.held.each().map(|one| Claim::new(claim.held - one.into(), claim.shared));
    let shared =
        claim.unshared().each().map(|one| Claim::new(claim.held, claim.shared | one.into()));
    usual.chain(bits.chain(shared).map(ModeSpec::Claim)).collect()
}

/// Shorter ranges, counted from the start.
fn ranges(range: RangeSpec) -> impl Iterator<Item = RangeSpec> {
    let RangeSpec { whence, start, len } = range;
    let simpler = [
        RangeSpec::at(start, len),
        RangeSpec { whence, start, len: 1 },
        RangeSpec { whence, start: 0, len },
        RangeSpec::byte(0),
    ];
    let worth =
        move |one: &RangeSpec| (one.whence == Whence::Set || one.whence == whence) && *one != range;
    simpler.into_iter().filter(worth)
}

fn each_step(items: &mut [Item], change: &mut dyn FnMut(&mut Step)) {
    for item in items {
        match item {
            Item::Step(step) => change(step),
            Item::Together(block) => block.steps.iter_mut().for_each(&mut *change),
            Item::Held(_) | Item::Repeat { .. } => {}
        }
    }
}

fn rename_image(step: &mut Step, from: &str, to: &str) {
    let name = match &mut step.action {
        Action::Open { options, .. } => &mut options.image,
        Action::Rename { image, .. } | Action::Unlink { image } => image,
        Action::HardLink { to, .. }
        | Action::Symlink { to, .. }
        | Action::Bind { to, .. }
        | Action::Overlay { over: to, .. } => to,
        Action::Close { .. }
        | Action::Reopen { .. }
        | Action::Set { .. }
        | Action::Inactivate { .. }
        | Action::Activate { .. }
        | Action::Read { .. }
        | Action::Write { .. }
        | Action::Seek { .. }
        | Action::Dup { .. }
        | Action::Send { .. }
        | Action::Lock { .. }
        | Action::Unlock { .. }
        | Action::Test { .. }
        | Action::Fork { .. }
        | Action::Thread { .. }
        | Action::Exec
        | Action::Exit
        | Action::Kill
        | Action::Stop
        | Action::Continue
        | Action::Signal
        | Action::Await
        | Action::Create { .. } => return,
    };
    if name == from {
        to.clone_into(name);
    }
}

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{action, world};
use crate::model::{Prediction, TableLocks, World};
use imglock_core::{
    Action, Backend, ByteRange, Claim, LockType, ModeSpec, Outcome, Permission, Permissions,
    Refusal, Side,
};
use imglock_locks::{AcquireError, ByteClaims};

#[derive(Debug, Clone)]
enum Move {
    Open(Claim),
    Set(Claim),
    Close,
}

fn claim() -> impl Strategy<Value = Claim> {
    (0..16_u8, 0..16_u8).prop_map(|(held, shared)| {
        Claim::new(Permissions::from_bits_truncate(held), Permissions::from_bits_truncate(shared))
    })
}

fn moves(actors: usize) -> impl Strategy<Value = Vec<(usize, Move)>> {
    let one =
        prop_oneof![claim().prop_map(Move::Open), claim().prop_map(Move::Set), Just(Move::Close)];
    prop::collection::vec((0..actors, one), 0..40)
}

fn open(node: &str, claim: Claim) -> Action {
    let (_, mut open) = action("vm open disk none access=read-write");
    if let Action::Open { node: name, options } = &mut open {
        *name = node.to_owned();
        options.mode = ModeSpec::Claim(claim);
    }
    open
}

fn set(node: &str, claim: Claim) -> Action {
    Action::Set { node: node.to_owned(), mode: ModeSpec::Claim(claim), pause_after: None }
}

/// Predicts and applies one step.
fn take(world: &mut World, actor: &str, step: &Action) -> Outcome {
    match world.predict(actor, step) {
        Prediction::Exactly(outcome) => {
            world.apply(actor, step, &outcome);
            outcome
        }
        Prediction::Unknown(why) => panic!("unknown: {why}"),
    }
}

/// The contract, in terms of claims instead of bytes.
fn contract(new: Claim, others: &[Claim]) -> Outcome {
    if !others.iter().any(|other| other.conflicts_with(new)) {
        return Outcome::Granted;
    }
    let wanted = |p: &Permission| new.held.has(*p) && others.iter().any(|o| !o.shared.has(*p));
    let unshared = |p: &Permission| !new.shared.has(*p) && others.iter().any(|o| o.held.has(*p));
    let first = |side, offends: &dyn Fn(&Permission) -> bool| {
        Permission::ALL.into_iter().find(offends).map(|permission| Refusal { side, permission })
    };
    let refusal = first(Side::Wanted, &wanted).or_else(|| first(Side::Unshared, &unshared));
    Outcome::Refused(refusal.expect("a conflict has an offending permission"))
}

proptest! {
    #[test]
    fn openers_are_refused_exactly_when_claims_conflict(moves in moves(4)) {
        let mut world = world(Backend::Ofd);
        let mut claims: BTreeMap<usize, Claim> = BTreeMap::new();
        for (who, step) in moves {
            let actor = format!("vm{who}");
            let others: Vec<Claim> =
                claims.iter().filter(|(other, _)| **other != who).map(|(_, claim)| *claim).collect();
            let (step, goal) = match step {
                Move::Open(_) if claims.contains_key(&who) => continue,
                Move::Open(claim) => (open("disk", claim), Some(claim)),
                Move::Set(claim) => (set("disk", claim), Some(claim)),
                Move::Close => (Action::Close { node: "disk".into() }, None),
            };
            let expected = match (goal, claims.get(&who)) {
                (None, Some(_)) => Outcome::Done,
                (Some(goal), None) if matches!(step, Action::Open { .. }) => contract(goal, &others),
                (_, None) => Outcome::NotOpen,
                (Some(goal), Some(old)) => {
                    if old.held.contains(goal.held) && goal.shared.contains(old.shared) {
                        Outcome::Granted
                    } else {
                        contract(goal, &others)
                    }
                }
            };
            prop_assert_eq!(take(&mut world, &actor, &step), expected.clone());
            match (goal, expected) {
                (Some(goal), Outcome::Granted) => {
                    claims.insert(who, goal);
                }
                (None, _) => {
                    claims.remove(&who);
                }
                _ => {}
            }
            let bytes: usize = world.locks().iter().map(|l| (l.range.last - l.range.first + 1) as usize).sum();
            let needed: usize = claims.values().map(|c| c.held.iter().count() + c.unshared().iter().count()).sum();
            prop_assert_eq!(bytes, needed, "the locked bytes are those of the claims");
        }
    }

    #[test]
    fn the_protocol_that_workers_run_agrees_with_the_model(
        moves in moves(6),
        posix in any::<bool>(),
        strays in prop::collection::vec((0..4_i64, any::<bool>(), any::<bool>()), 0..3),
    ) {
        let backend = if posix { Backend::Posix } else { Backend::Ofd };
        let mut world = world(backend);
        let stranger = TableLocks::new(backend);
        let mut stray = stranger.in_another_process();
        take(&mut world, "stray", &open("raw", Claim::NOTHING));
        for (byte, unshared, write) in strays {
            let kind = if write { LockType::Write } else { LockType::Read };
            let range = imglock_core::RangeSpec::byte(if unshared { 200 } else { 100 } + byte);
            let lock = Action::Lock { node: "raw".into(), kind, range, wait: false };
            take(&mut world, "stray", &lock);
            imglock_core::ByteLocks::set(&mut stray, kind, range).expect("no conflict");
        }
        // Three processes with two nodes each.
        let processes: Vec<TableLocks> = (0..3).map(|_| stranger.in_another_process()).collect();
        let mut nodes: BTreeMap<usize, (TableLocks, ByteClaims)> = BTreeMap::new();
        for (who, step) in moves {
            let (actor, node) = (format!("vm{}", who / 2), format!("node{}", who % 2));
            let (foreseen, real) = match step {
                Move::Open(_) if nodes.contains_key(&who) => continue,
                Move::Open(claim) => {
                    let mut locks = processes[who / 2].in_the_same_process();
                    let mut claims = ByteClaims::default();
                    let real = claims.change(&mut locks, claim);
                    match &real {
                        Ok(()) => {
                            nodes.insert(who, (locks, claims));
                        }
                        Err(_) => locks.close(),
                    }
                    (take(&mut world, &actor, &open(&node, claim)), real)
                }
                Move::Set(claim) => {
                    let Some((locks, claims)) = nodes.get_mut(&who) else { continue };
                    let real = claims.change(locks, claim);
                    (take(&mut world, &actor, &set(&node, claim)), real)
                }
                Move::Close => {
                    let Some((locks, _)) = nodes.remove(&who) else { continue };
                    locks.close();
                    take(&mut world, &actor, &Action::Close { node });
                    continue;
                }
            };
            let real = match real {
                Ok(()) => Outcome::Granted,
                Err(AcquireError::Refused(refusal)) => Outcome::Refused(refusal),
                Err(AcquireError::LockByte { byte, error }) => {
                    Outcome::LockByte { byte, error: error.errno() }
                }
                Err(AcquireError::Test { wanted, error }) => {
                    Outcome::LockByte { byte: wanted.byte(), error: error.errno() }
                }
            };
            prop_assert_eq!(foreseen, real);
            let mut kernel: Vec<(LockType, ByteRange)> = stray.held();
            match backend {
                Backend::Ofd => kernel.extend(nodes.values().flat_map(|(locks, _)| locks.held())),
                Backend::Posix => kernel.extend(processes.iter().flat_map(TableLocks::held)),
            }
            kernel.sort();
            let mut model: Vec<_> = world.locks().iter().map(|l| (l.kind, l.range)).collect();
            model.sort();
            prop_assert_eq!(model, kernel);
        }
    }

    #[test]
    fn whatever_happened_the_world_goes_on(
        steps in prop::collection::vec((0..4_usize, 0..LINES.len(), 0..OUTCOMES.len(), any::<bool>()), 0..60),
        posix in any::<bool>(),
    ) {
        let mut world = world(if posix { Backend::Posix } else { Backend::Ofd });
        for (who, line, outcome, adopt) in steps {
            let line = format!("vm{who} {}", LINES[line]);
            let (actor, step) = action(&line);
            let observed: Outcome = OUTCOMES[outcome].parse().expect("an outcome");
            match world.predict(actor, &step) {
                Prediction::Exactly(foreseen) if !adopt => world.apply(actor, &step, &foreseen),
                _ => world.apply(actor, &step, &observed),
            }
            prop_assert!(world.locks().is_sorted());
        }
        for who in 0..4 {
            let name = format!("vm{who}");
            world.apply(&name, &Action::Kill, &Outcome::Done);
        }
        prop_assert_eq!(world.locks(), [], "the dead hold nothing");
    }
}

const OUTCOMES: [&str; 9] = [
    "granted",
    "refused write",
    "byte 101 EAGAIN",
    "EAGAIN",
    "blocked",
    "paused",
    "done",
    "not-open",
    "free",
];

const LINES: [&str; 30] = [
    "open disk rw",
    "open disk share-rw inherit",
    "open disk rw pause=2",
    "open disk ro inactive",
    "open more share-rw",
    "open disk ro locking=auto",
    "close disk",
    "close more",
    "reopen disk rw",
    "set disk ro",
    "set disk rw pause=1",
    "inactivate disk",
    "activate disk",
    "dup disk as=more",
    "send disk to=vm0",
    "lock disk write start=100 len=5 wait",
    "lock disk start=0 len=0 wait",
    "unlock disk start=0 len=0",
    "test disk write start=0 len=0",
    "fork vm1",
    "thread vm2",
    "exec",
    "exit",
    "kill",
    "stop",
    "continue",
    "signal",
    "await",
    "unlink disk.img",
    "rename base.img to=disk.img",
];

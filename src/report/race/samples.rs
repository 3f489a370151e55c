//! Races made by hand: quiet, with hazards, broken, and with QEMU.

use crate::report::samples;
use imglock_core::{Backend, Hazard, Mode, Permission, Refusal, Side};
use imglock_engine::{
    Breach, RaceEvidence, RaceLeftOut, RaceProof, RaceSum, RaceTally, RaceTurn, Sightings,
};
use imglock_scenario::{HistoryMatter, OpenAnswer, Opening, OpeningEnd};

/// Nothing is wrong.
pub fn quiet() -> RaceSum {
    RaceSum {
        environment: samples::environment(),
        backend: Backend::Ofd,
        subject: "builtin".to_owned(),
        openers: 4,
        sharing: 2,
        seed: 481_516,
        modes: Mode::ALL.to_vec(),
        left_out: Vec::new(),
        planned: Some(1_000_000),
        rounds: 1_000_000,
        elapsed_ms: 42_000,
        complete: true,
        rounds_per_second: 23_809.5,
        winners: vec![2_600, 58_900, 242_250, 380_200, 316_050],
        contested: 683_950,
        nobody_won: 2_600,
        refusals: 1_051_800,
        counts: 563_200,
        lost_updates: 0,
        unclear: 0,
        breaches: Vec::new(),
        hazards: Vec::new(),
    }
}

/// The hazards of POSIX locks.
pub fn posix() -> RaceSum {
    let [writer, sibling, other] = [
        granted(3, Mode::Rw, [1_000, 12_000, 80_000, 83_000]),
        granted(2, Mode::RwFixed, [5_000, 21_000, 40_000, 44_000]),
        granted(0, Mode::Ro, [43_000, 61_000, 90_000, 93_000]),
    ];
    let turns = vec![
        other.clone(),
        refused(1, Mode::Qcow2Rw, 2_000, 18_000),
        sibling.clone(),
        writer.clone(),
    ];
    let same_owner = HistoryMatter::SameOwner { first: writer.stay, second: sibling.stay };
    let lock_loss =
        HistoryMatter::LockLoss { loser: writer.stay, closer: sibling.stay, other: other.stay };
    RaceSum {
        backend: Backend::Posix,
        lost_updates: 12_345,
        hazards: vec![
            tally(Hazard::LockLoss, 21_800, Some(lock_loss), &turns),
            tally(Hazard::SameOwner, 93_900, Some(same_owner), &turns),
        ],
        ..quiet()
    }
}

/// Locks that do not hold, and a race that was stopped.
pub fn broken() -> RaceSum {
    let [first, second] = [
        granted(0, Mode::BackupTarget, [0, 20_000, 60_000, 64_000]),
        granted(1, Mode::Qcow2Rw, [4_000, 30_000, 110_000, 120_000]),
    ];
    let two = HistoryMatter::TwoHolders { first: first.stay, second: second.stay };
    let turns = vec![first, second];
    let alone = refused(1, Mode::Rw, 30_000, 52_000);
    let unjustified = HistoryMatter::Unjustified { refused: alone.stay, before: None, after: None };
    let failing = RaceTurn { failure: Some("No locks available".into()), ..alone.clone() };
    let words = Some("opener 2: No locks available".to_owned());
    let failed = tally(Breach::FailedCall, 1, None, &[turns[0].clone(), failing]);
    RaceSum {
        openers: 2,
        sharing: 0,
        modes: vec![Mode::Rw, Mode::Qcow2Rw, Mode::BackupTarget],
        rounds: 12_345,
        elapsed_ms: 512,
        complete: false,
        winners: vec![100, 12_000, 245],
        contested: 12_100,
        nobody_won: 100,
        counts: 11_000,
        lost_updates: 1,
        unclear: 3,
        breaches: vec![
            tally(Breach::TwoHolders, 245, Some(two), &turns),
            tally(Breach::UnjustifiedRefusal, 2, Some(unjustified), &[turns[0].clone(), alone]),
            RaceTally { first: RaceEvidence { words, ..failed.first }, ..failed },
        ],
        ..quiet()
    }
}

/// With a QEMU program, which cannot open in every mode.
pub fn qemu() -> RaceSum {
    let cannot = "qemu-io cannot have an image open without holding consistent-read";
    let left_out = |mode| RaceLeftOut { mode, why: cannot.to_owned() };
    RaceSum {
        subject: "builtin+qemu-io".to_owned(),
        sharing: 0,
        modes: vec![Mode::Rw],
        left_out: vec![left_out(Mode::None), left_out(Mode::Inactive)],
        planned: None,
        rounds: 1,
        elapsed_ms: 9,
        rounds_per_second: 111.0,
        winners: vec![0, 1, 0, 0, 0],
        contested: 1,
        nobody_won: 0,
        counts: 0,
        ..quiet()
    }
}

fn tally<Kind>(
    kind: Kind,
    rounds: u64,
    matter: Option<HistoryMatter>,
    turns: &[RaceTurn],
) -> RaceTally<Kind> {
    let seen = Sightings {
        claims: if matter.is_some() { rounds } else { 0 },
        data: rounds / 3,
        history: if matter.is_some() { rounds } else { 0 },
    };
    let turns = turns.to_vec();
    RaceTally {
        kind,
        rounds,
        seen,
        first: RaceEvidence { round: 1_234, matter, words: None, turns },
    }
}

fn granted(opener: usize, mode: Mode, moments: [u64; 4]) -> RaceTurn {
    let [attempt_ns, at, from_ns, until_ns] = moments.map(|moment| 7_000_000 + moment);
    let end = Some(OpeningEnd::Closed { from_ns, until_ns });
    turn(opener, mode, attempt_ns, (at, OpenAnswer::Granted), end)
}

fn refused(opener: usize, mode: Mode, attempt: u64, at: u64) -> RaceTurn {
    let refusal = Refusal { side: Side::Unshared, permission: Permission::ConsistentRead };
    let answer = (7_000_000 + at, OpenAnswer::Refused(Some(refusal)));
    turn(opener, mode, 7_000_000 + attempt, answer, None)
}

fn turn(
    opener: usize,
    mode: Mode,
    attempt_ns: u64,
    answer: (u64, OpenAnswer),
    end: Option<OpeningEnd>,
) -> RaceTurn {
    let stay = Opening { opener, claim: mode.claim(), attempt_ns, answer: Some(answer), end };
    RaceTurn { mode, stay, proof: RaceProof::default(), failure: None }
}

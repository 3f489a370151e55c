//! Sweeps made by hand: agreeing, differing, and incomplete ones.

use crate::report::samples;
use imglock_core::{Backend, Mode, Outcome, Permissions};
use imglock_engine::{
    Arrangement, ClaimDeparture, ClaimDifference, ClaimSweep, CommonDifference, DifferencePattern,
    OpenerProcesses, Openers, Shard, SweptPart,
};

fn swept(arrangement: Arrangement) -> SweptPart {
    let granted = match (arrangement.backend, arrangement.processes) {
        (Backend::Posix, OpenerProcesses::One) => 65_536,
        _ => 6_561,
    };
    SweptPart {
        arrangement,
        rows: 256,
        rows_done: 256,
        granted,
        refused: 65_536 - granted,
        other: 0,
        took_us: 612_345,
        differences: 0,
        patterns: Vec::new(),
        first_differences: Vec::new(),
    }
}

/// Every pair is as expected.
pub fn agreeing() -> ClaimSweep {
    ClaimSweep {
        complete: true,
        environment: samples::environment(),
        openers: Openers::Two,
        shard: Shard::WHOLE,
        arrangements: Arrangement::on(&Backend::ALL).into_iter().map(swept).collect(),
    }
}

/// Half way through a part of the larger one.
pub fn half() -> ClaimSweep {
    let mut half = agreeing();
    half.complete = false;
    half.openers = Openers::Three;
    half.shard = "2/4".parse().expect("a part");
    for swept in &mut half.arrangements {
        swept.rows = 1_640;
    }
    half.arrangements[2].rows_done = 0;
    half.arrangements[3].rows_done = 0;
    half
}

/// With OFD locks a second writer is granted; with POSIX locks some locks are left over.
pub fn differing() -> ClaimSweep {
    let mut differing = agreeing();
    let write = Permissions::WRITE;
    let wanted = CommonDifference {
        wanted: write,
        unshared: Permissions::empty(),
        taken: Permissions::empty(),
        kept: write,
    };
    let outcome = |text: &str| -> Outcome { text.parse().expect("an outcome") };
    let ofd = &mut differing.arrangements[0];
    let arrangement = ofd.arrangement;
    let difference = |holder: Mode, claim: Mode, actual: &str| ClaimDifference {
        arrangement,
        holders: vec![holder.claim()],
        claim: Some(claim.claim()),
        departure: ClaimDeparture::Outcome {
            expected: outcome("refused write"),
            actual: outcome(actual),
        },
    };
    (ofd.granted, ofd.refused, ofd.other, ofd.differences) = (11_422, 54_112, 2, 4_863);
    ofd.patterns = vec![
        pattern("refused write", "granted", 4_861, wanted),
        pattern(
            "refused write",
            "EBADF",
            2,
            CommonDifference { taken: write | Permissions::RESIZE, ..wanted },
        ),
    ];
    ofd.first_differences = vec![
        difference(Mode::Rw, Mode::Rw, "granted"),
        difference(Mode::Rw, Mode::ShareRw, "granted"),
        difference(Mode::Qcow2Rw, Mode::ToolRw, "EBADF"),
    ];
    let posix = &mut differing.arrangements[1];
    posix.differences = 1;
    let common = CommonDifference { unshared: write, ..wanted };
    posix.patterns = vec![pattern("no locks after the last close", "locks", 1, common)];
    posix.first_differences = vec![ClaimDifference {
        arrangement: posix.arrangement,
        departure: ClaimDeparture::Left { actual: Vec::new() },
        ..difference(Mode::Ro, Mode::Rw, "granted")
    }];
    differing
}

/// A process died.
pub fn silent() -> ClaimSweep {
    let mut silent = agreeing();
    silent.complete = false;
    silent.arrangements.truncate(1);
    let swept = &mut silent.arrangements[0];
    let why = "the process died".to_owned();
    (swept.rows_done, swept.granted, swept.refused, swept.differences) = (1, 16, 240, 1);
    let nothing = Permissions::empty();
    let common =
        CommonDifference { wanted: nothing, unshared: nothing, taken: nothing, kept: nothing };
    swept.patterns = vec![pattern("an answer", "none: the process died", 1, common)];
    swept.first_differences = vec![ClaimDifference {
        arrangement: swept.arrangement,
        holders: vec![Mode::Rw.claim()],
        claim: Some(Mode::Ro.claim()),
        departure: ClaimDeparture::Silence { why },
    }];
    silent
}

fn pattern(
    expected: &str,
    actual: &str,
    count: u64,
    common: CommonDifference,
) -> DifferencePattern {
    DifferencePattern { expected: expected.to_owned(), actual: actual.to_owned(), count, common }
}

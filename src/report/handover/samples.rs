//! Handovers made by hand: as usual, without a gap, and with unexpected ends.

use crate::report::samples;
use imglock_core::Mode;
use imglock_engine::{Environment, SubjectProgram};
use imglock_qemu::{
    ContestedHandover, Handling, HandoverEnd, HandoverGaps, HandoverSeries, Handovers,
    WatchedHandover,
};

fn watched(held_us: Option<u64>, hole_us: u64) -> WatchedHandover {
    let unshared_us = held_us.map(|held| held + 800);
    let gaps = HandoverGaps { held_us, unshared_us, hole_us, looks: 412 };
    WatchedHandover { took_us: 14_300, gaps, end: HandoverEnd::Runs, two_held: false }
}

fn contested(granted: bool, end: HandoverEnd) -> ContestedHandover {
    let recovered = (end == HandoverEnd::Paused).then_some(true);
    ContestedHandover { granted, tries: 3_911, end, recovered, two_held: false }
}

/// With gaps, and an opener that is granted sometimes.
pub fn usual() -> Handovers {
    let environment = Environment {
        qemu: vec![SubjectProgram {
            name: "qemu-system".to_owned(),
            path: "/usr/bin/qemu-system-x86_64".into(),
            version: "7.2.0".to_owned(),
        }],
        ..samples::environment()
    };
    let plain = HandoverSeries {
        handling: Handling::Plain,
        watched: vec![
            watched(Some(1_400), 600),
            watched(Some(180), 90),
            watched(None, 2_900),
            watched(Some(21_000), 4_000),
        ],
        contested: vec![
            contested(true, HandoverEnd::Paused),
            contested(false, HandoverEnd::Runs),
            contested(false, HandoverEnd::RunsShared),
            contested(false, HandoverEnd::Paused),
        ],
    };
    let late = HandoverSeries {
        handling: Handling::Late,
        watched: vec![watched(Some(2_200), 150); 4],
        contested: vec![contested(true, HandoverEnd::Paused); 4],
    };
    Handovers { environment, rounds: 4, series: vec![plain, late] }
}

/// Without a gap seen, and with an opener that is never granted.
pub fn quiet() -> Handovers {
    let mut quiet = usual();
    quiet.series.truncate(1);
    quiet.series[0].watched = vec![watched(None, 50); 4];
    quiet.series[0].contested = vec![contested(false, HandoverEnd::Runs); 4];
    quiet
}

/// With two holders and unexpected ends.
pub fn broken() -> Handovers {
    let mut broken = usual();
    let rw = Mode::Rw.claim();
    let twice = HandoverEnd::Other { status: "running".to_owned(), destination: rw, source: rw };
    broken.series[0].watched[1].end = twice;
    broken.series[0].watched[1].two_held = true;
    broken.series[1].contested[2].recovered = Some(false);
    let why = "no answer within the time a step may take".to_owned();
    broken.series[1].watched[0].end = HandoverEnd::Failed { why };
    broken
}

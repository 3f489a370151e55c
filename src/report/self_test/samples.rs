//! Self-tests made by hand: every fate, and every end of a hunt.

use std::time::Duration;

use crate::report::samples;
use imglock_core::Backend;
use imglock_engine::{Detection, Detector, Fault, FaultCatch, FaultResult, HuntEnd, SelfTest};

/// One fault of each fate.
pub fn tested() -> SelfTest {
    let caught_at_once = vec![hunt(Detector::Suite, Backend::Ofd, 12, caught_by_suite())];
    let caught_late = vec![
        hunt(Detector::Suite, Backend::Ofd, 202, HuntEnd::Nothing),
        hunt(Detector::Suite, Backend::Posix, 198, HuntEnd::Nothing),
        hunt(Detector::Matrix, Backend::Ofd, 17, caught_by_matrix()),
    ];
    let survived = vec![
        hunt(Detector::Suite, Backend::Ofd, 202, HuntEnd::Nothing),
        hunt(Detector::Suite, Backend::Posix, 198, HuntEnd::Nothing),
        hunt(Detector::Matrix, Backend::Ofd, 484, HuntEnd::Nothing),
        hunt(
            Detector::Matrix,
            Backend::Posix,
            0,
            HuntEnd::Skipped("no posix locks here".to_owned()),
        ),
    ];
    let skipped = vec![
        hunt(
            Detector::Suite,
            Backend::Posix,
            0,
            HuntEnd::Skipped("every close drops them".to_owned()),
        ),
        hunt(
            Detector::Matrix,
            Backend::Posix,
            0,
            HuntEnd::Skipped("every close drops them".to_owned()),
        ),
    ];
    let results = [
        (Fault::UnlockIgnored, caught_at_once),
        (Fault::NoCheck, caught_late),
        (Fault::LetsGoForAMoment, survived),
        (Fault::CloseDropsAll, skipped),
    ];
    let result = |(fault, hunts)| FaultResult { fault, hunts, done: true };
    SelfTest {
        environment: samples::environment(),
        hunters: Detector::ALL.to_vec(),
        thorough: false,
        baseline: vec![
            hunt(Detector::Suite, Backend::Ofd, 202, HuntEnd::Nothing),
            hunt(Detector::Suite, Backend::Posix, 198, HuntEnd::Nothing),
            hunt(Detector::Matrix, Backend::Ofd, 484, HuntEnd::Nothing),
            hunt(
                Detector::Matrix,
                Backend::Posix,
                0,
                HuntEnd::Skipped("no posix locks here".to_owned()),
            ),
        ],
        results: results.into_iter().map(result).collect(),
        complete: true,
        elapsed: Duration::from_millis(5_432),
    }
}

/// One that was stopped after the first detector had caught one fault.
pub fn interrupted() -> SelfTest {
    let mut tested = SelfTest { complete: false, ..tested() };
    tested.baseline.truncate(2);
    for result in tested.results.iter_mut().skip(1) {
        result.hunts.truncate(1);
        result.done = false;
    }
    tested
}

/// One with a failure without a planted fault.
pub fn unsound() -> SelfTest {
    let mut tested = interrupted();
    tested.baseline[0].end = caught_by_suite();
    for result in &mut tested.results {
        result.hunts.clear();
        result.done = false;
    }
    tested
}

fn hunt(hunter: Detector, backend: Backend, runs: u64, end: HuntEnd) -> Detection {
    Detection { hunter, backend, runs, duration: Duration::from_micros(1_234 * runs), end }
}

fn caught_by_suite() -> HuntEnd {
    HuntEnd::Caught(FaultCatch {
        at: "permissions/downgrade-lets-others-in:14".into(),
        said: "the kernel's lock table has ofd read 100-101 image 0 by vm1.disk for ofd read 100 \
               image 0 by vm1.disk"
            .to_owned(),
    })
}

fn caught_by_matrix() -> HuntEnd {
    HuntEnd::Caught(FaultCatch {
        at: "ro then rw".into(),
        said: "it gave `granted`, and the matrix states `refused write`".to_owned(),
    })
}

//! A run at several places, made by hand.

use std::time::Duration;

use imglock_core::{Backend, Verdict};
use imglock_engine::{Boot, Environment, Place, PlaceFate, ScenarioResult, TourRecord};
use imglock_scenario::{ExpectedVerdict, Known};

use super::samples::{environment, hazard_shown, job, passed, result};
use super::{Rerun, RunRecord};

/// A finished run at several places: one where all runs pass, one with a known
/// failure and an unexpected pass, a skipped one, and a lost kernel.
pub fn several_places() -> RunRecord {
    let of = |name: &str, kernel: &str, file_system: &str| {
        let environment = Environment {
            kernel: kernel.to_owned(),
            file_system: file_system.to_owned(),
            ..environment()
        };
        Place::reached(name.into(), environment)
    };
    let skipped =
        PlaceFate::Skipped { why: "mkfs.xfs is not installed (Debian: xfsprogs)".to_owned() };
    let lost = PlaceFate::Lost {
        why: "the kernel panicked while posix/hot-unplug ran".to_owned(),
        console: vec![
            "BUG: kernel NULL pointer dereference, address: 0000000000000008".to_owned(),
            "Kernel panic - not syncing: Fatal exception".to_owned(),
        ],
    };
    let boot = |complaints: &[&str]| {
        let complaints = complaints.iter().map(|line| (*line).to_owned()).collect();
        Some(Boot { image: "linux-6.12.deb".into(), accelerator: "tcg".to_owned(), complaints })
    };
    let places = vec![
        of("ext4", "6.18.0", "ext4"),
        Place { fate: skipped, ..of("xfs", "6.18.0", "xfs") },
        of("fuse-locks", "6.18.0", "fuse"),
        Place {
            boot: boot(&["WARNING: CPU: 0 PID: 71 at fs/locks.c:2500"]),
            ..of("6.12.0-cloud/ext4", "6.12.0-cloud", "ext4")
        },
        Place { boot: boot(&[]), fate: lost, ..of("6.12.0-cloud/tmpfs", "6.12.0-cloud", "tmpfs") },
    ];
    let known = || {
        let why = "A FUSE server is not told that an OFD lock is released".to_owned();
        Some(Known {
            expected: ExpectedVerdict::Fails,
            why,
            link: Some("https://example.org/fuse".to_owned()),
        })
    };
    let at = |place: &str, result: ScenarioResult| ScenarioResult { place: place.into(), ..result };
    let failed = |name: &str, backend| result(name, backend, Verdict::Failed, "a lock stayed");
    let (writer, unplug) = ("contract/second-writer", "posix/hot-unplug");
    let mut results = Vec::new();
    for place in ["ext4", "6.12.0-cloud/ext4"] {
        for backend in Backend::ALL {
            results.push(at(place, passed(writer, backend)));
        }
        results.push(at(place, passed("contract/close", Backend::Ofd)));
        results.push(at(place, hazard_shown()));
    }
    for result in [failed(writer, Backend::Ofd), passed(writer, Backend::Posix)] {
        results.push(at("fuse-locks", ScenarioResult { known: known(), ..result }));
    }
    results.push(at("fuse-locks", failed("contract/close", Backend::Ofd)));
    let skipped = result(unplug, Backend::Posix, Verdict::Skipped, "its locks cannot be seen here");
    results.push(at("fuse-locks", skipped));
    results.push(at("6.12.0-cloud/tmpfs", passed(writer, Backend::Ofd)));
    let planned = [
        (writer, Backend::Ofd),
        (writer, Backend::Posix),
        ("contract/close", Backend::Ofd),
        (unplug, Backend::Posix),
    ];
    let planned = planned.map(|(name, backend)| job(name, backend)).to_vec();
    let planned_places = places.iter().map(|place| place.name.clone()).collect();
    let mut record = RunRecord::new(TourRecord::new(planned, planned_places), Rerun::default());
    record.tour.places = places;
    record.tour.results = results;
    record.began = chrono::DateTime::UNIX_EPOCH;
    record.elapsed = Duration::from_millis(4321);
    record
}

//! `imglock holders --json` beside lslocks(8) and beside the trace. In every
//! embedded scenario, they are compared after each change of the lock table.
//! All three must show the same locks and the same owners.
//!
//! Without lslocks only two are compared, unless `IMGLOCK_REQUIRE` names
//! `lslocks`. Without root nothing can be mounted, and scenarios that do are
//! left out, unless it names `file-systems`.

#[path = "../outside/requirement.rs"]
#[expect(dead_code, reason = "this test uses its own part of it")]
mod requirement;
mod sight;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use imglock_core::{Backend, TableLock, Verdict};
use imglock_engine::{Engine, PrivateMounts, RunOptions, SessionOptions, Snapshot, StopToken};
use imglock_scenario::Scenario;
use requirement::{is_met, not_installed};

/// How many scenarios run at a time.
const LANES: usize = 2;

fn main() {
    // This must come first: the engine makes processes by starting this program again.
    imglock_qemu::init();
    let lslocks = is_met("lslocks", not_installed("lslocks"));
    // `imglock holders` must see the mounts of the scenarios.
    let mounts = PrivateMounts::enter();
    let missing = mounts.as_ref().err().map(ToString::to_string);
    let mounts = if is_met("file-systems", missing) { mounts.ok() } else { None };
    let jobs = Mutex::new(jobs());
    let total = std::thread::scope(|scope| {
        let lanes: Vec<_> =
            (0..LANES).map(|_| scope.spawn(|| lane(&jobs, lslocks, &mounts))).collect();
        lanes.into_iter().map(|lane| lane.join().expect("a lane ends")).fold(
            Lane::default(),
            |sum, lane| Lane {
                scenarios: sum.scenarios + lane.scenarios,
                moments: sum.moments + lane.moments,
                objections: [sum.objections, lane.objections].concat(),
            },
        )
    });
    let Lane { scenarios, moments, objections } = total;
    let with = if lslocks { "lslocks and the trace" } else { "the trace" };
    println!("{moments} moments of {scenarios} runs compared with {with}");
    assert!(objections.is_empty(), "{} differ:\n{}", objections.len(), objections.join("\n"));
    assert!(moments > 2 * scenarios, "hardly anything was compared");
}

/// The number of readings of a table after which a difference counts.
const MOST_LOOKS: usize = 5;

/// The findings of one lane.
#[derive(Default)]
struct Lane {
    scenarios: usize,
    moments: usize,
    objections: Vec<String>,
}

/// Every scenario on every backend that it makes sense on.
fn jobs() -> VecDeque<(Scenario, Backend)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut jobs = VecDeque::new();
    for theme in std::fs::read_dir(folder).expect("the scenarios").flatten() {
        let Ok(files) = std::fs::read_dir(theme.path()) else { continue };
        for file in files.flatten().map(|file| file.path()) {
            let name = file.display().to_string();
            let text = std::fs::read_to_string(&file).expect("a readable file");
            let scenario = Scenario::parse(&name, &name, &text).expect("a valid scenario");
            if !scenario.makes_sense_on(None) {
                continue;
            }
            let backends = scenario.backends.clone();
            jobs.extend(backends.into_iter().map(|backend| (scenario.clone(), backend)));
        }
    }
    jobs
}

fn lane(
    jobs: &Mutex<VecDeque<(Scenario, Backend)>>,
    lslocks: bool,
    mounts: &Option<PrivateMounts>,
) -> Lane {
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let options = SessionOptions {
        step_timeout: Duration::from_secs(30),
        mounts: mounts.clone(),
        ..SessionOptions::new(std::env::temp_dir(), stop)
    };
    let mut engine = Engine::prepare(&options, Backend::Ofd).expect("an engine");
    let mut lane = Lane::default();
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    while let Some((scenario, backend)) = next() {
        let mut last: Option<Vec<TableLock>> = None;
        let mut look = |moment: &Snapshot<'_>| {
            let Some(event) = moment.event() else { return };
            let Some(table) = event.table.as_ref().filter(|table| last.as_ref() != Some(table))
            else {
                return;
            };
            lane.moments += 1;
            // A process that another lane starts has a copy of every descriptor until it calls
            // exec. What is at rest is read again before a difference counts.
            let mut objections = sight::compare(moment, table, lslocks);
            for _ in 1..MOST_LOOKS {
                if objections.is_empty() {
                    break;
                }
                objections = sight::compare(moment, table, lslocks);
            }
            lane.objections.extend(objections.into_iter().map(|objection| {
                format!("{} on {backend}, line {}: {objection}", scenario.name, event.line)
            }));
            last = Some(table.clone());
        };
        let result =
            engine.run(&scenario, RunOptions::new(backend).watched(&mut look)).expect("a run");
        // Watching must not change the result.
        let cannot_mount = scenario.mounts() && result.verdict == Verdict::Skipped;
        if result.verdict != Verdict::Passed && !cannot_mount {
            lane.objections.push(format!("{} on {backend}: {}", scenario.name, result.reason));
        }
        lane.scenarios += 1;
    }
    lane
}

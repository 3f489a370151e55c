//! The whole embedded suite on both backends, beside a program that starts as
//! many processes and lets them exit.

mod paired;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use imglock_core::Verdict;
use imglock_engine::{Casting, Job, Launcher, LauncherOptions, Session, SessionOptions, StopToken};
use imglock_scenario::Scenario;

/// Less than 2 s on a quiet machine: a wait that users do not notice.
const AIM: f64 = 3.0;

fn main() {
    imglock_qemu::init();
    let scenarios = scenarios(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"));
    let jobs: Vec<Job> = scenarios
        .iter()
        // Some are meant for a FUSE server or an overlay, or need root.
        .filter(|scenario| scenario.makes_sense_on(None) && !scenario.mounts())
        .flat_map(|scenario| {
            scenario.backends.iter().map(|backend| Job {
                scenario: Arc::clone(scenario),
                backend: *backend,
                casting: Casting::default(),
            })
        })
        .collect();
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path().to_owned();
    let options = SessionOptions { jobs: 2, ..SessionOptions::new(place.clone(), stop.clone()) };
    let launcher = LauncherOptions::new(place, stop);
    let paired = paired::measure(
        5,
        || {
            let session = Session::start(jobs.clone(), options.clone()).expect("a session");
            for result in session {
                let result = result.expect("a result");
                assert_eq!(result.verdict, Verdict::Passed, "{}", result.scenario);
            }
        },
        || {
            let mut launcher = Launcher::start(&launcher).expect("a launcher");
            for job in &jobs {
                launcher.begin().expect("a directory");
                launcher.spawn(&job.scenario.actors()).expect("workers");
                launcher.end().expect("all gone");
            }
        },
    );
    let what = format!("suite of {} results on 2 lanes", jobs.len());
    paired::report(&what, "its processes started and ended, 1 lane", &paired, 1, AIM);
}

fn scenarios(folder: &Path) -> Vec<Arc<Scenario>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for theme in std::fs::read_dir(folder).expect("the scenarios").flatten() {
        if theme.path().is_dir() {
            let entries = std::fs::read_dir(theme.path()).expect("a theme").flatten();
            files.extend(entries.map(|entry| entry.path()));
        }
    }
    let read = |file: &PathBuf| {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).expect("a readable file");
        Arc::new(Scenario::parse(&name, &name, &text).expect("a valid scenario"))
    };
    files.iter().map(read).collect()
}

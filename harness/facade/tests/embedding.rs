//! A test as another project would write it, with `harness = false`: scenarios
//! of its own, run on both kinds of lock.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use imglock_harness::lock::Backend;
use imglock_harness::process::StopToken;
use imglock_harness::run::{Casting, Job, ScenarioResult, Session, SessionOptions, Verdict};
use imglock_harness::scenario::Scenario;

/// Name and text of each scenario.
const STORIES: [(&str, &str); 2] = [
    (
        "backup-beside-a-guest",
        r#"
        summary "A backup tool that takes no locks beyond reading is let in beside a cluster disk"
        about "The guest shares everything, so a reader may come and go as it likes."
        image cluster.img size=65536
        guest open disk image=cluster.img mode=share-rw
        guest write disk at=0 data="before"
        backup open disk image=cluster.img mode=tool-ro
        backup read disk at=0 len=6 { expect "data before"; }
        thief open disk image=cluster.img mode=rw { expect "refused shared write"; }
        backup close disk
        held {
            guest disk mode=share-rw
        }
        "#,
    ),
    (
        "hot-unplug",
        r#"
        summary "A second node that is closed takes the first one's locks along under POSIX"
        about "A POSIX lock belongs to the process, and any close of the file drops it."
        hazard posix=lock-loss
        guest open disk mode=rw
        guest open spare mode=force-share
        guest close spare
        thief open disk mode=rw { expect ofd="refused write" posix=granted; }
        "#,
    ),
];

fn main() -> ExitCode {
    // First of all: processes are made by starting this program again.
    imglock_harness::init();

    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs every story on each backend; says how many failed.
fn run() -> Result<usize, Box<dyn Error>> {
    let jobs = jobs()?;
    let planned = jobs.len();
    // Nobody triggers it here; a signal handler could.
    let (_trigger, stop) = StopToken::pair()?;
    let options = SessionOptions { jobs: 2, ..SessionOptions::new(std::env::temp_dir(), stop) };
    println!("running {planned} tests");
    let (mut passed, mut failed) = (0, 0);
    for result in Session::start(jobs, options)? {
        let result = result?;
        match result.verdict {
            Verdict::Passed => passed += 1,
            Verdict::Skipped => {}
            Verdict::Failed | Verdict::TimedOut => failed += 1,
        }
        report(&result);
    }
    let skipped = planned - passed - failed;
    println!("\ntest result: {passed} passed, {failed} failed, {skipped} skipped");
    Ok(failed)
}

fn jobs() -> Result<Vec<Job>, Box<dyn Error>> {
    let mut jobs = Vec::new();
    for (name, text) in STORIES {
        let scenario = Arc::new(Scenario::parse(name, file!(), text)?);
        for &backend in &scenario.backends {
            jobs.push(Job {
                scenario: Arc::clone(&scenario),
                backend,
                casting: Casting::default(),
            });
        }
    }
    // What would not be noticed otherwise: that nothing is tested.
    assert_eq!(jobs.len(), STORIES.len() * Backend::ALL.len());
    Ok(jobs)
}

fn report(result: &ScenarioResult) {
    println!("test {} on {} ... {}", result.scenario, result.backend, result.verdict);
    if result.verdict != Verdict::Passed {
        println!("    {}", result.reason);
    }
    for hazard in &result.hazards {
        println!("    shows {hazard}: {}", hazard.meaning());
    }
}

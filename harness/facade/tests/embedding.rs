//! A test as another project writes it, with `harness = false` in its
//! Cargo.toml: it runs its own scenario files on both kinds of lock.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use imglock_harness::prelude::*;

fn main() -> ExitCode {
    // First in `main`: the engine starts this program again as its workers.
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

/// Runs every job and returns how many failed.
fn run() -> Result<usize, Box<dyn Error>> {
    let jobs = jobs()?;
    let planned = jobs.len();
    // A signal handler could trigger it.
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

/// Each scenario of the folder on each backend.
fn jobs() -> Result<Vec<Job>, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut jobs = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let text = std::fs::read_to_string(&path)?;
        let scenario = Arc::new(Scenario::parse(&*name, &path.display().to_string(), &text)?);
        for &backend in &scenario.backends {
            let casting = Casting::default();
            jobs.push(Job { scenario: Arc::clone(&scenario), backend, casting });
        }
    }
    // A run that tests nothing must not pass.
    if jobs.is_empty() { Err("no scenario was found".into()) } else { Ok(jobs) }
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

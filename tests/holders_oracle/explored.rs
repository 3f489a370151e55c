//! Moments of random scenarios, while all their processes stand still.

use std::path::PathBuf;
use std::time::Duration;

use imglock_core::Backend;
use imglock_engine::{Engine, ExplorePlan, RunOptions, SessionOptions, Snapshot, StopToken};
use imglock_locks::survey_settled;

use crate::situation::Dice;
use crate::{Tally, compare};

/// The number of scenarios for each kind of lock.
const CASES: u64 = 60;

/// Compares each image after each step with a real open, unless a process waits for a lock: the
/// attempt would wake it.
pub fn compare_all(seed: u64, tally: &mut Tally) {
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let options = SessionOptions {
        step_timeout: Duration::from_secs(30),
        ..SessionOptions::new(std::env::temp_dir(), stop)
    };
    let mut engine = Engine::prepare(&options, Backend::Ofd).expect("an engine");
    let mut dice = Dice::new(seed, "explored");
    for backend in Backend::ALL {
        let plan = ExplorePlan::new(backend, seed, CASES);
        for number in 0..CASES {
            let scenario = plan.case(number).scenario();
            let mut look = |moment: &Snapshot<'_>| {
                let Some(event) = moment.event() else { return };
                if event.table.iter().flatten().any(|lock| lock.waiting) {
                    return;
                }
                let paths = images(moment);
                let survey = survey_settled(&paths).expect("a survey");
                for (path, image) in paths.iter().zip(&survey.images) {
                    tally.situations += 1;
                    tally.locked += usize::from(image.is_held());
                    if let Some(wrong) = compare(path, image, dice.mode(), tally) {
                        let name = &scenario.name;
                        tally
                            .wrong
                            .push(format!("{name} on {backend}, line {}: {wrong}", event.line));
                    }
                }
            };
            engine.run(&scenario, RunOptions::new(backend).watched(&mut look)).expect("a run");
        }
    }
}

fn images(moment: &Snapshot<'_>) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(moment.directory).expect("the directory");
    entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}

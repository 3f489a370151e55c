//! Random locks on real files of every file system: what a survey says about an open, beside the
//! result of that open.
//!
//! While nothing changes, a survey must never say "granted" where the open is refused, nor
//! "refused" where it is granted, and must name the same conflict. Without root only the temporary
//! directory's own file system is tried, unless `IMGLOCK_REQUIRE` names `file-systems`.

mod commands;
mod explored;
#[path = "../outside/requirement.rs"]
#[expect(dead_code, reason = "this test uses its own part of it")]
mod requirement;
mod situation;

use std::path::Path;

use imglock_core::{FileSystem, Mode};
use imglock_engine::{LauncherOptions, Site, StopToken};
use imglock_locks::{Forecast, SurveyedImage, survey_settled, would_grant};
use requirement::{is_met, not_root};
use situation::{Dice, Situation, attempt};

/// The number of situations, over all file systems.
const SITUATIONS: usize = 10_000;
/// How many images one survey looks at.
const AT_ONCE: usize = 50;
/// How many modes are tried on each image.
const MODES: usize = 5;

fn main() {
    // This must come first: the engine makes processes by starting this program again.
    imglock_qemu::init();
    let seed = std::env::var("IMGLOCK_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let mut tally = Tally::default();
    match is_met("file-systems", not_root("mounting a file system")) {
        true => {
            let site =
                Site::open(&LauncherOptions::new(std::env::temp_dir(), stop)).expect("a site");
            let made: Vec<_> = FileSystem::ALL
                .into_iter()
                .filter_map(|kind| Some((kind, site.make(kind).ok()?)))
                .collect();
            let share = SITUATIONS.div_ceil(made.len());
            for (kind, place) in &made {
                let before = tally.clone();
                try_in(place.directory(), kind.name(), share, seed, &mut tally);
                let image = place.directory().join("disk.img");
                std::fs::write(&image, [0; 512]).expect("an image");
                tally.add(commands::compare_at(&image, kind.name(), true));
                println!("{kind}: {}", tally.since(&before));
            }
            behind_a_loop_device(&mut tally);
            assert!(made.len() >= 5, "hardly any file system was made: {made:?}");
        }
        false => {
            let folder = tempfile::tempdir().expect("a directory");
            try_in(folder.path(), "here", SITUATIONS, seed, &mut tally);
        }
    }
    let before = tally.clone();
    explored::compare_all(seed, &mut tally);
    println!("explored: {}", tally.since(&before));
    println!("seed {seed}: {tally}");
    assert!(tally.wrong.is_empty(), "{} wrong:\n{}", tally.wrong.len(), tally.wrong.join("\n"));
    // Otherwise the test compares nothing.
    assert!(tally.granted > SITUATIONS && tally.refused > SITUATIONS / 2, "{tally}");
    assert!(tally.locked > SITUATIONS / 2, "{tally}");
}

/// What was compared.
#[derive(Debug, Clone, Default)]
struct Tally {
    situations: usize,
    locked: usize,
    granted: usize,
    refused: usize,
    /// Pairs of commands.
    commands: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, (pairs, wrong): (usize, Vec<String>)) {
        self.commands += pairs;
        self.wrong.extend(wrong);
    }

    fn since(&self, before: &Tally) -> Tally {
        Tally {
            situations: self.situations - before.situations,
            locked: self.locked - before.locked,
            granted: self.granted - before.granted,
            refused: self.refused - before.refused,
            commands: self.commands - before.commands,
            wrong: self.wrong[before.wrong.len()..].to_vec(),
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Tally { situations, locked, granted, refused, commands, wrong } = self;
        write!(
            f,
            "{situations} situations, {locked} of them locked; {granted} opens granted, {refused} refused; \
             {commands} pairs of commands; {} wrong answers",
            wrong.len()
        )
    }
}

/// Compares the commands on a block device. It is detached when its last user has gone.
fn behind_a_loop_device(tally: &mut Tally) {
    let image = tempfile::NamedTempFile::new().expect("an image");
    image.as_file().set_len(1 << 20).expect("an image");
    let losetup = |arguments: &[&std::ffi::OsStr]| {
        let run =
            std::process::Command::new("losetup").args(arguments).output().expect("losetup runs");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8_lossy(&run.stdout).trim().to_owned()
    };
    let device = losetup(&["--find".as_ref(), "--show".as_ref(), image.path().as_os_str()]);
    tally.add(commands::compare_at(Path::new(&device), "a loop device", true));
    losetup(&["--detach".as_ref(), device.as_ref()]);
}

fn try_in(directory: &Path, place: &str, number: usize, seed: u64, tally: &mut Tally) {
    let mut dice = Dice::new(seed, place);
    let mut left = number;
    while left > 0 {
        let now = left.min(AT_ONCE);
        left -= now;
        let situations: Vec<Situation> =
            (0..now).map(|number| Situation::make(directory, number, &mut dice)).collect();
        let paths: Vec<&Path> = situations.iter().map(|one| one.path.as_path()).collect();
        let survey = survey_settled(&paths).expect("a survey");
        assert!(survey.settled, "other programs changed locks all the time");
        for (situation, image) in situations.iter().zip(&survey.images) {
            tally.situations += 1;
            tally.locked += usize::from(image.is_held());
            if let Some(objection) = situation.objection(image) {
                tally.wrong.push(format!("{place}: {situation}: {objection}"));
            }
            for _ in 0..MODES {
                if let Some(wrong) = compare(&situation.path, image, dice.mode(), tally) {
                    tally.wrong.push(format!("{place}: {situation}: {wrong}"));
                }
            }
        }
    }
}

/// What is wrong about the prediction for this mode. Counts the real outcome.
fn compare(path: &Path, image: &SurveyedImage, mode: Mode, tally: &mut Tally) -> Option<String> {
    let told = would_grant(image, mode.claim()).forecast;
    let real = attempt(path, mode.claim());
    match real {
        None => tally.granted += 1,
        Some(_) => tally.refused += 1,
    }
    let right = match told {
        Forecast::Granted => real.is_none(),
        Forecast::Refused(obstacle) => real == Some(obstacle),
        Forecast::Fails(_) | Forecast::Unknown(_) => false,
    };
    (!right).then(|| format!("{mode}: told {told:?}, tried {real:?}"))
}

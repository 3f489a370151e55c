use std::io::Write;

use imglock_engine::Environment;
use imglock_qemu::Recipe;

use super::practice::{exit, practice, unless_stopped};
use super::subject;
use crate::cli::ModesArgs;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::Output;
use crate::report::modes::{self as report, Trial};

/// `imglock modes`.
pub fn modes(args: ModesArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let binaries = subject::found(&args.qemu.programs, &[])?;
    let modes = args.modes();
    let mut recipes = modes.iter().flat_map(|mode| Recipe::of(*mode));
    if recipes.all(|recipe| recipe.players(&binaries).is_empty()) {
        return Err(Failure::NoPlayer {
            why: "none of QEMU's programs that the modes need was found".to_owned(),
        });
    }
    let stop = interrupt::stop_on_signals()?;
    let mut practice = practice(&args.qemu, &stop)?;
    let environment = Environment::at(&args.qemu.images.directory());
    if !args.json {
        report::head(&environment, output)?;
    }
    let mut trials: Vec<Trial> = Vec::new();
    for mode in &modes {
        let before = trials.len();
        for recipe in Recipe::of(*mode) {
            let mut checks = Vec::new();
            for player in recipe.players(&binaries) {
                checks.push(unless_stopped(&stop, practice.check(recipe, player, &binaries))?);
            }
            trials.push(Trial { recipe, checks });
        }
        if !args.json {
            report::block(*mode, &trials[before..], output)?;
            output.flush()?;
        }
    }
    match args.json {
        true => report::json(&environment, &trials, output)?,
        false => report::sum(&trials, output)?,
    }
    output.flush()?;
    let checks = trials.iter().flat_map(|trial| &trial.checks);
    exit(checks.map(|check| (check.verdict, &*check.reason)))
}

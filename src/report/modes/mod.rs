//! What real QEMU locks, mode by mode, beside what the mode table says.

mod text;

#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;

pub use text::{block, head, sum};

use std::io::{self, Write};

use imglock_harness::drill::{ModeCheck, Player, Recipe};
use imglock_harness::image::{Claim, Mode, Permissions};
use imglock_harness::run::Environment;
use serde::Serialize;

/// The version of the document; it rises when a reader could be broken.
const SCHEMA: u32 = 1;

/// A recipe, and what it came to with each QEMU that could be asked that way.
#[derive(Debug)]
pub struct Trial {
    /// The recipe.
    pub recipe: &'static Recipe,
    /// What it came to; empty where no QEMU can be asked.
    pub checks: Vec<ModeCheck>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    environment: &'a Environment,
    checks: Vec<&'a ModeCheck>,
    /// What no QEMU here can be asked.
    missing: Vec<Missing>,
}

#[derive(Serialize)]
struct Missing {
    mode: Mode,
    how: &'static str,
    /// Who could be asked.
    takes: Vec<String>,
}

/// All of it as one JSON document.
///
/// # Errors
/// When `out` cannot be written.
pub fn json(environment: &Environment, trials: &[Trial], out: &mut dyn Write) -> io::Result<()> {
    let checks = trials.iter().flat_map(|trial| &trial.checks).collect();
    let missing = trials.iter().filter(|trial| trial.checks.is_empty()).map(|trial| Missing {
        mode: trial.recipe.mode,
        how: trial.recipe.how,
        takes: trial.recipe.players.iter().map(Player::to_string).collect(),
    });
    let missing = missing.collect();
    let document = Document { schema: SCHEMA, environment, checks, missing };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// Permission numbers, such as `0 1`; `-` for none.
fn numbers(permissions: Permissions) -> String {
    let numbers: Vec<String> = permissions.each().map(|one| one.number().to_string()).collect();
    if numbers.is_empty() { "-".to_owned() } else { numbers.join(" ") }
}

/// `held 0 1, unshared 1`.
fn bytes(claim: Claim) -> String {
    format!("held {}, unshared {}", numbers(claim.held), numbers(claim.unshared()))
}

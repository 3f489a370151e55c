//! The lock bytes of real QEMU, mode by mode, beside those of the mode table.

mod text;

#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;

pub use text::{block, head, sum};

use std::io::{self, Write};

use imglock_core::{Claim, Permissions};
use imglock_engine::Environment;
use imglock_qemu::{DrillPlayer, ModeCheck, Recipe};
use serde_json::{Value, json};

use super::document;

/// A recipe, and its result with each QEMU that it suits.
#[derive(Debug)]
pub struct Trial {
    /// The recipe.
    pub recipe: &'static Recipe,
    /// The results; empty where no installed QEMU suits.
    pub checks: Vec<ModeCheck>,
}

/// Writes all results as one JSON document.
pub fn json(environment: &Environment, trials: &[Trial], out: &mut dyn Write) -> io::Result<()> {
    let checks: Vec<&ModeCheck> = trials.iter().flat_map(|trial| &trial.checks).collect();
    // The recipes without a suitable QEMU here, and the QEMUs that would suit.
    let missing = trials.iter().filter(|trial| trial.checks.is_empty()).map(|trial| {
        let takes: Vec<String> = trial.recipe.players.iter().map(DrillPlayer::to_string).collect();
        json!({ "mode": trial.recipe.mode, "how": trial.recipe.how, "takes": takes })
    });
    let missing: Vec<Value> = missing.collect();
    let document =
        json!({ "schema": 1, "environment": environment, "checks": checks, "missing": missing });
    document::write(&document, out)
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

use clap::Args;
use imglock_core::Mode;

use super::QemuArgs;
use super::choice::{chosen, mode_parser};

/// Arguments of `modes`.
#[derive(Debug, Args)]
pub struct ModesArgs {
    /// Modes to test [default: all].
    #[arg(value_name = "MODE", value_parser = mode_parser())]
    given: Vec<Mode>,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub json: bool,
    /// QEMU's programs, the directory and the time limit.
    #[command(flatten)]
    pub qemu: QemuArgs,
}

impl ModesArgs {
    /// The chosen modes, once each, in the usual order.
    pub fn modes(&self) -> Vec<Mode> {
        chosen(Mode::ALL, &self.given)
    }
}

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use imglock_harness::image::Mode;

use super::QemuArgs;

/// What `modes` reads.
#[derive(Debug, Args)]
pub struct ModesArgs {
    /// Only these modes.
    #[arg(value_name = "MODE", value_parser = mode_parser())]
    given: Vec<Mode>,
    /// Print one JSON document instead.
    #[arg(long)]
    pub json: bool,
    /// Which QEMUs, and where.
    #[command(flatten)]
    pub qemu: QemuArgs,
}

impl ModesArgs {
    /// Each mode that was asked for, once, in the usual order; all of them when
    /// none was.
    pub fn modes(&self) -> Vec<Mode> {
        let is_wanted = |mode: &Mode| self.given.is_empty() || self.given.contains(mode);
        Mode::ALL.iter().copied().filter(is_wanted).collect()
    }
}

fn mode_parser() -> impl TypedValueParser<Value = Mode> {
    PossibleValuesParser::new(Mode::ALL.iter().map(|mode| mode.name()))
        .try_map(|word| word.parse::<Mode>())
}

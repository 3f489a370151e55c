use clap::Args;

use super::QemuArgs;

/// Arguments of `handover`.
#[derive(Debug, Args)]
pub struct HandoverArgs {
    /// Number of handovers to measure for each line of the tables.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rounds: u32,
    /// QEMU's programs, the directory and the time limit.
    #[command(flatten)]
    pub qemu: QemuArgs,
    /// Print one JSON document with every handover, instead of the tables.
    #[arg(long)]
    pub json: bool,
}

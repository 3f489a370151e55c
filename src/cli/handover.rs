use clap::Args;

use super::QemuArgs;

/// What `handover` reads.
#[derive(Debug, Args)]
pub struct HandoverArgs {
    /// How many times a guest is moved for each line of the tables.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rounds: u32,
    /// Which QEMUs, and where.
    #[command(flatten)]
    pub qemu: QemuArgs,
    /// Print one JSON document instead, with every handover in it.
    #[arg(long)]
    pub json: bool,
}

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::place::parse_seconds;

/// What `handover` reads.
#[derive(Debug, Args)]
pub struct HandoverArgs {
    /// How many times a guest is moved for each line of the tables.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rounds: u32,
    /// Where to look for QEMU's programs before PATH; may be given more than
    /// once.
    #[arg(long = "qemu-dir", value_name = "DIR")]
    pub qemu_dirs: Vec<PathBuf>,
    /// Where the image is made [default: the temporary directory].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// How long one command may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    pub timeout: Duration,
    /// Print one JSON document instead, with every handover in it.
    #[arg(long)]
    pub json: bool,
}

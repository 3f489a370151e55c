use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::place::parse_seconds;

/// What `probe` reads.
#[derive(Debug, Args)]
pub struct ProbeArgs {
    /// Directories whose file systems are tried, or files in them; a file
    /// itself is never touched.
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// How many holders of a lock are killed to see when it goes.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rounds: u32,
    /// How long one step may take, in seconds; a lock that outlives its killed
    /// holder for longer is not as it must be.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds)]
    pub timeout: Duration,
    /// Print one JSON document instead.
    #[arg(long)]
    pub json: bool,
}

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::seconds::parse_limit;

/// Arguments of `probe`.
#[derive(Debug, Args)]
pub struct ProbeArgs {
    /// Directories on the file systems to test, or files in them; the files
    /// themselves are never touched. A block device is itself locked.
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// Number of lock holders to kill, to measure when their locks are
    /// released.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rounds: u32,
    /// Time limit for one step, in seconds.
    ///
    /// A lock that outlives its killed holder for longer than this is reported
    /// as wrong.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_limit)]
    pub timeout: Duration,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

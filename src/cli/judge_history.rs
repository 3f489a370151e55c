use std::path::PathBuf;

use clap::Args;

/// What `judge-history` reads.
#[derive(Debug, Args)]
pub struct JudgeHistoryArgs {
    /// The history: JSON Lines, a header and then one event a line; - reads
    /// standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
}

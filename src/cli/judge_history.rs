use std::path::PathBuf;

use clap::Args;

/// Arguments of `judge-history`.
#[derive(Debug, Args)]
pub struct JudgeHistoryArgs {
    /// The history in JSON Lines: a header, then one event per line; - reads
    /// standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
}

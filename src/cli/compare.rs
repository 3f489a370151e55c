use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The older report.
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// Newer reports; each is compared with OLD.
    #[arg(value_name = "NEW", required = true)]
    pub new: Vec<PathBuf>,
    /// Report a run as slower if it takes FACTOR times as long as before.
    ///
    /// The factor must be exceeded both by the run itself and in relation to
    /// the other runs at its place. A slower run is not a broken run.
    #[arg(long, value_name = "FACTOR", default_value = "3", value_parser = parse_factor)]
    pub slower: f64,
    /// Format of standard output.
    #[arg(long, default_value = "human")]
    pub format: CompareFormat,
    /// Show every list in full, and every broken run with its details.
    #[arg(long)]
    pub all: bool,
}

/// `compare --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompareFormat {
    /// Text for a terminal.
    Human,
    /// Plain text in Markdown, for a mail.
    Markdown,
    /// One JSON document.
    Json,
}

fn parse_factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && factor > 1.0 => Ok(factor),
        _ => Err("write a number greater than 1, such as 3".to_owned()),
    }
}

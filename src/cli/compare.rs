use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What `compare` reads.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The older report: what is compared with.
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// The newer ones; each is compared with OLD.
    #[arg(value_name = "NEW", required = true)]
    pub new: Vec<PathBuf>,
    /// How many times as long a run must take as before to be called slower,
    /// by itself and beside the other runs of its place; it breaks nothing.
    #[arg(long, value_name = "FACTOR", default_value = "3", value_parser = parse_factor)]
    pub slower: f64,
    /// What goes to standard output.
    #[arg(long, default_value = "human")]
    pub format: CompareFormat,
    /// Tell all of every list, and each broken run in full.
    #[arg(long)]
    pub all: bool,
}

/// `compare --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompareFormat {
    /// For reading.
    Human,
    /// For a mail: plain text that is Markdown too.
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

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::place::parse_seconds;

/// Which QEMUs, where they work, and how long they may take; shared by the
/// commands that are about QEMU itself.
#[derive(Debug, Args)]
pub struct QemuArgs {
    /// Where to look for QEMU's programs before PATH; may be given more than
    /// once.
    #[arg(long = "qemu-dir", value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// Where images are made [default: the temporary directory].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How long one command may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    pub timeout: Duration,
}

impl QemuArgs {
    /// Where images are made.
    pub fn directory(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(std::env::temp_dir)
    }
}

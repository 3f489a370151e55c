use std::time::Duration;

use clap::Args;

use super::seconds::parse_limit;
use super::{DirectoryArgs, QemuDirArgs};

/// The programs, the directory and the time limit of the commands that drive
/// QEMU.
#[derive(Debug, Args)]
pub struct QemuArgs {
    /// The directories with QEMU's programs.
    #[command(flatten)]
    pub programs: QemuDirArgs,
    /// The directory for the images.
    #[command(flatten)]
    pub images: DirectoryArgs,
    /// Time limit for one QEMU command, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_limit)]
    pub timeout: Duration,
}

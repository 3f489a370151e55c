use std::path::PathBuf;

use clap::Args;

/// `--dir`, shared by the commands that make images.
#[derive(Debug, Args)]
pub struct DirectoryArgs {
    /// Directory for the images; the locks of its file system are tested
    /// [default: the temporary directory].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

impl DirectoryArgs {
    /// The directory given with `--dir`, or the temporary directory. The
    /// engine checks whether it is usable.
    pub fn directory(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(std::env::temp_dir)
    }
}

/// `--qemu-dir`, shared by the commands that start QEMU.
#[derive(Debug, Args)]
pub struct QemuDirArgs {
    /// Directory to search for QEMU's programs before PATH; can be repeated.
    #[arg(long = "qemu-dir", value_name = "DIR")]
    pub qemu_dirs: Vec<PathBuf>,
}

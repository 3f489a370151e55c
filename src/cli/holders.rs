use std::path::PathBuf;

use clap::Args;
use imglock_core::Mode;

use super::choice::mode_parser;

/// Arguments of `holders`.
#[derive(Debug, Args)]
pub struct HoldersArgs {
    /// Image files or block devices; /proc/PID/fd/N for a deleted file.
    #[arg(value_name = "IMAGE", required = true)]
    pub images: Vec<PathBuf>,
    /// Print one JSON document (with --watch, one per line).
    #[arg(long)]
    pub json: bool,
    /// Keep running and print each change as it happens, until Ctrl-C.
    #[arg(long)]
    pub watch: bool,
    /// Report whether the image could be opened in this mode now.
    #[arg(long = "for", value_name = "MODE", conflicts_with = "watch", value_parser = mode_parser())]
    pub asked: Option<Mode>,
}

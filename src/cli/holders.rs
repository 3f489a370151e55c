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
    /// Look at these files alone, not at their backing files and data files.
    #[arg(long)]
    pub no_chain: bool,
    /// Follow the names in an image's header out of the directory of the image.
    ///
    /// A header is a stranger's input: a guest can write one into its disk. Use
    /// it for images whose origin you know.
    #[arg(long, conflicts_with = "no_chain")]
    pub follow: bool,
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

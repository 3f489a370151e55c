use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use imglock_harness::image::Mode;

/// What `holders` reads.
///
/// Says which processes have locks on an image: the answer to QEMU's `Failed
/// to get "write" lock. Is another process using the image?`. It takes no
/// lock itself. Root sees all; others see their own processes.
#[derive(Debug, Args)]
pub struct HoldersArgs {
    /// Images, or any other files; /proc/PID/fd/N for one that is deleted.
    #[arg(value_name = "IMAGE", required = true)]
    pub images: Vec<PathBuf>,
    /// Print one JSON document (with --watch one a line).
    #[arg(long)]
    pub json: bool,
    /// Then print each change as it happens, until Ctrl-C.
    #[arg(long)]
    pub watch: bool,
    /// Ask whether the image could be opened in this mode now.
    #[arg(long = "for", value_name = "MODE", conflicts_with = "watch", value_parser = mode_parser())]
    pub asked: Option<Mode>,
}

fn mode_parser() -> impl TypedValueParser<Value = Mode> {
    PossibleValuesParser::new(Mode::ALL.iter().map(|mode| mode.name()))
        .try_map(|word| word.parse::<Mode>())
}

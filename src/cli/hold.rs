use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use imglock_harness::image::{Locking, Mode};

use super::place::seconds;

/// What `hold` reads.
#[derive(Debug, Args)]
#[command(after_help = EXITS, after_long_help = EXITS_AND_EXAMPLES)]
pub struct HoldArgs {
    /// The image: a file or a block device.
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,
    /// What to take and what to share, as in scenarios: `rw` is a guest's disk,
    /// `ro` a guest's read-only disk, `force-share` a reader that tolerates
    /// writers. `imglock matrix` shows which of them go together.
    #[arg(long, value_name = "MODE", value_parser = mode_parser())]
    pub mode: Mode,
    /// As in QEMU: OFD locks or none (auto), OFD locks or else POSIX locks (on),
    /// none (off).
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = locking_parser())]
    pub locking: Locking,
    /// When refused, try again for so long; 0 does not wait.
    ///
    /// Meanwhile it locks nothing, so nobody is refused because of it.
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
    pub wait: Duration,
    /// Let COMMAND have the descriptor too; its number is in IMGLOCK_FD.
    ///
    /// OFD locks then last until COMMAND has closed it as well, even when
    /// imglock is killed. POSIX locks are not inherited: they end with imglock.
    #[arg(long, requires = "command")]
    pub inherit: bool,
    /// The exit code when refused, to tell it from COMMAND's own.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub conflict_exit_code: u8,
    /// What to run while the image is held, with its arguments; it comes after `--`.
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

const EXITS: &str =
    "Exit codes: COMMAND's own; 1 when refused (--conflict-exit-code). More with --help.";

const EXITS_AND_EXAMPLES: &str = "\
Exit codes:
   N  COMMAND's own, or 128 and the number of the signal that ended it
   0  without COMMAND: held until a signal came
   1  refused: another process uses the image (--conflict-exit-code)
   2  wrong usage, or the image cannot be opened
   4  locks do not work on this image
 126  COMMAND cannot be executed
 127  COMMAND is not found
 130  stopped by a signal before it had the locks

Examples:
  imglock hold disk.img --mode rw
      keeps guests and tools out until Ctrl-C
  imglock hold disk.img --mode ro --wait 30 -- cp disk.img backup.img
      copies once nobody writes, and lets nobody write meanwhile
  imglock hold disk.img --mode share-rw --inherit -- my-vmm --disk disk.img
      the locks stay as long as my-vmm has the descriptor";

fn mode_parser() -> impl TypedValueParser<Value = Mode> {
    PossibleValuesParser::new(Mode::ALL.iter().map(|mode| mode.name()))
        .try_map(|word| word.parse::<Mode>())
}

fn locking_parser() -> impl TypedValueParser<Value = Locking> {
    PossibleValuesParser::new(Locking::ALL.map(Locking::name))
        .try_map(|word| word.parse::<Locking>())
}

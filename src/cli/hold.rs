use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use imglock_core::{Locking, Mode};

use super::choice::{mode_parser, one_of};
use super::seconds::parse_seconds;

/// Arguments of `hold`.
#[derive(Debug, Args)]
#[command(after_help = EXITS, after_long_help = EXITS_AND_EXAMPLES)]
pub struct HoldArgs {
    /// The image: a regular file or a block device.
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,
    /// Mode to hold the image in, such as `rw` or `ro`.
    ///
    /// `rw` is a guest's disk, `ro` a guest's read-only disk, and
    /// `force-share` a reader that tolerates writers. `imglock matrix` shows
    /// which modes conflict.
    #[arg(long, value_name = "MODE", value_parser = mode_parser())]
    pub mode: Mode,
    /// Lock type, as QEMU's `locking` option: OFD or none (auto), OFD or else
    /// POSIX (on), none (off).
    #[arg(
        long, value_name = "WHEN", default_value = "auto",
        value_parser = one_of(Locking::ALL, Locking::name)
    )]
    pub locking: Locking,
    /// Retry for this many seconds while the image is in use; 0 does not wait.
    ///
    /// Between two attempts imglock holds no lock and so refuses no other
    /// opener.
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = parse_seconds)]
    pub wait: Duration,
    /// Pass the image's open descriptor to COMMAND; IMGLOCK_FD contains its
    /// number.
    ///
    /// OFD locks then last until COMMAND has closed the descriptor as well,
    /// even if imglock is killed. POSIX locks are not inherited: they end with
    /// imglock.
    #[arg(long, requires = "command")]
    pub inherit: bool,
    /// Exit code when the image is in use, to distinguish it from COMMAND's
    /// own exit codes.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub conflict_exit_code: u8,
    /// Command to run while the image is held, with its arguments, after `--`.
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

const EXITS: &str =
    "Exit codes: COMMAND's own; 1 if the image is in use (--conflict-exit-code). More with --help.";

const EXITS_AND_EXAMPLES: &str = "\
Exit codes:
   N  COMMAND's own, or 128 + the number of the signal that ended it
   0  without COMMAND: the image was held until a signal arrived
   1  the image is in use by another process (--conflict-exit-code)
   2  wrong usage, or the image cannot be opened
   4  locks do not work on this image
 126  COMMAND cannot be executed
 127  COMMAND was not found
 130  stopped by a signal before the locks were acquired

Examples:
  imglock hold disk.img --mode rw
      locks out guests and tools until Ctrl-C
  imglock hold disk.img --mode ro --wait 30 -- cp disk.img backup.img
      waits up to 30 s for writers to close the image, then copies it;
      new writers are refused during the copy
  imglock hold disk.img --mode share-rw --inherit -- my-vmm --disk disk.img
      the locks last as long as my-vmm has the descriptor open";

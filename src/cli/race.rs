use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use imglock_core::Mode;

use super::choice::{chosen, mode_parser};
use super::seconds::parse_limit;
use super::{BackendArgs, DirectoryArgs, LongArgs, PlantArgs, SubjectArgs};

/// Default number of rounds for openers that run rounds by themselves.
const ROUNDS: u64 = 100_000;
/// Default number of rounds for openers that receive each action as a command.
const COMMANDED_ROUNDS: u64 = 300;

/// Arguments of `race`.
#[derive(Debug, Args)]
pub struct RaceArgs {
    /// Number of openers.
    #[arg(long, value_name = "N", default_value = "4",
        value_parser = clap::value_parser!(u8).range(2..=64))]
    pub openers: u8,
    /// Run the last K openers in one process, so that they share ownership of
    /// POSIX locks; 0 for none [default: 2 of 3 or more].
    ///
    /// Only `builtin` openers can share a process.
    #[arg(long, value_name = "K")]
    pub sharing: Option<u8>,
    /// Number of rounds [default: 100,000; 300 with a QEMU; no limit with
    /// --seconds].
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u64).range(1..))]
    pub rounds: Option<u64>,
    /// End the race after this many seconds, even if --rounds is not reached.
    #[arg(long, value_name = "T", value_parser = parse_limit)]
    pub seconds: Option<Duration>,
    /// End the race at the first breach of the contract.
    #[arg(long)]
    pub first_breach: bool,
    /// Modes to draw from at random [default: all].
    #[arg(long, value_name = "MODE", value_delimiter = ',', value_parser = mode_parser())]
    modes: Vec<Mode>,
    /// The lock types.
    #[command(flatten)]
    pub backends: BackendArgs,
    /// The subjects.
    #[command(flatten)]
    pub subjects: SubjectArgs,
    /// Random seed for the modes and the pauses of openers [default: taken
    /// from the clock].
    ///
    /// The rest of the order of events depends on the kernel's scheduler.
    #[arg(long, value_name = "K")]
    pub seed: Option<u64>,
    /// The directory for the image.
    #[command(flatten)]
    pub images: DirectoryArgs,
    /// Time limit for one opener to keep the others waiting, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_limit)]
    pub timeout: Duration,
    /// The planted fault.
    #[command(flatten)]
    pub plant: PlantArgs,
    /// Write all events to FILE in JSON Lines, for `imglock judge-history`;
    /// some hundred bytes per opening.
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// The report file.
    #[command(flatten)]
    pub long: LongArgs,
}

impl RaceArgs {
    /// The modes to draw from, once each, in the usual order.
    pub fn modes(&self) -> Vec<Mode> {
        chosen(Mode::ALL, &self.modes)
    }

    /// The number of openers in one process. `builtin`: all openers are
    /// `builtin`.
    pub fn sharing(&self, builtin: bool) -> u8 {
        self.sharing.unwrap_or(if builtin && self.openers > 2 { 2 } else { 0 })
    }

    /// The number of rounds, if limited. `builtin`: all openers are `builtin`.
    pub fn rounds(&self, builtin: bool) -> Option<u64> {
        let usual = if builtin { ROUNDS } else { COMMANDED_ROUNDS };
        self.rounds.or(if self.seconds.is_some() { None } else { Some(usual) })
    }
}

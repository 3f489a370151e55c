use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use imglock_harness::image::Mode;

use super::place::parse_seconds;
use super::{BackendArgs, LongArgs, SubjectArgs};

/// How many rounds there are where nobody says.
const ROUNDS: u64 = 100_000;
/// The same, where openers are told each of their deeds.
const TOLD_ROUNDS: u64 = 300;

/// What `race` reads.
#[derive(Debug, Args)]
pub struct RaceArgs {
    /// How many openers there are.
    #[arg(long, value_name = "N", default_value = "4",
        value_parser = clap::value_parser!(u8).range(2..=64))]
    pub openers: u8,
    /// How many of them, the last ones, are one process, which under POSIX owns
    /// all their locks together; 0 for none [default: 2 of 3 or more].
    ///
    /// Only `builtin` openers can do that.
    #[arg(long, value_name = "K")]
    pub sharing: Option<u8>,
    /// How many rounds there are [default: 100,000; 300 for a QEMU; no limit
    /// with --seconds].
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u64).range(1..))]
    pub rounds: Option<u64>,
    /// After how much time it ends, whatever --rounds says.
    #[arg(long, value_name = "T", value_parser = parse_seconds)]
    pub seconds: Option<Duration>,
    /// End as soon as the contract is broken.
    #[arg(long)]
    pub first_breach: bool,
    /// The modes that openers are drawn [default: all of them].
    #[arg(long, value_name = "MODE", value_delimiter = ',', value_parser = mode_parser())]
    modes: Vec<Mode>,
    /// On which locks.
    #[command(flatten)]
    pub backends: BackendArgs,
    /// Who plays.
    #[command(flatten)]
    pub subjects: SubjectArgs,
    /// Decides which modes are drawn and where openers dawdle [default: drawn
    /// from the clock]. The scheduler decides the rest.
    #[arg(long, value_name = "K")]
    pub seed: Option<u64>,
    /// Where the image is made: the file system whose locks are tried
    /// [default: the temporary directory].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// How long one opener may keep the others waiting, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds)]
    pub timeout: Duration,
    /// Plant a fault into the workers, to see how it shows; `imglock self-test
    /// --list` says which there are. What comes of it says nothing about this
    /// machine, and the report says so.
    #[arg(long, value_name = "FAULT")]
    pub plant: Option<String>,
    /// Write down who did what when: JSON Lines that `imglock judge-history`
    /// reads, some hundred bytes for each opening.
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// Its report.
    #[command(flatten)]
    pub long: LongArgs,
}

impl RaceArgs {
    /// What openers are drawn: each mode once, in the usual order.
    pub fn modes(&self) -> Vec<Mode> {
        let asked = |mode: &Mode| self.modes.is_empty() || self.modes.contains(mode);
        Mode::ALL.iter().copied().filter(asked).collect()
    }

    /// How many openers are one process, where `builtin` ones play or not.
    pub fn sharing(&self, builtin: bool) -> u8 {
        self.sharing.unwrap_or(if builtin && self.openers > 2 { 2 } else { 0 })
    }

    /// After how many rounds it ends, if after any.
    pub fn rounds(&self, builtin: bool) -> Option<u64> {
        let usual = if builtin { ROUNDS } else { TOLD_ROUNDS };
        self.rounds.or(if self.seconds.is_some() { None } else { Some(usual) })
    }
}

fn mode_parser() -> impl TypedValueParser<Value = Mode> {
    let names: Vec<&str> = Mode::ALL.iter().map(|mode| mode.name()).collect();
    PossibleValuesParser::new(names).try_map(|word| word.parse::<Mode>())
}

use std::path::PathBuf;

use clap::Args;
use imglock_engine::Shard;

use super::{BackendArgs, LongArgs, PlaceArgs};

/// Arguments of `explore`.
#[derive(Debug, Args)]
pub struct ExploreArgs {
    /// Number of random scenarios (cases) to run on each backend.
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub cases: u64,
    /// Number of steps in a case.
    #[arg(long, value_name = "S", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub steps: u16,
    /// Random seed; the same seed gives the same cases [default: a new one
    /// for each run].
    #[arg(long, value_name = "K")]
    pub seed: Option<u64>,
    /// Run only the case with this number, counted from 0, and show its lines.
    #[arg(long, value_name = "I", requires = "seed", conflicts_with_all = ["cases", "shard"])]
    pub case: Option<u64>,
    /// Run only part I of N of the cases, to split the work between machines;
    /// 2/4 is the second of four parts.
    #[arg(long, value_name = "I/N", requires = "seed")]
    pub shard: Option<Shard>,
    /// Write each scenario that differs from the model into this directory.
    ///
    /// With --case, the case is written whether it differs or not: into
    /// FILE.kdl, or into the directory.
    #[arg(long, value_name = "FILE|DIR")]
    pub save: Option<PathBuf>,
    /// The report file.
    #[command(flatten)]
    pub long: LongArgs,
    /// The lock types.
    #[command(flatten)]
    pub backends: BackendArgs,
    /// The directory, jobs and time limit.
    #[command(flatten)]
    pub place: PlaceArgs,
}

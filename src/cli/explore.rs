use std::path::PathBuf;

use clap::Args;
use imglock_harness::Shard;

use super::{BackendArgs, LongArgs, PlaceArgs};

/// What `explore` reads.
#[derive(Debug, Args)]
pub struct ExploreArgs {
    /// How many cases are tried on each backend.
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub cases: u64,
    /// How many steps a case has.
    #[arg(long, value_name = "S", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub steps: u16,
    /// What chance begins with: the same seed gives the same cases
    /// [default: another one each time].
    #[arg(long, value_name = "K")]
    pub seed: Option<u64>,
    /// Only the case with this number, from 0, and show its lines.
    #[arg(long, value_name = "I", requires = "seed", conflicts_with_all = ["cases", "shard"])]
    pub case: Option<u64>,
    /// Only one machine's part of the cases, such as 2/4.
    #[arg(long, value_name = "I/N", requires = "seed")]
    pub shard: Option<Shard>,
    /// Write each scenario that differs into this folder; with --case, that
    /// case, whatever comes of it (FILE.kdl, or into a folder).
    #[arg(long, value_name = "FILE|DIR")]
    pub save: Option<PathBuf>,
    /// Where its results go.
    #[command(flatten)]
    pub long: LongArgs,
    /// On which locks.
    #[command(flatten)]
    pub backends: BackendArgs,
    /// Where and how.
    #[command(flatten)]
    pub place: PlaceArgs,
}

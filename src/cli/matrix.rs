use std::path::PathBuf;

use clap::Args;
use imglock_engine::{Openers, Shard};

use super::choice::one_of;
use super::{BackendArgs, LongArgs, PlaceArgs, SubjectArgs};

/// Arguments of `matrix`.
#[derive(Debug, Args)]
#[command(mut_arg("report", |report| report.requires("all")))]
pub struct MatrixArgs {
    /// Test every ordered pair of claims instead of every pair of modes.
    ///
    /// A claim is a pair of permission sets (held, shared). All 65,536 ordered
    /// pairs of claims are tried on each backend, by two processes and within
    /// one process, and compared with the algebra.
    #[arg(long)]
    pub all: bool,
    /// The options of `--all`.
    #[command(flatten)]
    pub claims: ClaimArgs,
    /// The lock types.
    #[command(flatten)]
    pub backends: BackendArgs,
    /// The subjects.
    #[command(flatten)]
    pub subjects: SubjectArgs,
    /// The directory, jobs and time limit.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The report file.
    #[command(flatten)]
    pub long: LongArgs,
}

/// Arguments of `matrix --all`.
#[derive(Debug, Args)]
#[group(requires = "all")]
pub struct ClaimArgs {
    /// With --all, number of openers; 3 tests every claim with every two
    /// compatible claims: 1,679,616 cases instead of 65,536.
    #[arg(long, value_name = "N", value_parser = one_of([Openers::Two, Openers::Three], digit))]
    pub openers: Option<Openers>,
    /// With --all, run only part I of N, to split the work between machines;
    /// 2/4 is the second of four parts.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// With --all, continue an interrupted sweep from its report FILE
    /// (--report json=FILE).
    ///
    /// FILE is also updated with the new results, unless --report names
    /// another file.
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// With --all, write the first differences into DIR, one scenario file
    /// each.
    #[arg(long, value_name = "DIR")]
    pub save: Option<PathBuf>,
}

fn digit(openers: Openers) -> &'static str {
    match openers {
        Openers::Two => "2",
        Openers::Three => "3",
    }
}

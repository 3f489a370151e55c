use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use imglock_harness::Shard;
use imglock_harness::sweep::Openers;

use super::{BackendArgs, LongArgs, PlaceArgs, SubjectArgs};

/// What `matrix` reads.
#[derive(Debug, Args)]
#[command(mut_arg("report", |report| report.requires("all")))]
pub struct MatrixArgs {
    /// Every ordered pair of claims instead of the modes.
    ///
    /// All 65,536 pairs of (held, shared) over the four permissions, by two
    /// processes and within one, on each backend, compared with the algebra.
    #[arg(long)]
    pub all: bool,
    /// What there is to say about all claims.
    #[command(flatten)]
    pub claims: ClaimArgs,
    /// On which locks.
    #[command(flatten)]
    pub backends: BackendArgs,
    /// Who plays.
    #[command(flatten)]
    pub subjects: SubjectArgs,
    /// Where and how.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// As of all long work.
    #[command(flatten)]
    pub long: LongArgs,
}

/// What `matrix --all` reads besides.
#[derive(Debug, Args)]
#[group(requires = "all")]
pub struct ClaimArgs {
    /// With 3, every claim beside every two that are compatible: 1,679,616
    /// cases instead of 65,536.
    #[arg(long, value_name = "N", value_parser = openers())]
    pub openers: Option<Openers>,
    /// Only this part, so that several machines can split the work: 2/4 is the
    /// second of four.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// Go on with what was interrupted: FILE is its report (--report json=FILE).
    ///
    /// It goes on being written, unless --report names another.
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// Write the first differences, a scenario file each, into DIR.
    #[arg(long, value_name = "DIR")]
    pub save: Option<PathBuf>,
}

fn openers() -> impl TypedValueParser<Value = Openers> {
    PossibleValuesParser::new(["2", "3"]).map(|word| match word.as_str() {
        "3" => Openers::Three,
        _ => Openers::Two,
    })
}

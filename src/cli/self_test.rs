use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use imglock_harness::self_test::Hunter;

use super::{BackendArgs, LongArgs, PlaceArgs};

/// What `self-test` reads.
#[derive(Debug, Args)]
pub struct SelfTestArgs {
    /// Only these faults; all of them when left out.
    #[arg(value_name = "FAULT")]
    pub faults: Vec<String>,
    /// Only these hunters look for faults.
    #[arg(
        long = "by",
        value_name = "HUNTER",
        value_delimiter = ',',
        value_parser = hunter_parser()
    )]
    by: Vec<Hunter>,
    /// Every hunter looks for each fault on each backend, also when it was
    /// found, and a table shows who finds what.
    #[arg(long)]
    pub thorough: bool,
    /// Say which faults and which hunters there are, and plant none.
    #[arg(long)]
    pub list: bool,
    /// On which locks.
    #[command(flatten)]
    pub backends: BackendArgs,
    /// Where and how.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Report.
    #[command(flatten)]
    pub long: LongArgs,
}

impl SelfTestArgs {
    /// Each hunter that was asked for, once, in the usual order; all of them
    /// when none was.
    pub fn hunters(&self) -> Vec<Hunter> {
        let is_wanted = |hunter: &Hunter| self.by.is_empty() || self.by.contains(hunter);
        Hunter::ALL.iter().copied().filter(is_wanted).collect()
    }
}

fn hunter_parser() -> impl TypedValueParser<Value = Hunter> {
    PossibleValuesParser::new(Hunter::ALL.iter().map(|hunter| hunter.name()))
        .try_map(|word| word.parse::<Hunter>())
}

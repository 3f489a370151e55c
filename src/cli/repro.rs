use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use imglock_harness::drill::{self, Drill};

use super::QemuArgs;

/// What `repro` reads.
#[derive(Debug, Args)]
pub struct ReproArgs {
    /// Which one; without it, they are listed.
    #[arg(value_name = "NAME", value_parser = drill_parser())]
    pub drill: Option<&'static Drill>,
    /// Carry out every one under every condition with every QEMU there is, and
    /// report what does not come out as documented.
    #[arg(long, conflicts_with = "drill")]
    pub all: bool,
    /// With --all, how many run at a time [default: the available cores].
    #[arg(
        short, long, value_name = "N", requires = "all", conflicts_with = "drill",
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    pub jobs: Option<u16>,
    /// Print Markdown: with NAME to be pasted into a bug report, without it the
    /// table of what every command does with locks.
    #[arg(long, conflicts_with_all = ["json", "all"])]
    pub markdown: bool,
    /// Print one JSON document instead.
    #[arg(long)]
    pub json: bool,
    /// Which QEMUs, and where.
    #[command(flatten)]
    pub qemu: QemuArgs,
}

fn drill_parser() -> impl TypedValueParser<Value = &'static Drill> {
    PossibleValuesParser::new(drill::all().map(|drill| drill.name))
        .try_map(|name| drill::find(&name).ok_or("no such drill"))
}

use clap::Args;
use imglock_qemu::{Drill, all_drills};

use super::QemuArgs;
use super::choice::one_of;

/// Arguments of `repro`.
#[derive(Debug, Args)]
pub struct ReproArgs {
    /// Drill to run [default: list all drills].
    #[arg(value_name = "NAME", value_parser = one_of(all_drills(), |drill: &Drill| drill.name))]
    pub drill: Option<&'static Drill>,
    /// Run every drill under every condition with every QEMU found, and report
    /// results that differ from the documented ones.
    #[arg(long, conflicts_with = "drill")]
    pub all: bool,
    /// With --all, number of drills to run at the same time [default: the
    /// available cores].
    #[arg(
        short, long, value_name = "N", requires = "all", conflicts_with = "drill",
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    pub jobs: Option<u16>,
    /// Print Markdown: with NAME, for a bug report; without NAME, the table of
    /// all commands and their effects on locks.
    #[arg(long, conflicts_with_all = ["json", "all"])]
    pub markdown: bool,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub json: bool,
    /// QEMU's programs, the directory and the time limit.
    #[command(flatten)]
    pub qemu: QemuArgs,
}

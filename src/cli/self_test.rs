use clap::Args;
use imglock_engine::Detector;

use super::choice::{chosen, one_of};
use super::{BackendArgs, LongArgs, PlaceArgs};

/// Arguments of `self-test`.
#[derive(Debug, Args)]
pub struct SelfTestArgs {
    /// Faults to plant [default: all].
    #[arg(value_name = "FAULT")]
    pub faults: Vec<String>,
    /// Detectors to run on each fault [default: all].
    #[arg(
        long = "by",
        value_name = "DETECTOR",
        value_delimiter = ',',
        value_parser = one_of(Detector::ALL.iter().copied(), Detector::name)
    )]
    by: Vec<Detector>,
    /// Run every detector on each fault and backend, even after the fault was
    /// found, and print a table of detectors and faults.
    #[arg(long)]
    pub thorough: bool,
    /// List the faults and the detectors, and plant none.
    #[arg(long)]
    pub list: bool,
    /// The lock types.
    #[command(flatten)]
    pub backends: BackendArgs,
    /// The directory, jobs and time limit.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The report file.
    #[command(flatten)]
    pub long: LongArgs,
}

impl SelfTestArgs {
    /// The chosen detectors, once each, in the usual order.
    pub fn hunters(&self) -> Vec<Detector> {
        chosen(Detector::ALL, &self.by)
    }
}

use std::time::Duration;

use clap::Args;
use imglock_core::Backend;

use super::DirectoryArgs;
use super::choice::{chosen, one_of};
use super::seconds::parse_limit;

/// `--backend`, shared by several commands.
#[derive(Debug, Args)]
pub struct BackendArgs {
    /// Lock types to run with.
    #[arg(
        long = "backend",
        value_name = "BACKEND",
        value_delimiter = ',',
        default_value = "ofd,posix",
        value_parser = one_of(Backend::ALL, Backend::name)
    )]
    given: Vec<Backend>,
}

impl BackendArgs {
    /// The chosen backends, once each, in the usual order.
    pub fn backends(&self) -> Vec<Backend> {
        chosen(&Backend::ALL, &self.given)
    }
}

/// The directory, the number of jobs and the time limit of a run.
#[derive(Debug, Args)]
pub struct PlaceArgs {
    /// The directory for the images.
    #[command(flatten)]
    pub images: DirectoryArgs,
    /// Number of scenarios to run at the same time [default: the available
    /// cores].
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Time limit for one step, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_limit)]
    pub timeout: Duration,
}

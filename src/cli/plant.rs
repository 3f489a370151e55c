use clap::Args;

/// `--plant`, shared by the commands that run workers.
#[derive(Debug, Args)]
pub struct PlantArgs {
    /// Plant this fault in the workers, to see how reports show it;
    /// `imglock self-test --list` lists all faults.
    ///
    /// The results of such a run say nothing about this machine. Every report
    /// states this.
    #[arg(long, value_name = "FAULT")]
    pub plant: Option<String>,
}

use clap::Args;
use imglock_core::FileSystem;
use imglock_engine::Shard;

use super::choice::once;
use super::{BackendArgs, PlaceArgs, PlantArgs, ReportArgs, SubjectArgs};

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Scenarios to run: names, themes, globs (`posix/*`), or your own files
    /// or folders [default: all built-in scenarios].
    ///
    /// The last part of a name is enough. Write `./posix` for a folder that
    /// has the same name as a theme.
    #[arg(value_name = "PATTERN")]
    pub patterns: Vec<String>,
    /// The lock types.
    #[command(flatten)]
    pub backends: BackendArgs,
    /// The subjects.
    #[command(flatten)]
    pub subjects: SubjectArgs,
    /// Run each two-process scenario with every pair of subjects, and report
    /// scenarios whose results differ between pairs.
    ///
    /// The pairs are made of `builtin` and the subjects given with --subject
    /// (without --subject: `builtin` and every QEMU found that has a monitor).
    #[arg(long)]
    pub mix: bool,
    /// The directory, jobs and time limit.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Make these file systems, one after the other, and run on each: ext4,
    /// xfs, btrfs, f2fs, tmpfs, overlay, bind, fuse, fuse-locks, or `all`.
    ///
    /// Needs root. Each file system is made on a loop device in a scratch
    /// directory (see --dir) and mounted in a private mount namespace. It is
    /// always removed afterwards. A file system that is not available here is
    /// skipped, with the reason.
    #[arg(
        long = "fs",
        value_name = "KIND",
        value_delimiter = ',',
        value_parser = parse_file_systems,
        conflicts_with = "keep"
    )]
    file_systems: Vec<FileSystems>,
    /// Run only part I of N of the runs at each place, to split the work
    /// between machines; 2/4 is the second of four parts.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// The reports.
    #[command(flatten)]
    pub report: ReportArgs,
    /// Draw a timeline of every run: each process, its steps and their
    /// outcomes, and the lifetime of each lock.
    ///
    /// Only the human format draws timelines. The JSON report always contains
    /// the same data in full.
    #[arg(long)]
    pub trace: bool,
    /// The planted fault.
    #[command(flatten)]
    pub plant: PlantArgs,
    /// Keep the scratch directories and print their paths.
    #[arg(long)]
    pub keep: bool,
}

/// A value of `--fs`.
#[derive(Debug, Clone)]
enum FileSystems {
    One(FileSystem),
    All,
}

impl RunArgs {
    /// The file systems to make, once each, in the order given.
    pub fn file_systems(&self) -> Vec<FileSystem> {
        once(self.file_systems.iter().flat_map(|word| match word {
            FileSystems::One(kind) => vec![*kind],
            FileSystems::All => FileSystem::ALL.to_vec(),
        }))
    }
}

fn parse_file_systems(word: &str) -> Result<FileSystems, String> {
    if word == "all" {
        return Ok(FileSystems::All);
    }
    word.parse().map(FileSystems::One).map_err(|_| {
        let names = FileSystem::ALL.map(FileSystem::name);
        format!("choose from {}, or all", names.join(", "))
    })
}

use clap::Args;
use imglock_harness::Shard;
use imglock_harness::step::FileSystem;

use super::{BackendArgs, PlaceArgs, ReportArgs, SubjectArgs};

/// What `run` reads.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// A scenario's name, its last part, a theme, a glob over names
    /// (`posix/*`), or a file or folder of your own (`./posix` when a theme
    /// has the same name); all that imglock carries when left out.
    #[arg(value_name = "PATTERN")]
    pub patterns: Vec<String>,
    /// On which locks.
    #[command(flatten)]
    pub backends: BackendArgs,
    /// Who plays.
    #[command(flatten)]
    pub subjects: SubjectArgs,
    /// Play each scenario of two processes with every pair of `builtin` and the
    /// subjects (every QEMU there is when none is named), and report each that
    /// does not come out the same.
    #[arg(long)]
    pub mix: bool,
    /// Where and how.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Make these file systems, one after the other, and run on each: ext4,
    /// xfs, btrfs, f2fs, tmpfs, overlay, bind, fuse, fuse-locks, or `all`.
    ///
    /// As root. Each is made on a loop device in a scratch directory (see
    /// --dir), mounted where nobody else sees it, and gone afterwards, whatever
    /// happens. What cannot be had here is skipped, with the reason.
    #[arg(
        long = "fs",
        value_name = "KIND",
        value_delimiter = ',',
        value_parser = parse_file_systems,
        conflicts_with = "keep"
    )]
    file_systems: Vec<FileSystems>,
    /// Only this part of the runs at each place, so that several machines can
    /// split the work: 2/4 is the second of four.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// How it is told.
    #[command(flatten)]
    pub report: ReportArgs,
    /// Draw every run after its result: who did what when, what came of it,
    /// and which locks came and went.
    ///
    /// It belongs to the human format; what it is drawn from is in the JSON
    /// report, whole.
    #[arg(long)]
    pub trace: bool,
    /// Plant a fault into the workers, to see how it shows in a report;
    /// `imglock self-test --list` says which there are.
    ///
    /// Whatever comes of such a run says nothing about this machine, and every
    /// report says so.
    #[arg(long, value_name = "FAULT")]
    pub plant: Option<String>,
    /// Keep the scratch directories and say where they are.
    #[arg(long)]
    pub keep: bool,
}

/// A word of `--fs`.
#[derive(Debug, Clone)]
enum FileSystems {
    One(FileSystem),
    All,
}

impl RunArgs {
    /// Each file system that is to be made, once, in the order asked for.
    pub fn file_systems(&self) -> Vec<FileSystem> {
        let named = self.file_systems.iter().flat_map(|word| match word {
            FileSystems::One(kind) => vec![*kind],
            FileSystems::All => FileSystem::ALL.to_vec(),
        });
        let mut once: Vec<FileSystem> = Vec::new();
        for kind in named {
            if !once.contains(&kind) {
                once.push(kind);
            }
        }
        once
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

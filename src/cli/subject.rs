use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use imglock_harness::subject::SubjectKind;

/// Who plays the processes; shared by several commands.
#[derive(Debug, Args)]
pub struct SubjectArgs {
    /// Who plays the processes: our own workers, or a real QEMU.
    ///
    /// What a QEMU has no way of doing is skipped, with the reason.
    #[arg(
        long = "subject",
        value_name = "SUBJECT",
        value_delimiter = ',',
        default_value = "builtin",
        value_parser = subject_parser()
    )]
    subjects: Vec<SubjectKind>,
    /// Where to look for QEMU's programs before PATH; may be given more than
    /// once.
    #[arg(long = "qemu-dir", value_name = "DIR")]
    pub qemu_dirs: Vec<PathBuf>,
    /// Refuse OFD locks to every process that plays, as an old kernel would.
    ///
    /// A seccomp filter makes the calls fail with EINVAL; it takes no root.
    /// QEMU then falls back to POSIX locks. (With `--backend posix` a QEMU that
    /// plays is refused them anyway, or it would not take POSIX locks.)
    #[arg(long)]
    pub deny_ofd: bool,
}

impl SubjectArgs {
    /// Each subject that was asked for, once, in the order of their list.
    pub fn subjects(&self) -> Vec<SubjectKind> {
        SubjectKind::ALL.iter().copied().filter(|kind| self.subjects.contains(kind)).collect()
    }
}

fn subject_parser() -> impl TypedValueParser<Value = SubjectKind> {
    PossibleValuesParser::new(SubjectKind::ALL.iter().map(|kind| kind.name()))
        .try_map(|word| word.parse::<SubjectKind>())
}

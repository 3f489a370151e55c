use clap::Args;
use imglock_qemu::SubjectKind;

use super::QemuDirArgs;
use super::choice::once;

/// The subjects that play the processes, shared by several commands.
#[derive(Debug, Args)]
pub struct SubjectArgs {
    /// Program that plays the processes: `builtin` (imglock's own workers),
    /// `qemu-storage-daemon`, `qemu-system` or `qemu-io`.
    ///
    /// With `a+b`, subject a plays the first process, b the second, and so on
    /// in turn. With `a,b`, everything runs with subject a and again with b.
    /// Scenarios with an action that a QEMU does not support are
    /// skipped, with the reason. No guest code runs.
    #[arg(
        long = "subject",
        value_name = "SUBJECT",
        value_delimiter = ',',
        value_parser = parse_cast
    )]
    casts: Vec<Cast>,
    /// The directories with QEMU's programs.
    #[command(flatten)]
    pub programs: QemuDirArgs,
    /// Deny OFD locks to all test processes, as an old kernel does.
    ///
    /// A seccomp filter makes the fcntl(2) calls fail with EINVAL; this does
    /// not need root. QEMU then falls back to POSIX locks. With `--backend
    /// posix`, OFD locks are always denied to QEMU, because QEMU would not take
    /// POSIX locks otherwise.
    #[arg(long)]
    pub deny_ofd: bool,
}

/// The subjects of the first process, the second, and so on, repeated in
/// turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cast(pub Vec<SubjectKind>);

impl SubjectArgs {
    /// The casts given with `--subject`, once each; `builtin` by default.
    pub fn casts(&self) -> Vec<Cast> {
        match self.casts.is_empty() {
            true => vec![Cast(vec![SubjectKind::Builtin])],
            false => once(self.casts.iter().cloned()),
        }
    }

    /// The subjects in any of the given casts, once each, in the usual order.
    pub fn subjects(&self) -> Vec<SubjectKind> {
        let named = |kind: &SubjectKind| self.casts.iter().any(|cast| cast.0.contains(kind));
        SubjectKind::ALL.iter().copied().filter(named).collect()
    }
}

fn parse_cast(text: &str) -> Result<Cast, String> {
    let kind = |word: &str| {
        word.parse::<SubjectKind>().map_err(|_| {
            let names: Vec<&str> = SubjectKind::ALL.iter().map(|kind| kind.name()).collect();
            format!("`{word}` is not one of {}; join two subjects with `+`", names.join(", "))
        })
    };
    let mut kinds = text.split('+').map(kind).collect::<Result<Vec<_>, _>>()?;
    // The same subject in turn with itself plays all processes.
    if kinds.iter().all(|one| *one == kinds[0]) {
        kinds.truncate(1);
    }
    Ok(Cast(kinds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("builtin", &[SubjectKind::Builtin])]
    #[case("builtin+qemu-system", &[SubjectKind::Builtin, SubjectKind::QemuSystem])]
    #[case("qemu-system+qemu-system", &[SubjectKind::QemuSystem])]
    fn a_valid_cast_is_read(#[case] text: &str, #[case] kinds: &[SubjectKind]) {
        assert_eq!(parse_cast(text), Ok(Cast(kinds.to_vec())));
    }

    #[rstest::rstest]
    #[case("qemu")]
    #[case("builtin+")]
    #[case("")]
    fn an_invalid_cast_is_refused(#[case] text: &str) {
        assert!(parse_cast(text).is_err());
    }
}

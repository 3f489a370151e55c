use std::path::PathBuf;

use clap::Args;
use imglock_harness::subject::SubjectKind;

/// Who plays the processes; shared by several commands.
#[derive(Debug, Args)]
pub struct SubjectArgs {
    /// Who plays the processes: `builtin` (our own workers),
    /// `qemu-storage-daemon`, `qemu-system` or `qemu-io`; `a+b` for a first and
    /// a second.
    ///
    /// What a QEMU has no way of doing is skipped, with the reason. No guest
    /// code runs in it.
    #[arg(
        long = "subject",
        value_name = "SUBJECT",
        value_delimiter = ',',
        value_parser = parse_cast
    )]
    casts: Vec<Cast>,
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

/// Who plays the first process, who the second, and so on, over and over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cast(pub Vec<SubjectKind>);

impl SubjectArgs {
    /// Each cast that was asked for, once; `builtin` when none was.
    pub fn casts(&self) -> Vec<Cast> {
        let mut casts = self.casts.clone();
        if casts.is_empty() {
            casts.push(Cast(vec![SubjectKind::Builtin]));
        }
        let mut once: Vec<Cast> = Vec::with_capacity(casts.len());
        for cast in casts {
            if !once.contains(&cast) {
                once.push(cast);
            }
        }
        once
    }

    /// Whoever was named at all, once each, in the usual order.
    pub fn subjects(&self) -> Vec<SubjectKind> {
        let named = |kind: &SubjectKind| self.casts.iter().any(|cast| cast.0.contains(kind));
        SubjectKind::ALL.iter().copied().filter(named).collect()
    }
}

fn parse_cast(text: &str) -> Result<Cast, String> {
    let kind = |word: &str| {
        word.parse::<SubjectKind>().map_err(|_| {
            let names: Vec<&str> = SubjectKind::ALL.iter().map(|kind| kind.name()).collect();
            format!("`{word}` is none of {}; join a first and a second with `+`", names.join(", "))
        })
    };
    let mut kinds = text.split('+').map(kind).collect::<Result<Vec<_>, _>>()?;
    // Who plays alternately with itself plays everybody.
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
    fn a_cast_is_read(#[case] text: &str, #[case] kinds: &[SubjectKind]) {
        assert_eq!(parse_cast(text), Ok(Cast(kinds.to_vec())));
    }

    #[rstest::rstest]
    #[case("qemu")]
    #[case("builtin+")]
    #[case("")]
    fn what_is_no_cast_is_refused(#[case] text: &str) {
        assert!(parse_cast(text).is_err());
    }
}

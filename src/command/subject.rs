use std::path::PathBuf;

use imglock_harness::qemu::Binaries;
use imglock_harness::run::Casting;
use imglock_harness::subject::SubjectKind;

use crate::cli::{Cast, SubjectArgs};
use crate::failure::Failure;

/// The castings that were asked for.
///
/// # Errors
/// When `--qemu-dir` names a directory without a QEMU.
pub fn castings(args: &SubjectArgs) -> Result<Vec<Casting>, Failure> {
    let binaries = binaries(args, args.subjects().iter().any(|kind| kind.program().is_some()))?;
    Ok(args.casts().iter().map(|cast| casting(cast, &binaries)).collect())
}

/// Every pair of `builtin` and the subjects that were named, or of the QEMUs
/// with a monitor that there are when none was.
///
/// # Errors
/// As [`castings`], and when there is no QEMU.
pub fn mixed(args: &SubjectArgs) -> Result<Vec<Casting>, Failure> {
    let binaries = binaries(args, true)?;
    let mut kinds = args.subjects();
    kinds.retain(|kind| *kind != SubjectKind::Builtin);
    if kinds.is_empty() {
        // `qemu-io` can do little, and plays when it is named.
        let is_there = |kind: &SubjectKind| {
            *kind != SubjectKind::QemuIo
                && kind.program().is_some_and(|program| binaries.first(program).is_some())
        };
        kinds = SubjectKind::ALL.iter().copied().filter(is_there).collect();
    }
    if kinds.is_empty() {
        return Err(Failure::NothingToMix);
    }
    kinds.insert(0, SubjectKind::Builtin);
    let pairs = kinds.iter().flat_map(|first| kinds.iter().map(move |second| (*first, *second)));
    let cast =
        |(first, second)| Cast(if first == second { vec![first] } else { vec![first, second] });
    Ok(pairs.map(|pair| casting(&cast(pair), &binaries)).collect())
}

fn casting(cast: &Cast, binaries: &Binaries) -> Casting {
    Casting::new(cast.0.iter().map(|kind| kind.subject(binaries)).collect())
}

/// QEMU's programs in the directories of `args` and in PATH, if any is
/// `wanted`.
fn binaries(args: &SubjectArgs, wanted: bool) -> Result<Binaries, Failure> {
    let found = found(&args.qemu_dirs)?;
    Ok(if wanted { found } else { Binaries::default() })
}

/// QEMU's programs in these directories and in PATH.
///
/// # Errors
/// When one of the directories has none.
pub fn found(directories: &[PathBuf]) -> Result<Binaries, Failure> {
    let is_empty = |folder: &&PathBuf| Binaries::within(folder).is_empty();
    match directories.iter().find(is_empty) {
        Some(empty) => Err(Failure::NoQemu { directory: empty.clone() }),
        None => Ok(Binaries::find(directories)),
    }
}

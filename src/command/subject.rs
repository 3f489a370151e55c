use imglock_engine::Casting;
use imglock_qemu::{QemuBinaries, SubjectKind};

use crate::cli::{Cast, QemuDirArgs, SubjectArgs};
use crate::failure::Failure;

/// The castings given with `--subject`.
///
/// # Errors
/// A `--qemu-dir` contains no QEMU.
pub fn castings(args: &SubjectArgs) -> Result<Vec<Casting>, Failure> {
    let binaries = binaries(args, args.subjects().iter().any(|kind| kind.program().is_some()))?;
    Ok(args.casts().iter().map(|cast| casting(cast, &binaries)).collect())
}

/// Every pair of `builtin` and the subjects given with `--subject`. Without
/// `--subject`: of `builtin` and every QEMU found that has a monitor.
///
/// # Errors
/// As [`castings`], or no QEMU was found.
pub fn mixed(args: &SubjectArgs) -> Result<Vec<Casting>, Failure> {
    let binaries = binaries(args, true)?;
    let mut kinds = args.subjects();
    kinds.retain(|kind| *kind != SubjectKind::Builtin);
    if kinds.is_empty() {
        // `qemu-io` supports few actions and plays only if it is named.
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

fn casting(cast: &Cast, binaries: &QemuBinaries) -> Casting {
    Casting::new(cast.0.iter().map(|kind| kind.subject(binaries)).collect())
}

/// QEMU's programs in the directories of `args` and in PATH; none unless
/// `wanted`.
fn binaries(args: &SubjectArgs, wanted: bool) -> Result<QemuBinaries, Failure> {
    let found = found(&args.programs)?;
    Ok(if wanted { found } else { QemuBinaries::default() })
}

/// QEMU's programs in these directories and in PATH.
///
/// # Errors
/// One of the directories contains no QEMU.
pub fn found(args: &QemuDirArgs) -> Result<QemuBinaries, Failure> {
    match args.qemu_dirs.iter().find(|folder| QemuBinaries::within(folder).is_empty()) {
        Some(empty) => Err(Failure::NoQemu { directory: empty.clone() }),
        None => Ok(QemuBinaries::find(&args.qemu_dirs)),
    }
}

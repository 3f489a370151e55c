use imglock_engine::Casting;
use imglock_qemu::{QemuBinaries, QemuProgram, SubjectKind};

use crate::cli::{Cast, QemuDirArgs, SubjectArgs};
use crate::failure::Failure;

/// The castings given with `--subject`.
///
/// # Errors
/// A `--qemu-dir` contains no QEMU.
pub fn castings(args: &SubjectArgs) -> Result<Vec<Casting>, Failure> {
    let programs: Vec<QemuProgram> =
        args.subjects().into_iter().filter_map(SubjectKind::program).collect();
    let binaries = match &*programs {
        [] => none(&args.programs)?,
        wanted => found(&args.programs, wanted)?,
    };
    Ok(args.casts().iter().map(|cast| casting(cast, &binaries)).collect())
}

/// Every pair of `builtin` and the subjects given with `--subject`. Without
/// `--subject`: of `builtin` and every QEMU found that has a monitor.
///
/// # Errors
/// As [`castings`], or no QEMU was found.
pub fn mixed(args: &SubjectArgs) -> Result<Vec<Casting>, Failure> {
    let mut kinds = args.subjects();
    let programs: Vec<QemuProgram> = kinds.iter().filter_map(|kind| kind.program()).collect();
    let binaries = found(&args.programs, &programs)?;
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

/// No program. A `--qemu-dir` is checked without starting what is in it.
fn none(args: &QemuDirArgs) -> Result<QemuBinaries, Failure> {
    match args.qemu_dirs.iter().find(|folder| !QemuBinaries::may_be_in(folder)) {
        Some(empty) => Err(Failure::NoQemu { directory: empty.clone() }),
        None => Ok(QemuBinaries::default()),
    }
}

/// QEMU's programs in these directories and in PATH. The `wanted` ones
/// start first, to report their versions; others start only if a directory has none of these.
///
/// # Errors
/// One of the directories contains no QEMU.
pub fn found(args: &QemuDirArgs, wanted: &[QemuProgram]) -> Result<QemuBinaries, Failure> {
    let binaries = QemuBinaries::find(&args.qemu_dirs);
    for program in wanted {
        let _reported = binaries.first(*program);
    }
    match args.qemu_dirs.iter().find(|folder| !binaries.has_one_in(folder)) {
        Some(empty) => Err(Failure::NoQemu { directory: empty.clone() }),
        None => Ok(binaries),
    }
}

use std::path::PathBuf;

use imglock_harness::qemu::Binaries;
use imglock_harness::run::Casting;

use crate::cli::SubjectArgs;
use crate::failure::Failure;

/// The castings that were asked for: each subject plays everybody.
pub fn castings(args: &SubjectArgs) -> Result<Vec<Casting>, Failure> {
    let binaries = binaries(&args.qemu_dirs)?;
    let casting =
        |kind: imglock_harness::subject::SubjectKind| Casting::all(kind.subject(&binaries));
    Ok(args.subjects().into_iter().map(casting).collect())
}

/// QEMU's programs in these directories and in PATH.
fn binaries(directories: &[PathBuf]) -> Result<Binaries, Failure> {
    if let Some(empty) = directories.iter().find(|folder| Binaries::within(folder).is_empty()) {
        return Err(Failure::NoQemu { directory: empty.clone() });
    }
    Ok(Binaries::find(directories))
}

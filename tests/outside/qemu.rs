//! The QEMUs that tests are run against.

use std::path::PathBuf;

use imglock_qemu::{QemuBinaries, QemuProgram};

use super::requirement::is_met;

/// The directories to search for QEMU besides `PATH`: the environment variable
/// `IMGLOCK_QEMU_DIRS`, separated as `PATH` is.
pub fn directories() -> Vec<PathBuf> {
    let given = std::env::var_os("IMGLOCK_QEMU_DIRS").unwrap_or_default();
    std::env::split_paths(&given).filter(|folder| !folder.as_os_str().is_empty()).collect()
}

/// Every available QEMU program.
pub fn binaries() -> QemuBinaries {
    QemuBinaries::find(&directories())
}

/// The folder of every installed copy of a program. Empty, with the reason
/// printed, if the program is not installed.
pub fn folders(program: QemuProgram) -> Vec<PathBuf> {
    let folder = |path: &PathBuf| path.parent().map(PathBuf::from);
    let found: Vec<PathBuf> =
        binaries().all(program).filter_map(|binary| folder(&binary.path)).collect();
    let missing = found.is_empty().then(|| format!("{} is not installed", program.file_name()));
    let requirement = if program == QemuProgram::System { "qemu-system" } else { "qemu-tools" };
    is_met(requirement, missing);
    found
}

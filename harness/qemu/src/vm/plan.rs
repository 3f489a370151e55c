use imglock_core::FileSystem;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::guest::{AcceleratorChoice, GuestPayload, Kernel};
use crate::qemu::QemuBinary;
use imglock_engine::LauncherOptions;

/// A plan of runs under several kernels.
#[derive(Debug)]
pub struct VmPlan {
    /// The kernels.
    pub kernels: Vec<Kernel>,
    /// The arguments of every guest's `imglock`, which prints
    /// [`RunLine`](imglock_engine::RunLine)s.
    pub arguments: Vec<String>,
    /// The file systems in these arguments, by the names of their places; none
    /// for an existing directory.
    pub file_systems: Vec<FileSystem>,
    /// The contents of every guest.
    pub payload: GuestPayload,
}

impl VmPlan {
    /// The name of each kernel in reports: its release, with a number if
    /// several kernels have the same release.
    pub fn names(&self) -> Vec<String> {
        numbered(self.kernels.iter().map(Kernel::release))
    }
}

fn numbered<'a>(releases: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut met: BTreeMap<&str, u32> = BTreeMap::new();
    let name = |release| {
        let times = met.entry(release).or_default();
        *times += 1;
        if *times == 1 { release.to_owned() } else { format!("{release}~{times}") }
    };
    releases.map(name).collect()
}

/// The options for running guests.
#[derive(Debug, Clone)]
pub struct VmOptions {
    /// The emulator.
    pub emulator: QemuBinary,
    /// The accelerator.
    pub accelerator: AcceleratorChoice,
    /// Time limit for the first output of a guest under KVM. After it, the
    /// guest is started again under TCG if the choice allows this.
    pub patience: Duration,
    /// The number of processors of a guest.
    pub processors: u16,
    /// The memory in MiB; computed from the payload if `None`.
    pub memory: Option<u32>,
    /// Additional kernel parameters.
    pub more: Vec<String>,
    /// Time limit for a kernel to boot until its init reports.
    pub boot_timeout: Duration,
    /// Time limit without output of the run.
    pub silence: Duration,
    /// The number of kernels that run in parallel.
    pub jobs: usize,
    /// The launcher's options and directory.
    pub launcher: LauncherOptions,
}

impl VmOptions {
    /// The memory of a guest whose initramfs has this many bytes uncompressed.
    pub(super) fn memory_for(&self, initramfs: usize) -> u32 {
        /// Memory for thousands of processes and for file systems.
        const WORK_MIB: usize = 768;
        let fits = || WORK_MIB + 2 * initramfs.div_ceil(1 << 20);
        self.memory.unwrap_or_else(|| u32::try_from(fits()).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_of_one_release_are_told_apart() {
        let releases = ["6.1.0", "6.12.0", "6.1.0", "6.1.0"];
        assert_eq!(numbered(releases.into_iter()), ["6.1.0", "6.12.0", "6.1.0~2", "6.1.0~3"]);
    }
}

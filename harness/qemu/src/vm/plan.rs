use imglock_core::FileSystem;
use std::collections::BTreeMap;
use std::time::Duration;

use super::accelerator::AcceleratorChoice;
use super::kernel::Kernel;
use super::payload::GuestPayload;
use crate::qemu::QemuBinary;
use imglock_engine::LauncherOptions;

/// What is to be run under which kernels.
#[derive(Debug)]
pub struct VmPlan {
    /// The kernels.
    pub kernels: Vec<Kernel>,
    /// What every guest's `imglock` is called with; it prints
    /// [`RunLine`](imglock_engine::RunLine)s.
    pub arguments: Vec<String>,
    /// The file systems that are named there, as places will be called; none
    /// for a directory that is there.
    pub file_systems: Vec<FileSystem>,
    /// What goes into every guest.
    pub payload: GuestPayload,
}

impl VmPlan {
    /// What each kernel is called in reports: its release, and a number behind
    /// that where several say the same one.
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

/// How guests are run.
#[derive(Debug, Clone)]
pub struct VmOptions {
    /// The emulator.
    pub emulator: QemuBinary,
    /// What runs the guests.
    pub accelerator: AcceleratorChoice,
    /// How long a guest under KVM may say nothing at all before it is started
    /// anew under TCG, where the choice is free.
    pub patience: Duration,
    /// How many processors a guest has.
    pub processors: u16,
    /// How much memory, in MiB; as much as fits when left out.
    pub memory: Option<u32>,
    /// What the kernels are told besides.
    pub more: Vec<String>,
    /// How long a kernel may take until its first program is heard of.
    pub boot_timeout: Duration,
    /// How long the run may say nothing.
    pub silence: Duration,
    /// How many kernels run at a time.
    pub jobs: usize,
    /// Where and how processes are started.
    pub launcher: LauncherOptions,
}

impl VmOptions {
    /// How much memory a guest gets that unpacks so many bytes at its start.
    pub(super) fn memory_for(&self, initramfs: usize) -> u32 {
        /// What thousands of processes and the file systems take.
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

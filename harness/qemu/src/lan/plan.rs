use std::time::Duration;

use super::share::GuestShare;
use crate::guest::{Accelerator, GuestPayload, Kernel};
use crate::qemu::QemuBinary;
use imglock_engine::LauncherOptions;

/// The options of a network of guests.
#[derive(Debug, Clone)]
pub struct LanOptions {
    /// The emulator.
    pub emulator: QemuBinary,
    /// The accelerator.
    pub accelerator: Accelerator,
    /// Time limit for a boot and for each request.
    pub patience: Duration,
    /// The launcher's options and directory.
    pub launcher: LauncherOptions,
}

/// A guest to boot.
#[derive(Debug, Clone, Copy)]
pub struct GuestPlan<'a> {
    /// Its name in the network.
    pub name: &'a str,
    /// Its number in the network, from 1 to 254: its address is 10.0.0.NUMBER.
    pub number: u8,
    /// Its kernel, with the modules of [`GuestPlan::MODULES`] and others.
    pub kernel: &'a Kernel,
    /// Its programs.
    pub payload: &'a GuestPayload,
    /// Its memory in MiB besides that for its initramfs.
    pub memory: u32,
    /// The directories of this machine that it can mount.
    pub shares: &'a [GuestShare],
    /// QEMU's arguments for more devices.
    pub devices: &'a [String],
}

impl GuestPlan<'_> {
    /// The modules that every guest of a network needs.
    pub const MODULES: &'static [&'static str] = &["virtio_pci", "virtio_net"];
}

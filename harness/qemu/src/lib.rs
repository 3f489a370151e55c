//! Tests image locks with real QEMU: finds QEMU's programs, lets them play the
//! processes of scenarios, and tests what QEMU's own commands do with its locks.
//!
//! The main parts of the crate:
//!
//! * [`QemuBinaries`] finds the QEMU programs that are installed.
//! * [`SubjectKind`] makes a QEMU the subject that plays a scenario's processes.
//! * A [`Drill`] runs a sequence of QEMU's own commands in a [`Lab`], and proves
//!   with a second QEMU which locks remain ([`run_drills`]).
//! * A [`Recipe`] brings a QEMU into a mode, and a [`ModeCheck`] compares its
//!   lock bytes with those of the mode.
//! * [`measure_handovers`] measures the time for which no process holds an image
//!   while its guest migrates.
//! * [`boot_all`] boots other kernels under QEMU and runs scenarios there.
//! * A [`Lan`] boots several guests on one network, which run programs, mount file
//!   systems and take locks for a test.
//!
//! QEMU's lock bytes are defined in block/file-posix.c of QEMU.
//!
//! # Example
//!
//! One drill with the preferred QEMU that is installed:
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use imglock_core::Backend;
//! use imglock_engine::{LauncherOptions, StopToken};
//! use imglock_qemu::{
//!     DrillOptions, DrillPractice, DrillVariant, FileNode, QemuBinaries, find_drill,
//! };
//!
//! imglock_qemu::init();
//! let (_trigger, stop) = StopToken::pair()?;
//! let launcher = LauncherOptions::new(std::env::temp_dir(), stop);
//! let options = DrillOptions { launcher, step_timeout: Duration::from_secs(10) };
//! let drill = find_drill("hotplug").ok_or("no such drill")?;
//! let binaries = QemuBinaries::find(&[]);
//! let qemu = drill.player(&binaries)?;
//!
//! let mut practice = DrillPractice::start(&options)?;
//! let variant = DrillVariant::new(Backend::Posix, FileNode::ReadWrite);
//! let result = practice.run(drill, variant, qemu, &binaries)?;
//! println!("{}: {}", result.verdict, result.reason);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Invariant: this crate alone runs QEMU, and it never takes QEMU's command lines
//! or QMP commands from a file.

mod drill;
#[cfg(feature = "vm")]
mod guest;
mod handover;
#[cfg(feature = "vm")]
mod lan;
mod qemu;
mod subject;
#[cfg(feature = "vm")]
mod vm;

pub use drill::{
    DRILL_THEMES, Drill, DrillAccount, DrillAct, DrillCell, DrillEntry, DrillExercise,
    DrillExpected, DrillOptions, DrillPlace, DrillPlayer, DrillPractice, DrillProof, DrillResult,
    DrillTheme, DrillVariant, FileNode, HeldMode, ImageLocks, Lab, LockEffect, ModeCheck, Recipe,
    SilentPeer, all_drills, find_drill, run_drills,
};
#[cfg(feature = "vm")]
pub use guest::{
    Accelerator, AcceleratorChoice, GuestPayload, GuestPrograms, Kernel, KernelError, KernelImage,
    Module, ModuleError, NoKernel, PayloadError,
};
pub use handover::{
    ContestedHandover, Distribution, Handling, HandoverEnd, HandoverError, HandoverGaps,
    HandoverLesson, HandoverOptions, HandoverSeries, Handovers, WatchedHandover, measure_handovers,
};
#[cfg(feature = "vm")]
pub use lan::{
    CephServer, FoundLock, GuestLock, GuestMount, GuestPlan, GuestProgram, GuestRefusal,
    GuestShare, Lan, LanError, LanGuest, LanOptions, NfsServer, NfsVersion, Ran, RpcServices,
    ShareServer, SmbServer,
};
pub use qemu::{Command, QemuBinaries, QemuBinary, QemuProgram, QemuVersion, QmpError, StartError};
pub use subject::SubjectKind;
#[cfg(feature = "vm")]
pub use vm::{VmEnd, VmLimit, VmNews, VmObserver, VmOptions, VmPlan, boot_all};

/// Runs this process in its special role, if it was started in one: a role of
/// [`imglock_engine::init`], or the init of a guest.
///
/// A program that uses this crate must call this first in `main`: imglock starts
/// its launcher by executing the same program again. In a special role, the
/// call does not return.
pub fn init() {
    #[cfg(feature = "vm")]
    imglock_engine::init_with(|role| vm::run_as(role).or_else(|| lan::run_as(role)));
    #[cfg(not(feature = "vm"))]
    imglock_engine::init();
}

//! QEMU.

mod drill;
mod handover;
mod qemu;
mod subject;
mod vm;

pub use drill::{
    DRILL_THEMES, Drill, DrillAccount, DrillAct, DrillCell, DrillEntry, DrillExercise,
    DrillExpected, DrillOptions, DrillPlace, DrillPlayer, DrillPractice, DrillProof, DrillResult,
    DrillTheme, DrillVariant, FileNode, HeldMode, ImageLocks, Lab, LockEffect, ModeCheck, Recipe,
    SilentPeer, all_drills, find_drill, run_drills,
};
pub use handover::{
    ContestedHandover, Distribution, Handling, HandoverEnd, HandoverError, HandoverGaps,
    HandoverLesson, HandoverOptions, HandoverSeries, Handovers, WatchedHandover, measure_handovers,
};
pub use qemu::{Command, QemuBinaries, QemuBinary, QemuProgram, QemuVersion, QmpError, StartError};
pub use subject::SubjectKind;
pub use vm::{
    Accelerator, AcceleratorChoice, GuestPayload, Kernel, KernelError, KernelImage, Module,
    ModuleError, NoKernel, PayloadError, VmEnd, VmLimit, VmNews, VmObserver, VmOptions, VmPlan,
    boot_all,
};

/// Turns this process into the part that it was started as: those of
/// [`imglock_engine::init`], and the first program of a guest.
pub fn init() {
    imglock_engine::init_with(vm::run_as);
}

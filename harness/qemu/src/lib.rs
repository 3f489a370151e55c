//! QEMU.

pub mod drill;
pub mod handover;
pub mod qemu;
pub mod subject;
pub mod vm;

/// Turns this process into the part that it was started as: those of
/// [`imglock_engine::init`], and the first program of a guest.
pub fn init() {
    imglock_engine::init_with(vm::run_as);
}

//! The parts of every guest: a kernel and its modules, the initramfs with this
//! program as init, the machine in QEMU's words, and the console.
//!
//! A guest contains only its initramfs, which is made in memory: this program
//! as init (`/init`), with the libraries that it needs; other programs; and
//! modules in their load order. Two rooms boot guests: `vm` runs scenarios under
//! other kernels, and `lan` has several guests on one network.

mod accelerator;
mod console;
mod console_pipe;
mod deb;
mod image;
mod init;
mod initramfs;
mod kernel;
mod libraries;
mod loaded_part;
mod loading;
mod machine;
mod memory;
mod modules;
mod packing;
mod payload;
mod programs;

pub use accelerator::{Accelerator, AcceleratorChoice};
pub use image::{KernelImage, NoKernel};
pub use kernel::{Kernel, KernelError};
pub use modules::{Module, ModuleError};
pub use payload::{GuestPayload, PayloadError};
pub use programs::GuestPrograms;

pub(crate) use accelerator::Experience;
pub(crate) use console::Console;
pub(crate) use console_pipe::ConsolePipe;
pub(crate) use init::{prepare, reap_until, switch_off, this_program};
pub(crate) use initramfs::Initramfs;
pub(crate) use loading::ModuleOrder;
pub(crate) use machine::{Machine, Role, escaped};
pub(crate) use memory::Memory;
pub(crate) use payload::INIT;

//! Other kernels: booted under QEMU, to run scenarios there.
//!
//! A guest has nothing but what is in its initramfs, which is made in memory:
//! this very program as its first one (`/init`), with the libraries that it
//! needs; the programs that make file systems; modules in an order in which
//! they can be loaded. What its run prints comes back over a serial port that
//! is not the console, so no driver has to be loaded for it.
//!
//! ```text
//!   Kernel, Payload, arguments ─▶ VmPlan ─▶ boot_all ─▶ VmObserver: places, results, news
//!                                              │
//!       QEMU:  kernel ─▶ /init (this program) ─▶ `imglock run ... --format json-lines`
//!                │              │ compressed           │ lines
//!              console        port ◀───────────────────┘
//! ```
//!
//! Whatever a kernel does is a result: that it panics, oopses, hangs or says
//! nothing is told in the [`Fate`](imglock_engine::Fate) of its place, with the
//! last lines of its console. Every wait has a deadline, and QEMU is started
//! by a launcher, so it ends with this command however that ends.

mod accelerator;
mod boot;
mod console;
mod deb;
mod guest;
mod image;
mod initramfs;
mod journal;
mod kernel;
mod loss;
mod machine;
mod module_info;
#[cfg(test)]
mod module_tests;
mod modules;
mod news;
mod order;
mod packing;
mod payload;
mod plan;
mod port;
mod session;
mod watch;

pub use accelerator::{Accelerator, AcceleratorChoice};
pub use image::{KernelImage, NoKernel};
pub use kernel::{Kernel, KernelError};
pub use modules::{Module, ModuleError};
pub use news::{VmLimit, VmNews, VmObserver};
pub use payload::{GuestPayload, PayloadError};
pub use plan::{VmOptions, VmPlan};
pub use session::{VmEnd, boot_all};

/// Plays the first program of a guest to the end if that is what `role` names
/// and this process is that; returns the exit status.
pub(crate) fn run_as(role: &str) -> Option<i32> {
    if role != machine::GUEST || !guest::is_first() {
        return None;
    }
    guest::run();
    Some(0)
}

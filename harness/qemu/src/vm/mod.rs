//! Boots other kernels under QEMU and runs scenarios there.
//!
//! A guest contains only its initramfs, which is made in memory: this program
//! as init (`/init`), with the libraries that it needs; the programs that
//! create file systems; and modules in their load order. The output of the
//! guest's run comes back over a serial port that is not the console, so no
//! driver has to be loaded for it.
//!
//! ```text
//!   Kernel, Payload, arguments ─▶ VmPlan ─▶ boot_all ─▶ VmObserver: places, results, news
//!                                              │
//!       QEMU:  kernel ─▶ /init (this program) ─▶ `imglock run ... --format json-lines`
//!                │              │ compressed           │ lines
//!              console        port ◀───────────────────┘
//! ```
//!
//! The behaviour of a kernel is always a result. A panic, an oops, a hang or
//! silence is recorded in the [`PlaceFate`] of its place, with the last lines of
//! its console. Every wait has a deadline. A launcher starts QEMU, so QEMU
//! always ends with this command.
//!
//! [`PlaceFate`]: imglock_engine::PlaceFate

mod boot;
mod init;
mod journal;
mod loss;
mod news;
mod order;
mod plan;
mod port;
mod session;
mod watch;

pub use news::{VmLimit, VmNews, VmObserver};
pub use plan::{VmOptions, VmPlan};
pub use session::{VmEnd, boot_all};

/// If `role` is that of a guest's init and this process is init, runs it to the
/// end and returns the exit status.
pub(crate) fn run_as(role: &str) -> Option<i32> {
    if role != init::GUEST.0 || !init::is_first() {
        return None;
    }
    init::run();
    Some(0)
}

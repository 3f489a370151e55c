//! Real QEMU: finding and starting its programs, sending commands, and
//! interpreting the answers.
//!
//! The launcher starts QEMU as a process of the scenario, so QEMU always ends
//! with the scenario. QEMU's QMP socket is its standard input, so no socket
//! path exists that could be left behind.
//!
//! The QMP client is written for this crate, for three reasons. A crate
//! generated from one QEMU's schema rejects the answers of another version, and
//! QEMU 7.2 and 10.0 must be driven alike. Each wait must end at a step's
//! deadline or with the run. And every message is copied into the trace word
//! for word.

mod binary;
mod command;
mod console;
mod descriptors;
mod idle;
mod process;
mod qmp;
mod refusal;
mod tool;

pub use binary::{QemuBinaries, QemuBinary, QemuProgram, QemuVersion};
pub use command::Command;
pub use console::Console;
pub use descriptors::descriptors_of;
pub use idle::{IDLE_GUEST, IDLE_ROM, idle_rom};
pub use process::{MACHINE, Qemu, Start, StartError, exit_status};
pub use qmp::{Qmp, QmpError};
pub use refusal::outcome_of;
pub use tool::Tool;

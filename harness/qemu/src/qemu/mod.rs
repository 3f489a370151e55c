//! Real QEMU: which programs there are, how they are started and spoken to,
//! and what their answers mean.
//!
//! QEMU is started by the launcher as a process of the scenario, so it ends
//! with it whatever happens, and finds its QMP socket as standard input: there
//! is no path to connect to, and nothing to be left behind.
//!
//! The QMP client is our own. A crate generated from one QEMU's schema refuses
//! what another version says, and QEMU 7.2 and 10.0 are to be driven alike;
//! each wait has to end at a step's deadline or with the run; and whatever is
//! said goes into the trace, word for word.

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

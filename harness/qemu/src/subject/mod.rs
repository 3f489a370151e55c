//! Real QEMUs as subjects.

mod abilities;
mod failure;
mod kind;
mod monitor;
mod prompt;
mod qemu_io;

pub use kind::SubjectKind;
pub use monitor::QemuSubject;
pub use qemu_io::QemuIoSubject;

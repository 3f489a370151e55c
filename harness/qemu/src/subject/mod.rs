//! Real QEMUs as subjects.

mod abilities;
mod failure;
mod kind;
mod prompt;
mod qemu;
mod qemu_io;
mod qemu_node;

pub use kind::SubjectKind;
pub use qemu::QemuSubject;
pub use qemu_io::QemuIoSubject;

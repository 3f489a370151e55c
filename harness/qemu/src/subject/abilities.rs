//! The actions that a QEMU supports, known before any process starts.

use crate::qemu::{QemuBinary, QemuProgram, QemuVersion};
use imglock_core::{Access, Action, Backend, Claim, OpenOptions};

/// The first QEMU that inactivates single nodes (`blockdev-set-active`). In
/// earlier versions, only a migration inactivates nodes, and it inactivates all
/// of them.
const SET_ACTIVE: QemuVersion = QemuVersion::new(10, 0);

/// Whether `binary` supports this action.
///
/// # Errors
/// The reason, such as `cannot fork on request`.
pub(super) fn can(binary: &QemuBinary, action: &Action, backend: Backend) -> Result<(), String> {
    let refuse = |what: &str| Err(format!("cannot {what}"));
    match action {
        Action::Open { options, .. } => can_open(binary, options, backend),
        Action::Activate { .. } | Action::Inactivate { .. } => can_inactivate(binary),
        Action::Set { pause_after: Some(_), .. } => refuse("halt between two lock calls"),
        Action::Set { .. } | Action::Close { .. } => Ok(()),
        Action::Read { .. } | Action::Write { .. } => match binary.program {
            QemuProgram::Io => Ok(()),
            _ => refuse("read or write an image by QMP"),
        },
        Action::Exit | Action::Kill | Action::Stop | Action::Continue => Ok(()),
        Action::Reopen { .. } => refuse("change a claim and the descriptor in one step"),
        Action::Seek { .. } => refuse("move a file offset"),
        Action::Dup { .. } => refuse("duplicate an image's descriptor on request"),
        Action::Send { .. } => refuse("pass an image's descriptor to another process"),
        Action::Lock { .. } | Action::Unlock { .. } | Action::Test { .. } => {
            refuse("lock a range of its own choice")
        }
        Action::Fork { .. } | Action::Thread { .. } => refuse("fork on request"),
        Action::Exec => refuse("execute another program"),
        Action::Signal | Action::Await => refuse("wait for a lock"),
        // The host performs these actions.
        Action::Create { .. }
        | Action::HardLink { .. }
        | Action::Symlink { .. }
        | Action::Rename { .. }
        | Action::Unlink { .. }
        | Action::Bind { .. }
        | Action::Overlay { .. } => Ok(()),
    }
}

fn can_open(binary: &QemuBinary, options: &OpenOptions, backend: Backend) -> Result<(), String> {
    let refuse = |what: &str| Err(format!("cannot {what}"));
    if options.pause_after.is_some() {
        return refuse("halt between two lock calls");
    }
    if options.backend.is_some_and(|chosen| chosen != backend) {
        return refuse("choose the locks of one image");
    }
    if !options.cloexec {
        return refuse("open an image without O_CLOEXEC");
    }
    if options.inactive {
        can_inactivate(binary)?;
    }
    can_access(options.access, options.mode.claim())
}

/// QEMU refuses a writing user of a read-only node before it requests any lock.
pub(super) fn can_access(access: Access, claim: Claim) -> Result<(), String> {
    match (access, Access::needed_by(claim)) {
        (Access::WriteOnly, _) => Err("cannot open an image write-only".to_owned()),
        (Access::ReadOnly, Access::ReadWrite) => {
            Err("cannot hold write on an image that is open read-only".to_owned())
        }
        _ => Ok(()),
    }
}

fn can_inactivate(binary: &QemuBinary) -> Result<(), String> {
    if binary.version >= SET_ACTIVE && binary.program != QemuProgram::Io {
        return Ok(());
    }
    Err(format!(
        "cannot inactivate one node (blockdev-set-active came with QEMU {})",
        SET_ACTIVE.major
    ))
}

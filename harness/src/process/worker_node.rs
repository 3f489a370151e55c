//! What a worker does to a node: open, change its claim, reopen.

use std::os::fd::{AsFd, BorrowedFd, IntoRawFd, RawFd};
use std::path::Path;

use nix::errno::Errno;

use super::next::failed;
use super::pausing::Pausing;
use super::wire::{NodeHandle, Reply};
use crate::image::{self, Access, AcquireError, ByteClaims, Claim};
use crate::lock::{Backend, KernelLocks};
use crate::raw::numbered;
use crate::step::{ErrorName, Outcome};

/// Opens an image and acquires a claim; a refused one is closed again.
/// `before` is called before each lock or test.
pub(super) fn open(
    path: &Path,
    access: Access,
    cloexec: bool,
    locks: Option<Backend>,
    claim: Claim,
    before: &mut dyn FnMut(),
) -> Reply {
    let file = match image::open(path, access, cloexec) {
        Ok(file) => file,
        Err(errno) => return failed(errno).into(),
    };
    let mut claims = ByteClaims::default();
    match acquire(file.as_fd(), locks, &mut claims, claim, before) {
        Ok(()) => granted(NodeHandle { fd: file.into_raw_fd(), locks, claims }),
        Err(error) => outcome(error).into(),
    }
}

/// Changes the claim in place; a refused one stays as it was.
pub(super) fn change(mut node: NodeHandle, claim: Claim, before: &mut dyn FnMut()) -> Reply {
    let Some(fd) = numbered(node.fd) else { return failed(Errno::EBADF).into() };
    match acquire(fd, node.locks, &mut node.claims, claim, before) {
        Ok(()) => granted(node),
        Err(error) => Reply { outcome: outcome(error), node: Some(node), pid: None },
    }
}

/// Changes the claim on a new descriptor and closes the old one, in the order
/// of QEMU's `raw_reopen_prepare`, `raw_check_perm` and `raw_set_perm`.
pub(super) fn reopen(
    mut node: NodeHandle,
    path: &Path,
    access: Access,
    cloexec: bool,
    claim: Claim,
) -> Reply {
    let Some(old) = numbered(node.fd) else { return failed(Errno::EBADF).into() };
    let new = match image::open(path, access, cloexec) {
        Ok(file) => file,
        Err(errno) => return failed(errno).into(),
    };
    if let Some(backend) = node.locks {
        let mut old = KernelLocks::new(old, backend);
        let mut new = KernelLocks::new(new.as_fd(), backend);
        if let Err(error) = node.claims.prepare_reopen(&mut old, &mut new, claim) {
            return Reply { outcome: outcome(error), node: Some(node), pid: None };
        }
    }
    if let Err(errno) = nix::unistd::close(node.fd) {
        return failed(errno).into();
    }
    if let Some(backend) = node.locks {
        node.claims.commit(&mut KernelLocks::new(new.as_fd(), backend), claim);
    }
    node.fd = new.into_raw_fd();
    granted(node)
}

/// Closes a descriptor.
pub(super) fn close(fd: RawFd) -> Result<(), Errno> {
    nix::unistd::close(fd)
}

fn granted(node: NodeHandle) -> Reply {
    Reply { outcome: Outcome::Granted, node: Some(node), pid: None }
}

fn outcome(error: AcquireError) -> Outcome {
    match error {
        AcquireError::Refused(refusal) => Outcome::Refused(refusal),
        AcquireError::LockByte { byte, error } => {
            Outcome::LockByte { byte, error: ErrorName(error.errno()) }
        }
    }
}

fn acquire(
    fd: BorrowedFd<'_>,
    backend: Option<Backend>,
    claims: &mut ByteClaims,
    claim: Claim,
    before: &mut dyn FnMut(),
) -> Result<(), AcquireError> {
    let Some(backend) = backend else { return Ok(()) };
    let mut locks = KernelLocks::new(fd, backend);
    claims.change(&mut Pausing::new(&mut locks, before), claim)
}

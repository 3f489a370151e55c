//! A worker's operations on a node: open, change its claim, reopen.

use nix::errno::Errno;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd};
use std::path::Path;

use crate::fault::Purpose;
use crate::process::next::failed;
use crate::process::pausing::Pausing;
use crate::process::planted::Planted;
use crate::process::wire::{NodeHandle, Reply};
use crate::raw::numbered;
use imglock_core::{Access, Backend, Claim, Outcome};
use imglock_locks::{AcquireError, ByteClaims};

/// A worker's operation on a node.
pub(super) struct NodeWork<'a> {
    pub(super) planted: &'a Planted,
    /// Called before each lock or test while it acquires a claim.
    pub(super) before: &'a mut dyn FnMut(),
}

impl NodeWork<'_> {
    /// Opens an image and acquires a claim; closes it again when refused.
    pub(super) fn open(
        &mut self,
        path: &Path,
        access: Access,
        cloexec: bool,
        locks: Option<Backend>,
        claim: Claim,
    ) -> Reply {
        let file = match imglock_locks::open(path, access, self.planted.cloexec(cloexec)) {
            Ok(file) => file,
            Err(errno) => return failed(errno).into(),
        };
        let locks = self.planted.backend(locks, access);
        let mut node = NodeHandle { fd: file.as_raw_fd(), locks, claims: ByteClaims::default() };
        match self.acquire(file.as_fd(), Purpose::Open, &mut node, claim) {
            Ok(()) => {
                let _ = file.into_raw_fd();
                granted(node)
            }
            Err(error) => {
                self.planted.close_refused(file);
                outcome(error).into()
            }
        }
    }

    /// Changes the claim in place; a refused change leaves the old claim.
    pub(super) fn change(&mut self, mut node: NodeHandle, claim: Claim) -> Reply {
        let Some(fd) = numbered(node.fd) else { return failed(Errno::EBADF).into() };
        match self.acquire(fd, Purpose::Change, &mut node, claim) {
            Ok(()) => granted(node),
            Err(error) => Reply { outcome: outcome(error), node: Some(node), pid: None },
        }
    }

    /// Changes the claim on a new descriptor and closes the old one, in the
    /// order of QEMU's `raw_reopen_prepare`, `raw_check_perm` and
    /// `raw_set_perm` (block/file-posix.c).
    pub(super) fn reopen(
        &mut self,
        mut node: NodeHandle,
        path: &Path,
        access: Access,
        cloexec: bool,
        claim: Claim,
    ) -> Reply {
        let Some(old) = numbered(node.fd) else { return failed(Errno::EBADF).into() };
        let new = match imglock_locks::open(path, access, self.planted.cloexec(cloexec)) {
            Ok(file) => file,
            Err(errno) => return failed(errno).into(),
        };
        let planted = self.planted;
        if let Some(backend) = node.locks {
            let prepared = planted.with_locks(old, backend, Purpose::Change, |old| {
                planted.with_locks(new.as_fd(), backend, Purpose::Reopen, |new| {
                    node.claims.prepare_reopen(old, new, claim)
                })
            });
            if let Err(error) = prepared {
                return Reply { outcome: outcome(error), node: Some(node), pid: None };
            }
        }
        if let Err(errno) = planted.close(node.fd) {
            return failed(errno).into();
        }
        if let Some(backend) = node.locks {
            planted.with_locks(new.as_fd(), backend, Purpose::Reopen, |new| {
                node.claims.commit(new, claim);
            });
        }
        node.fd = new.into_raw_fd();
        granted(node)
    }

    fn acquire(
        &mut self,
        fd: BorrowedFd<'_>,
        purpose: Purpose,
        node: &mut NodeHandle,
        claim: Claim,
    ) -> Result<(), AcquireError> {
        let Some(backend) = node.locks else { return Ok(()) };
        let acquired = self.planted.with_locks(fd, backend, purpose, |locks| {
            node.claims.change(&mut Pausing::new(locks, self.before), claim)
        });
        self.planted.told(acquired)
    }
}

fn granted(node: NodeHandle) -> Reply {
    Reply { outcome: Outcome::Granted, node: Some(node), pid: None }
}

fn outcome(error: AcquireError) -> Outcome {
    match error {
        AcquireError::Refused(refusal) => Outcome::Refused(refusal),
        AcquireError::LockByte { byte, error } => Outcome::LockByte { byte, error: error.errno() },
        AcquireError::Test { wanted, error } => {
            Outcome::LockByte { byte: wanted.byte(), error: error.errno() }
        }
    }
}

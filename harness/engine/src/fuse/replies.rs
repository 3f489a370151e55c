//! Translates the kernel's requests, and results into replies.

use std::time::Duration;

use fuser::{
    FileAttr, FileHandle, FopenFlags, Generation, ReplyAttr, ReplyData, ReplyEmpty, ReplyEntry,
    ReplyLock, ReplyOpen, ReplyStatfs, Request,
};
use nix::libc;
use rustix::fs::StatVfs;
use rustix::io::{Errno, Result};

use super::lock_table::Held;
use super::tree::Maker;
use imglock_core::{ByteRange, LockType};

/// The kernel caches neither names nor attributes: it asks each time.
pub(super) const KEPT: Duration = Duration::ZERO;
/// No number is reused for another file while the kernel knows the first.
pub(super) const GENERATION: Generation = Generation(0);

/// The user who creates a file.
pub(super) fn maker(request: &Request) -> Maker {
    Maker { uid: request.uid(), gid: request.gid() }
}

/// An error, as the reply needs it.
pub(super) fn told(errno: Errno) -> fuser::Errno {
    fuser::Errno::from_i32(errno.raw_os_error())
}

/// Replies with success or an error.
pub(super) fn done(reply: ReplyEmpty, result: Result<()>) {
    match result {
        Ok(()) => reply.ok(),
        Err(errno) => reply.error(told(errno)),
    }
}

/// Replies with the file of a name.
pub(super) fn entered(reply: ReplyEntry, result: Result<FileAttr>) {
    match result {
        Ok(attributes) => reply.entry(&KEPT, &attributes, GENERATION),
        Err(errno) => reply.error(told(errno)),
    }
}

/// Replies with a file's attributes.
pub(super) fn described(reply: ReplyAttr, result: Result<FileAttr>) {
    match result {
        Ok(attributes) => reply.attr(&KEPT, &attributes),
        Err(errno) => reply.error(told(errno)),
    }
}

/// Replies with the handle of an opened file.
pub(super) fn opened(reply: ReplyOpen, result: Result<FileHandle>) {
    match result {
        Ok(handle) => reply.opened(handle, FopenFlags::empty()),
        Err(errno) => reply.error(told(errno)),
    }
}

/// Replies with data that was read.
pub(super) fn data(reply: ReplyData, result: Result<impl AsRef<[u8]>>) {
    match result {
        Ok(data) => reply.data(data.as_ref()),
        Err(errno) => reply.error(told(errno)),
    }
}

/// The byte range of a lock.
pub(super) fn range(start: u64, end: u64) -> ByteRange {
    let offset = |offset: u64| i64::try_from(offset).unwrap_or(ByteRange::EOF);
    ByteRange::new(offset(start), offset(end))
}

/// The requested lock type; `None` for an unlock.
pub(super) fn kind(number: i32) -> Option<LockType> {
    match number {
        libc::F_RDLCK => Some(LockType::Read),
        libc::F_WRLCK => Some(LockType::Write),
        _ => None,
    }
}

/// Replies with the free and used space of a file system.
pub(super) fn space(reply: ReplyStatfs, result: Result<StatVfs>) {
    match result {
        Ok(space) => {
            let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
            let (size, name) = (small(space.f_bsize), small(space.f_namemax));
            let fragment = small(space.f_frsize);
            let (blocks, free, available) = (space.f_blocks, space.f_bfree, space.f_bavail);
            let (files, left) = (space.f_files, space.f_ffree);
            reply.statfs(blocks, free, available, files, left, size, name, fragment);
        }
        Err(errno) => reply.error(told(errno)),
    }
}

/// Replies with the lock that conflicts with one on the bytes `asked`, if any.
pub(super) fn in_the_way(reply: ReplyLock, held: Option<Held>, asked: (u64, u64)) {
    let Some(Held { kind, range, pid, .. }) = held else {
        return reply.locked(asked.0, asked.1, libc::F_UNLCK, 0);
    };
    let kind = match kind {
        LockType::Read => libc::F_RDLCK,
        LockType::Write => libc::F_WRLCK,
    };
    reply.locked(range.first.cast_unsigned(), range.last.cast_unsigned(), kind, pid);
}

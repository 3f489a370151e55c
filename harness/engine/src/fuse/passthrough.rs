//! Forwards the kernel's requests to the files and to the lock desk.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::PoisonError;
use std::time::SystemTime;

use fuser::{
    BsdFileFlags, FileHandle, Filesystem, FopenFlags, INodeNo, InitFlags, KernelConfig, LockOwner,
    OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty,
    ReplyEntry, ReplyLock, ReplyLseek, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow,
    WriteFlags,
};
use rustix::fs::AtFlags;

use super::FuseLocks;
use super::lock_desk::{Asker, LockDesk};
use super::lock_table::Owner;
use super::replies::{
    GENERATION, KEPT, data, described, done, entered, in_the_way, kind, maker, opened, range,
    space, told,
};
use super::tree::{Change, Tree};

/// A directory as it is seen through the mount.
#[derive(Debug)]
pub(super) struct Passthrough {
    tree: Tree,
    /// Answers lock requests; `None` when the kernel keeps the locks.
    locks: Option<LockDesk>,
}

impl Passthrough {
    pub fn of(directory: &Path, locks: FuseLocks) -> io::Result<Passthrough> {
        let locks = match locks {
            FuseLocks::Kernel => None,
            served => Some(LockDesk::open(served)?),
        };
        Ok(Passthrough { tree: Tree::of(directory)?, locks })
    }

    fn forget_file(&self, number: INodeNo, times: u64) {
        let has_locks = self.locks.as_ref().is_some_and(|desk| desk.has_locks(number));
        if self.tree.inodes.forget(number, times, has_locks)
            && let Some(desk) = &self.locks
        {
            desk.forget(number);
        }
    }
}

impl Filesystem for Passthrough {
    fn init(&mut self, _request: &Request, config: &mut KernelConfig) -> io::Result<()> {
        // A larger size makes nothing faster here.
        let _ = config.set_max_write(128 << 10);
        match self.locks {
            None => Ok(()),
            Some(_) => config.add_capabilities(InitFlags::FUSE_POSIX_LOCKS).map_err(|_| {
                let why = "this kernel does not let a FUSE server keep POSIX locks";
                io::Error::new(io::ErrorKind::Unsupported, why)
            }),
        }
    }

    fn lookup(&self, _: &Request, directory: INodeNo, name: &OsStr, reply: ReplyEntry) {
        entered(reply, self.tree.inodes.find(directory, name));
    }

    fn forget(&self, _: &Request, number: INodeNo, times: u64) {
        self.forget_file(number, times);
    }

    fn getattr(&self, _: &Request, number: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        described(reply, self.tree.inodes.attributes(number));
    }

    fn setattr(
        &self,
        _: &Request,
        number: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        accessed: Option<TimeOrNow>,
        modified: Option<TimeOrNow>,
        _: Option<SystemTime>,
        through: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let change = Change { mode, uid, gid, size, accessed, modified, through };
        described(reply, self.tree.change(number, change));
    }

    fn readlink(&self, _: &Request, number: INodeNo, reply: ReplyData) {
        let target = self.tree.read_link(number);
        data(reply, target.map(|target| target.as_os_str().as_bytes().to_owned()));
    }

    fn mknod(
        &self,
        request: &Request,
        directory: INodeNo,
        name: &OsStr,
        mode: u32,
        _umask: u32,
        device: u32,
        reply: ReplyEntry,
    ) {
        let made = self.tree.make_node((directory, name), mode, device, maker(request));
        entered(reply, made);
    }

    fn mkdir(
        &self,
        request: &Request,
        directory: INodeNo,
        name: &OsStr,
        mode: u32,
        _umask: u32,
        reply: ReplyEntry,
    ) {
        entered(reply, self.tree.make_directory((directory, name), mode, maker(request)));
    }

    fn symlink(
        &self,
        request: &Request,
        directory: INodeNo,
        name: &OsStr,
        target: &Path,
        reply: ReplyEntry,
    ) {
        entered(reply, self.tree.make_symlink((directory, name), target, maker(request)));
    }

    fn link(
        &self,
        _: &Request,
        number: INodeNo,
        directory: INodeNo,
        name: &OsStr,
        reply: ReplyEntry,
    ) {
        entered(reply, self.tree.link(number, directory, name));
    }

    fn unlink(&self, _: &Request, directory: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(reply, self.tree.unlink(directory, name, AtFlags::empty()));
    }

    fn rmdir(&self, _: &Request, directory: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(reply, self.tree.unlink(directory, name, AtFlags::REMOVEDIR));
    }

    fn rename(
        &self,
        _: &Request,
        directory: INodeNo,
        name: &OsStr,
        new_directory: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let flags = rustix::fs::RenameFlags::from_bits_retain(flags.bits());
        done(reply, self.tree.rename((directory, name), (new_directory, new_name), flags));
    }

    fn open(&self, _: &Request, number: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        opened(reply, self.tree.open(number, flags.0));
    }

    fn create(
        &self,
        request: &Request,
        directory: INodeNo,
        name: &OsStr,
        mode: u32,
        _umask: u32,
        flags: i32,
        reply: ReplyCreate,
    ) {
        match self.tree.create((directory, name), mode, flags, maker(request)) {
            Ok((attributes, handle)) => {
                reply.created(&KEPT, &attributes, GENERATION, handle, FopenFlags::empty());
            }
            Err(errno) => reply.error(told(errno)),
        }
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        data(reply, self.tree.read(handle, offset, size));
    }

    fn write(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        offset: u64,
        written: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.tree.write(handle, offset, written) {
            Ok(count) => reply.written(count),
            Err(errno) => reply.error(told(errno)),
        }
    }

    fn flush(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        owner: LockOwner,
        reply: ReplyEmpty,
    ) {
        if let Some(desk) = &self.locks {
            desk.flush(number, Owner::Numbered(owner.0));
        }
        reply.ok();
    }

    fn release(
        &self,
        _: &Request,
        number: INodeNo,
        handle: FileHandle,
        _: OpenFlags,
        owner: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        self.tree.files.remove(handle);
        if let Some(desk) = &self.locks {
            // A flock(2) owner, whose locks the kernel keeps here. A future
            // kernel may also send an OFD owner; none does yet.
            if let Some(owner) = owner {
                desk.flush(number, Owner::Numbered(owner.0));
            }
            desk.release(number, handle.0);
        }
        reply.ok();
    }

    fn fsync(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        only_data: bool,
        reply: ReplyEmpty,
    ) {
        done(reply, self.tree.synchronize(handle, only_data));
    }

    fn fallocate(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        offset: u64,
        size: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        done(reply, self.tree.allocate(handle, mode, offset, size));
    }

    fn lseek(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        offset: i64,
        whence: i32,
        reply: ReplyLseek,
    ) {
        match self.tree.seek(handle, offset, whence) {
            Ok(offset) => reply.offset(offset),
            Err(errno) => reply.error(told(errno)),
        }
    }

    fn opendir(&self, _: &Request, number: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        opened(reply, self.tree.open_directory(number));
    }

    fn readdir(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        position: u64,
        mut reply: ReplyDirectory,
    ) {
        let listing = match self.tree.listings.get(handle) {
            Ok(listing) => listing,
            Err(errno) => return reply.error(told(errno)),
        };
        let mut listing = listing.lock().unwrap_or_else(PoisonError::into_inner);
        match listing.from(position) {
            Ok(mut entries) => {
                let _ = entries
                    .any(|(next, entry)| reply.add(entry.number, next, entry.kind, &entry.name));
                reply.ok();
            }
            Err(errno) => reply.error(told(errno)),
        }
    }

    fn releasedir(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        _: OpenFlags,
        reply: ReplyEmpty,
    ) {
        self.tree.listings.remove(handle);
        reply.ok();
    }

    fn statfs(&self, _: &Request, number: INodeNo, reply: ReplyStatfs) {
        space(reply, self.tree.space(number));
    }

    fn getlk(
        &self,
        request: &Request,
        file: INodeNo,
        handle: FileHandle,
        owner: LockOwner,
        start: u64,
        end: u64,
        asked: i32,
        pid: u32,
        reply: ReplyLock,
    ) {
        let owner = Owner::Numbered(owner.0);
        let asker = Asker { file, handle: handle.0, owner, pid, thread: request.pid() };
        let (Some(desk), Some(kind)) = (&self.locks, kind(asked)) else {
            return reply.error(fuser::Errno::ENOSYS);
        };
        in_the_way(reply, desk.test(asker, kind, range(start, end)), (start, end));
    }

    fn setlk(
        &self,
        request: &Request,
        file: INodeNo,
        handle: FileHandle,
        owner: LockOwner,
        start: u64,
        end: u64,
        asked: i32,
        pid: u32,
        sleep: bool,
        reply: ReplyEmpty,
    ) {
        let Some(desk) = &self.locks else { return reply.error(fuser::Errno::ENOSYS) };
        let owner = Owner::Numbered(owner.0);
        let asker = Asker { file, handle: handle.0, owner, pid, thread: request.pid() };
        match kind(asked) {
            Some(kind) => {
                let answer = Box::new(|result| done(reply, result));
                desk.lock(asker, kind, range(start, end), sleep, answer);
            }
            None => {
                desk.unlock(asker, range(start, end));
                reply.ok();
            }
        }
    }
}

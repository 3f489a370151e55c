//! A file that a FUSE server in this process serves, in a mount namespace that ends with the test.

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, SystemTime};

use fuser::{
    Config, FileAttr, FileHandle, FileType, Filesystem, INodeNo, LockOwner, ReplyAttr, ReplyEmpty,
    Request, Session, SessionACL,
};
use imglock_engine::PrivateMounts;
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::outside::{is_met, not_root};

/// A file system that is a single empty file.
struct SingleFile {
    owner: u32,
    /// A flush waits until the other end sends or drops.
    flushes: Option<Mutex<Receiver<()>>>,
}

impl Filesystem for SingleFile {
    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        let now = SystemTime::UNIX_EPOCH;
        let attributes = FileAttr {
            ino,
            size: 0,
            blocks: 0,
            atime: now,
            mtime: now,
            ctime: now,
            crtime: now,
            kind: FileType::RegularFile,
            perm: 0o600,
            nlink: 1,
            uid: self.owner,
            gid: self.owner,
            rdev: 0,
            blksize: 512,
            flags: 0,
        };
        reply.attr(&Duration::ZERO, &attributes);
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        if let Some(flushes) = &self.flushes {
            let _ = flushes.lock().expect("one thread serves").recv();
        }
        reply.ok();
    }
}

/// Whether the test can go on.
pub fn is_possible() -> bool {
    let missing = || (!Path::new("/dev/fuse").exists()).then(|| "there is no /dev/fuse".to_owned());
    is_met("fuse", not_root("mounting a FUSE file system").or_else(missing))
}

/// Serves a file at `path` while `test` runs, in a thread whose mounts end with it. Only `owner` has
/// access, not even root. A process that closes the file waits while the sender that `test` gets
/// exists.
pub fn alone_to(owner: u32, path: &Path, test: impl FnOnce(Sender<()>) + Send) {
    File::create(path).expect("a mount point");
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            PrivateMounts::enter().expect("a mount namespace");
            let device = device(owner, path);
            let (hold, held) = channel();
            let flushes = Some(Mutex::new(held));
            let file = SingleFile { owner, flushes };
            let session = Session::from_fd(file, device, SessionACL::All, Config::default());
            let session = session.expect("a session");
            let server = std::thread::spawn(move || session.run());
            test(hold);
            umount2(path, MntFlags::MNT_DETACH).expect("it was mounted");
            // It reads that the file system is gone.
            let _ = server.join().expect("it serves to the end");
        });
        thread.join().expect("the test passes");
    });
}

/// Without `allow_other`, the kernel refuses every other user, root too (fuse(4)).
fn device(owner: u32, path: &Path) -> OwnedFd {
    let device = File::options().read(true).write(true).open("/dev/fuse").expect("FUSE");
    let options =
        format!("fd={},rootmode=100600,user_id={owner},group_id={owner}", device.as_raw_fd());
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("imglock"), path, Some("fuse"), flags, Some(&*options)).expect("a FUSE mount");
    device.into()
}

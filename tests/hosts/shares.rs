//! Directories of this machine that two guests mount: 9p and virtiofs.

use std::path::{Path, PathBuf};

use imglock_core::LockType;
use imglock_locks::{FileKey, LockClass, LockTable};
use imglock_qemu::{FoundLock, GuestLock, GuestShare, LanGuest, ShareServer};

use crate::holders::{ALL, SAFE, agreed, seen};
use crate::holding::{holder, is_granted, release};
use crate::shared::table;

/// The daemon, which is not in `PATH`: virtiofsd of QEMU 7.2. The one that comes
/// with later versions has no locks.
pub fn virtiofsd() -> PathBuf {
    PathBuf::from("/usr/lib/qemu/virtiofsd")
}

/// The name of the share whose server has the locks of all guests.
const WITH_LOCKS: &str = "locks";

/// A share of `folder` by virtiofs, with locks and without, and by 9p.
pub fn shares(folder: &Path, virtiofs: bool, nine_p: bool) -> Vec<GuestShare> {
    let share =
        |tag: &str, server| GuestShare { tag: tag.to_owned(), folder: folder.into(), server };
    let daemon =
        |options: &str| ShareServer::Virtiofs { daemon: virtiofsd(), options: options.to_owned() };
    let of_virtiofs =
        [share(WITH_LOCKS, daemon("posix_lock")), share("nolocks", daemon("no_posix_lock"))];
    let virtiofs = of_virtiofs.into_iter().filter(|_| virtiofs);
    virtiofs.chain(nine_p.then(|| share("nine", ShareServer::NineP))).collect()
}

/// Checks one share with a new image in it.
pub fn check(share: &GuestShare, a: &LanGuest, b: &LanGuest) {
    let point = format!("/mnt/{}", share.tag);
    for guest in [a, b] {
        share.mount(guest, &point, "").unwrap_or_else(|error| panic!("{error}"));
    }
    let name = format!("{}.img", share.tag);
    let here = share.folder.join(&name);
    let made = std::fs::File::create(&here).and_then(|file| file.set_len(1 << 20));
    made.expect("a writable folder");
    let image = format!("{point}/{name}");
    let held = holder(a, &image, "rw");
    let question = GuestLock {
        file: image.clone().into(),
        writable: true,
        class: LockClass::Ofd,
        lock: LockType::Write,
        start: 0,
        length: 0,
    };
    let found = b.test_lock(&question).unwrap_or_else(|error| panic!("{error}"));
    if share.tag == WITH_LOCKS {
        // The daemon has the locks, on this machine, and the guest has none.
        assert_eq!(table(a), [""; 0]);
        assert_eq!(locks_here(&here), 2);
        let expected = FoundLock { lock: LockType::Read, start: 100, length: 2, pid: -1 };
        assert_eq!(found, Some(expected));
    } else {
        assert_eq!(table(a), ["OFDLCK READ", "OFDLCK READ"], "{}", share.tag);
        assert_eq!(locks_here(&here), 0, "{}", share.tag);
        assert_eq!(found, None, "{}", share.tag);
    }
    let reach =
        (is_granted(a, &image, "rw", "\"write\""), is_granted(b, &image, "rw", "\"write\""));
    assert_eq!(reach, (false, share.tag != WITH_LOCKS), "{}", share.tag);
    let granted = if share.tag == WITH_LOCKS { &SAFE[..] } else { &ALL[..] };
    assert_eq!(agreed(b, &image, &share.tag), granted);
    assert_eq!(agreed(a, &image, &share.tag), SAFE);
    // Whether the server has locks cannot be seen until there is one.
    let told = seen(b, &image);
    assert_eq!(told["reach"]["extent"], "unknown", "{told}");
    assert_eq!(told["hidden"].is_null(), share.tag != WITH_LOCKS, "{told}");
    let here = seen(a, &image)["reach"]["extent"].clone();
    let virtiofs = matches!(share.server, ShareServer::Virtiofs { .. });
    let only = virtiofs && share.tag != WITH_LOCKS;
    assert_eq!(here, if only { "only-this-host" } else { "unknown" }, "{}", share.tag);
    let (_, text) = crate::holders::told(b, &image);
    assert!(!text.contains("free"), "{text}");
    release(held);
    assert!(is_granted(b, &image, "rw", "\"write\""), "{}", share.tag);
}

/// The number of locks of a file in this machine's table.
fn locks_here(file: &Path) -> usize {
    let mut table = LockTable::default();
    table.add_image(FileKey::learn(file).expect("a key"), 0);
    table.read(&[]).expect("a table").len()
}

//! CephFS: two clients of one metadata server.

use imglock_core::LockType;
use imglock_locks::LockClass;
use imglock_qemu::{CephServer, FoundLock, GuestLock, LanGuest};
use nix::libc;
use serde_json::json;

use crate::holders::{ALL, SAFE, agreed, seen, told};
use crate::holding::{holder, release};
use crate::shared::table;

/// The guests.
pub struct Hosts<'a> {
    pub ceph: &'a CephServer<'a>,
    pub a: &'a LanGuest,
    pub b: &'a LanGuest,
}

const POINT: &str = "/mnt/ceph";

/// Mounts the file system in both clients, and makes an image.
pub fn mounted(hosts: &Hosts<'_>) -> String {
    for client in [hosts.a, hosts.b] {
        hosts.ceph.mount(client, POINT).unwrap_or_else(|error| panic!("{error}"));
    }
    let image = format!("{POINT}/disk.img");
    hosts.a.allocate(&image, 1 << 20).unwrap_or_else(|error| panic!("{error}"));
    image
}

fn whole(image: &str, class: LockClass, lock: LockType) -> GuestLock {
    GuestLock { file: image.into(), writable: true, class, lock, start: 0, length: 0 }
}

/// The metadata server decides between the clients. A client asks it, and finds the
/// lock of another host: without its process if the question is about an OFD lock,
/// and otherwise with the negated number of that process (fs/ceph/locks.c,
/// `ceph_lock_message`).
pub fn the_other_host_is_refused(hosts: &Hosts<'_>, image: &str) {
    let Hosts { a, b, .. } = hosts;
    let free = seen(b, image);
    assert_eq!((&free["state"], &free["reach"]["extent"]), (&"free".into(), &"every-host".into()));
    for mode in ["rw", "ro"] {
        let held = holder(a, image, mode);
        assert_eq!((table(a), table(b)), (vec!["OFDLCK READ".to_owned(); 2], Vec::new()));
        let ask = |class| b.test_lock(&whole(image, class, LockType::Write));
        let [ofd, posix] = [LockClass::Ofd, LockClass::Posix]
            .map(|class| ask(class).unwrap_or_else(|error| panic!("{error}")).expect("a lock"));
        let length = if mode == "rw" { 2 } else { 1 };
        assert_eq!(ofd, FoundLock { lock: LockType::Read, start: 100, length, pid: -1 });
        assert!(posix.pid < -1 && FoundLock { pid: -1, ..posix } == ofd, "{posix:?}");
        let refused = if mode == "rw" { &SAFE[..] } else { &ALL[..2] };
        assert_eq!(agreed(b, image, mode), refused);
        let found = seen(b, image);
        assert_eq!(found["state"], "locked", "{found}");
        assert_eq!(found["reach"]["extent"], "every-host", "{found}");
        assert_eq!(found["asked"]["complete"], true, "{found}");
        assert_eq!(found["hidden"]["modes"][0], mode, "{found}");
        assert_eq!(found["hidden"]["could_be"][0], "other-host", "{found}");
        let (code, text) = told(b, image);
        assert!(code == 1 && text.contains("a holder that this host cannot name"), "{text}");
        assert!(text.contains("Reach: every host that mounts"), "{text}");
        release(held);
        assert_eq!(seen(b, image)["state"], "free");
    }
    assert_eq!(agreed(b, image, "released"), ALL);
}

/// The server has the locks of both hosts, and reports one of them to each question.
pub fn a_holder_here_is_told_from_one_there(hosts: &Hosts<'_>, image: &str) {
    let Hosts { a, b, .. } = hosts;
    let (there, here) = (holder(a, image, "share-rw"), holder(b, image, "ro-share-rw"));
    assert_eq!(agreed(b, image, "a reader here"), SAFE);
    let found = seen(b, image);
    assert_eq!(found["holders"].as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found["holders"][0]["modes"][0], "ro-share-rw", "{found}");
    assert_eq!(found["hidden"]["modes"][0], "share-rw", "{found}");
    release(there);
    let found = seen(b, image);
    assert!(found["hidden"].is_null() && found["state"] == "locked", "{found}");
    release(here);
}

/// Other programs lock the whole file. The client reports such a lock as one on byte 0.
/// A flock(2) lock excludes those of other hosts, and no lock on a range.
pub fn locks_of_other_kinds_reach_the_other_host(hosts: &Hosts<'_>, image: &str) {
    let Hosts { a, b, .. } = hosts;
    let hold = |lock: &GuestLock| a.hold_lock(lock).unwrap_or_else(|error| panic!("{error}"));
    for (class, kind) in [
        (LockClass::Posix, LockType::Write),
        (LockClass::Ofd, LockType::Write),
        (LockClass::Posix, LockType::Read),
    ] {
        let held = hold(&whole(image, class, kind));
        let question = whole(image, LockClass::Ofd, LockType::Write);
        let at = GuestLock { start: 201, length: 1, ..question };
        let reported = b.test_lock(&at).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(reported, Some(FoundLock { lock: kind, start: 0, length: 1, pid: -1 }));
        agreed(b, image, &format!("{class} {kind:?}"));
        let found = seen(b, image);
        assert_eq!(found["asked"]["complete"], true, "{found}");
        let whole = json!([{"kind": kind, "first": 0, "last": null, "exact": true}]);
        assert_eq!(found["hidden"]["locks"], whole, "{found}");
        held.end().unwrap_or_else(|error| panic!("{error}"));
    }
    let flock = whole(image, LockClass::Flock, LockType::Write);
    let held = hold(&flock);
    let refused = b.hold_lock(&flock).expect_err("a has it");
    assert_eq!(refused.errno(), Some(libc::EAGAIN), "{refused}");
    assert_eq!(agreed(b, image, "flock"), ALL);
    held.end().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(agreed(b, image, "released"), ALL);
    assert_eq!(seen(b, image)["state"], "free");
}

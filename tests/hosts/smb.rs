//! SMB: two clients of smbd.

use imglock_core::LockType;
use imglock_locks::LockClass;
use imglock_qemu::{FoundLock, GuestLock, LanGuest, SmbServer};
use nix::libc;
use serde_json::json;

use crate::holders::{ALL, SAFE, agreed, seen, told};
use crate::holding::{holder, is_granted, release};
use crate::shared::table;

/// The guests.
pub struct Hosts<'a> {
    pub server: &'a LanGuest,
    pub smb: &'a SmbServer<'a>,
    pub a: &'a LanGuest,
    pub b: &'a LanGuest,
}

const POINT: &str = "/mnt/smb";

/// Mounts the share in both clients with these options, and makes an image.
fn mounted(hosts: &Hosts<'_>, options: &str) -> String {
    let name = format!("disk{options}.img");
    let exported = format!("{}/{name}", hosts.smb.share());
    hosts.server.allocate(exported, 1 << 20).unwrap_or_else(|error| panic!("{error}"));
    for client in [hosts.a, hosts.b] {
        let mounted = hosts.smb.mount(client, POINT, options);
        mounted.unwrap_or_else(|error| panic!("{error}"));
    }
    format!("{POINT}/{name}")
}

fn unmount(hosts: &Hosts<'_>) {
    for client in [hosts.a, hosts.b] {
        client.unmount(POINT).unwrap_or_else(|error| panic!("{error}"));
    }
}

fn write_lock(image: &str, start: i64, length: i64) -> GuestLock {
    let (file, lock) = (image.into(), LockType::Write);
    GuestLock { file, writable: true, class: LockClass::Ofd, lock, start, length }
}

/// A client with a lease keeps its locks to itself until another host opens the
/// file, and the server then has them as OFD locks. The answer to a question
/// repeats the range of the question: the client tries to acquire it, and
/// reports that (fs/smb/client/file.c, `cifs_getlk`).
pub fn the_other_host_is_refused(hosts: &Hosts<'_>) {
    let image = mounted(hosts, "");
    let held = holder(hosts.a, &image, "rw");
    assert_eq!(table(hosts.a), ["OFDLCK READ", "OFDLCK READ"]);
    assert_eq!(table(hosts.server), [""; 0], "the client keeps its locks");
    let found = hosts.b.test_lock(&write_lock(&image, 50, 100));
    let found = found.unwrap_or_else(|error| panic!("{error}"));
    let expected = FoundLock { lock: LockType::Read, start: 50, length: 100, pid: -1 };
    assert_eq!(found, Some(expected));
    assert_eq!(table(hosts.server), ["OFDLCK READ", "OFDLCK READ"]);
    assert!(!is_granted(hosts.b, &image, "rw", "\"write\""));
    assert_eq!(agreed(hosts.b, &image, "SMB"), SAFE);
    let told = seen(hosts.b, &image);
    // ksmbd tells less than smbd, and a client does not know which of them serves it.
    assert_eq!((&told["state"], &told["reach"]["extent"]), (&"locked".into(), &"unknown".into()));
    assert_eq!(told["asked"]["gap"], "lock-bytes-only", "{told}");
    assert_eq!(told["hidden"]["modes"][0], "rw", "{told}");
    release(held);
    assert!(is_granted(hosts.b, &image, "rw", "\"write\""));
    assert_eq!(agreed(hosts.b, &image, "SMB"), ALL);
    // A whole file that was not asked for is not called free.
    assert_eq!(seen(hosts.b, &image)["state"], "unknown");
    // Locks are mandatory: a read of a byte that another host has locked to write fails.
    let locked = hosts.a.hold_lock(&write_lock(&image, 100, 1));
    let locked = locked.unwrap_or_else(|error| panic!("{error}"));
    let refused = hosts.b.read(&image).expect_err("the byte is locked");
    assert_eq!(refused.errno(), Some(libc::EACCES), "{refused}");
    locked.end().unwrap_or_else(|error| panic!("{error}"));
    unmount(hosts);
}

/// With `nobrl`, each host has its own locks, and both are granted the image.
pub fn a_mount_without_locks_of_the_network_tells_nobody(hosts: &Hosts<'_>) {
    let image = mounted(hosts, "nobrl");
    let held = holder(hosts.a, &image, "rw");
    assert_eq!(table(hosts.a), ["OFDLCK READ", "OFDLCK READ"]);
    assert_eq!(hosts.b.test_lock(&write_lock(&image, 0, 0)).expect("an answer"), None);
    assert_eq!(table(hosts.server), [""; 0]);
    assert!(is_granted(hosts.b, &image, "rw", "\"write\""));
    assert!(!is_granted(hosts.a, &image, "rw", "\"write\""));
    assert_eq!(agreed(hosts.b, &image, "nobrl"), ALL);
    assert_eq!(seen(hosts.b, &image)["reach"]["extent"], "only-this-host");
    release(held);
    unmount(hosts);
}

/// On the server, a client's lock has a worker of the kernel as its process. The name of the worker
/// tells ksmbd until the worker serves another part of the kernel.
pub fn a_lock_of_ksmbd_is_told_from_a_process(hosts: &Hosts<'_>) {
    let (server, image) = (hosts.server, mounted(hosts, ""));
    let exported = format!("{}/disk.img", hosts.smb.share());
    assert_eq!(agreed(server, &exported, "nobody locks"), ALL);
    let held = holder(hosts.a, &image, "rw");
    // The client gives its lease back when another host opens the file, and the server has its locks.
    let found = hosts.b.test_lock(&write_lock(&image, 50, 100));
    assert!(found.unwrap_or_else(|error| panic!("{error}")).is_some());
    assert_eq!(table(server), ["POSIX READ", "POSIX READ"]);
    assert_eq!(agreed(server, &exported, "a client of ksmbd holds rw"), SAFE);
    let found = seen(server, &exported);
    assert_eq!((&found["state"], &found["holders"]), (&"locked".into(), &json!([])), "{found}");
    let served = &found["served"][0];
    let name = served["server"].as_str().unwrap_or_default();
    assert!(["ksmbd", "kernel"].contains(&name), "{found}");
    assert_eq!((&served["modes"], &served["clients"]), (&json!(["rw"]), &json!([])), "{found}");
    assert_eq!(served["gap"]["reason"], "no-list", "{found}");
    let (code, text) = told(server, &exported);
    assert!(code == 1 && text.contains("Threads of the kernel, which cannot be killed"), "{text}");
    // Whether ksmbd tells the locks of one host to another depends on its leases.
    assert_eq!(seen(hosts.b, &image)["reach"]["extent"], "unknown");
    release(held);
    unmount(hosts);
    assert_eq!(agreed(server, &exported, "nobody locks any more"), ALL);
}

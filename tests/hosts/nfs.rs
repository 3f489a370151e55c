//! NFS: two clients and their server.

use imglock_core::LockType;
use imglock_qemu::{FoundLock, NfsVersion};
use nix::libc;

use crate::delegations::allow_delegations;
use crate::holding::{holder, is_granted, release};
use crate::shared::{Hosts, Shared, table};

/// NFSv4: the server decides between the clients, and `F_OFD_GETLK` finds the
/// lock of another host, without its process.
pub fn version_4_tells_the_other_host(hosts: &Hosts<'_>) {
    allow_delegations(hosts.server, false);
    for version in [NfsVersion::V4_0, NfsVersion::V4_1, NfsVersion::V4_2] {
        let shared = Shared::mounted(hosts, version, "");
        let held = holder(hosts.a, &shared.image, "rw");
        assert_eq!(table(hosts.a), ["OFDLCK READ", "OFDLCK READ"]);
        assert_eq!(table(hosts.b), [""; 0]);
        assert_eq!(table(hosts.server), ["POSIX READ", "POSIX READ"]);
        let found = hosts.b.test_lock(&shared.lock(LockType::Write, 0, 0)).expect("an answer");
        let expected = FoundLock { lock: LockType::Read, start: 100, length: 2, pid: -1 };
        assert_eq!(found, Some(expected), "NFS {version}");
        assert!(!is_granted(hosts.b, &shared.image, "rw", "\"write\""), "NFS {version}");
        release(held);
        assert!(is_granted(hosts.b, &shared.image, "rw", "\"write\""), "NFS {version}");
        shared.unmount();
    }
}

/// NFSv3: the locks reach the server, where lockd has them, and a conflicting
/// lock of another host is refused.
///
/// QEMU's protocol however asks with `F_OFD_GETLK`. Linux's server answers it
/// for a read lock, whichever lock the client asks about, since "lockd: fix
/// vfs_test_lock() calls" (a49a2a1baa0c, backported to 6.1 and 6.12), so it
/// finds no conflict with QEMU's read locks. The check accepts both answers,
/// and insists that the second opener has the outcome that follows.
pub fn version_3_tells_the_server(hosts: &Hosts<'_>) {
    for options in ["", "local_lock=flock"] {
        let shared = Shared::mounted(hosts, NfsVersion::V3, options);
        let held = holder(hosts.a, &shared.image, "rw");
        for guest in [hosts.a, hosts.server] {
            assert_eq!(table(guest), ["POSIX READ", "POSIX READ"], "{}", guest.name());
        }
        assert_eq!(table(hosts.b), [""; 0]);
        let refused = hosts.b.hold_lock(&shared.lock(LockType::Write, 100, 1));
        let refused = refused.expect_err("a has a read lock there");
        assert_eq!(refused.errno(), Some(libc::EAGAIN), "{refused}");
        let found = hosts.b.test_lock(&shared.lock(LockType::Write, 0, 0)).expect("an answer");
        let is_granted = || is_granted(hosts.b, &shared.image, "rw", "\"write\"");
        assert_eq!(is_granted(), found.is_none(), "{found:?}");
        release(held);
        assert!(is_granted());
        // The server finds a write lock in each of its versions.
        let held = hosts.a.hold_lock(&shared.lock(LockType::Write, 100, 1));
        let held = held.unwrap_or_else(|error| panic!("{error}"));
        let found = hosts.b.test_lock(&shared.lock(LockType::Write, 0, 0)).expect("an answer");
        let found = found.expect("a has a write lock there");
        assert_eq!((found.lock, found.start, found.length), (LockType::Write, 100, 1), "{found:?}");
        held.end().unwrap_or_else(|error| panic!("{error}"));
        shared.unmount();
    }
}

/// NFSv3 without locks of the network: each host has its own, and both are
/// granted the image.
pub fn a_mount_without_locks_of_the_network_tells_nobody(hosts: &Hosts<'_>) {
    for options in ["nolock", "local_lock=all", "local_lock=posix"] {
        let shared = Shared::mounted(hosts, NfsVersion::V3, options);
        let held = holder(hosts.a, &shared.image, "rw");
        assert_eq!(table(hosts.a), ["OFDLCK READ", "OFDLCK READ"]);
        for guest in [hosts.b, hosts.server] {
            assert_eq!(table(guest), [""; 0], "{}", guest.name());
        }
        assert_eq!(
            hosts.b.test_lock(&shared.lock(LockType::Write, 0, 0)).expect("an answer"),
            None
        );
        assert!(is_granted(hosts.b, &shared.image, "rw", "\"write\""), "{options}");
        assert!(!is_granted(hosts.a, &shared.image, "rw", "\"write\""), "{options}");
        release(held);
        shared.unmount();
    }
}

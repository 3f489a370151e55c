//! One image on the server and in both clients.

use imglock_core::LockType;
use imglock_locks::LockClass;
use imglock_qemu::{GuestLock, LanGuest, NfsServer, NfsVersion};

/// The guests.
pub struct Hosts<'a> {
    pub server: &'a LanGuest,
    pub nfs: &'a NfsServer<'a>,
    pub a: &'a LanGuest,
    pub b: &'a LanGuest,
}

const MIB: u64 = 1 << 20;

/// The same image, as both clients see it.
pub struct Shared<'a> {
    hosts: &'a Hosts<'a>,
    point: String,
    /// The path in the clients.
    pub image: String,
    /// The path in the server.
    pub exported: String,
}

impl<'a> Shared<'a> {
    /// Mounts the export in both clients, with a new image in it.
    pub fn mounted(hosts: &'a Hosts<'a>, version: NfsVersion, options: &str) -> Shared<'a> {
        let point = format!("/mnt/{version}{options}");
        let image = format!("disk-{version}{options}.img");
        let exported = format!("{}/{image}", hosts.nfs.export());
        hosts.server.allocate(&exported, MIB).unwrap_or_else(|error| panic!("{error}"));
        for client in [hosts.a, hosts.b] {
            let mounted = hosts.nfs.mount(client, &point, version, options);
            mounted.unwrap_or_else(|error| panic!("{error}"));
        }
        let image = format!("{point}/{image}");
        Shared { hosts, point, image, exported }
    }

    pub fn unmount(self) {
        for client in [self.hosts.a, self.hosts.b] {
            client.unmount(&self.point).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    /// A lock of QEMU's kind on the first byte of its protocol, or on all bytes.
    pub fn lock(&self, lock: LockType, start: i64, length: i64) -> GuestLock {
        let file = self.image.clone().into();
        GuestLock { file, writable: true, class: LockClass::Ofd, lock, start, length }
    }
}

/// The lines of the guest's lock table for bytes of QEMU's protocol: the class
/// of each lock, and its type.
pub fn table(guest: &LanGuest) -> Vec<String> {
    let table = guest.read("/proc/locks").unwrap_or_else(|error| panic!("{error}"));
    let ours = table.lines().filter_map(|line| {
        // 1: OFDLCK ADVISORY READ -1 00:18:2 100 101
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [_, class, _, kind, _, _, "100" | "201", _] => Some(format!("{class} {kind}")),
            _ => None,
        }
    });
    ours.collect()
}

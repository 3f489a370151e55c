//! Delegations of NFSv4: a client that has one keeps its locks to itself until
//! the server calls it back (RFC 8881, 10.4).

use std::time::{Duration, Instant};

use imglock_core::LockType;
use imglock_qemu::{FoundLock, GuestLock, LanGuest, NfsVersion};

use crate::holders;
use crate::holding::{holder, is_granted, release};
use crate::served::clients;
use crate::shared::{Hosts, Shared, table};

/// How long a server may take until it gives its first delegation.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether a server may give delegations (proc_sys_fs(5)).
pub fn allow_delegations(server: &LanGuest, allowed: bool) {
    let written = server.write("/proc/sys/fs/leases-enable", if allowed { "1" } else { "0" });
    written.unwrap_or_else(|error| panic!("{error}"));
}

/// The delegations of a file in the server's list of states: one entry a client.
fn delegations(server: &LanGuest, exported: &str) -> usize {
    let clients = server.list("/proc/fs/nfsd/clients").unwrap_or_else(|error| panic!("{error}"));
    let name = exported.rsplit_once('/').map_or(exported, |(_, name)| name);
    let name = format!("/{name}\"");
    let of = |client: &String| {
        let states = server.read(format!("/proc/fs/nfsd/clients/{client}/states"));
        // A client that is gone has none.
        let states = states.unwrap_or_default();
        let ours = |line: &&str| line.contains("type: deleg") && line.contains(&name);
        states.lines().filter(ours).count()
    };
    clients.iter().map(of).sum()
}

/// A question of another host finds a lock under a delegation only if the server
/// calls the delegation back. Opening the file for reading does not call a read
/// delegation back, and then the asking host has one as well, and answers by
/// itself. Opening it for writing does.
pub fn a_question_finds_the_lock_if_it_could_write(hosts: &Hosts<'_>) {
    allow_delegations(hosts.server, true);
    let shared = Shared::mounted(hosts, NfsVersion::V4_2, "");
    // A server gives no delegation to a client before it has called it.
    let [called, seen] = [&shared.exported, &shared.image].map(|image| format!("{image}.called"));
    hosts.server.write(&called, "read this").unwrap_or_else(|error| panic!("{error}"));
    let deadline = Instant::now() + PATIENCE;
    while delegations(hosts.server, &called) < 2 {
        assert!(Instant::now() < deadline, "the server gives no delegations");
        for client in [hosts.a, hosts.b] {
            client.read(&seen).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    let held = holder(hosts.a, &shared.image, "ro");
    assert_eq!(delegations(hosts.server, &shared.exported), 1);
    assert_eq!(table(hosts.server), [""; 0], "the client keeps its locks");
    // The server knows that it does not know them, and a look calls no delegation back.
    let image = holders::seen(hosts.server, &shared.exported);
    let [(name, states)] = &clients(&image)[..] else { panic!("one client: {image}") };
    assert!(name == "a" && states.iter().any(|state| state["kind"] == "delegation"), "{image}");
    assert_eq!(image["asked"]["gap"], "client-delegation", "{image}");
    assert_eq!(image["dangers"], serde_json::json!(["lease-waits"]), "{image}");
    assert_eq!(delegations(hosts.server, &shared.exported), 1);
    let writing = shared.lock(LockType::Write, 0, 0);
    let reading = GuestLock { writable: false, ..writing.clone() };
    let ask = |question| hosts.b.test_lock(question).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(ask(&reading), None);
    assert_eq!(delegations(hosts.server, &shared.exported), 2, "the question has one, too");
    let found = ask(&writing).expect("a has a read lock there");
    assert_eq!(found, FoundLock { lock: LockType::Read, start: 100, length: 1, pid: -1 });
    assert_eq!(delegations(hosts.server, &shared.exported), 0);
    assert_eq!(table(hosts.server), ["POSIX READ", "POSIX READ"]);
    assert!(!is_granted(hosts.b, &shared.image, "rw", "\"write\""));
    release(held);
    shared.unmount();
}

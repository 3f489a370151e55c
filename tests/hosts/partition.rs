//! A client that the server cannot hear.

use imglock_qemu::{LanGuest, NfsVersion};

use crate::holding::{holder, is_granted, release};
use crate::outside::lan::Network;
use crate::served::a_look_leaves_a_client_out_of_contact_its_locks;
use crate::shared::{Hosts, Shared, table};

/// NFSv4: the server keeps the locks of a client that is cut off for as long as
/// its lease lasts, and grants them to another host then. The process that
/// held them does not learn of it: both hosts hold the image.
pub fn a_host_that_is_cut_off_loses_its_locks_unnoticed(network: &Network, hosts: &Hosts<'_>) {
    let shared = Shared::mounted(hosts, NfsVersion::V4_1, "");
    let cut_off = holder(hosts.a, &shared.image, "rw");
    network.cut(hosts.a, hosts.server);
    assert!(!is_granted(hosts.b, &shared.image, "rw", "\"write\""), "the lease has not run out");
    a_look_leaves_a_client_out_of_contact_its_locks(hosts, &shared.exported);
    let command = ["hold", &shared.image, "--mode", "rw", "--wait", "60"];
    let waiting = hosts.b.start(LanGuest::PROGRAM, &command);
    let waiting = waiting.unwrap_or_else(|error| panic!("{error}"));
    waiting.await_line("holding rw on ").unwrap_or_else(|error| panic!("{error}"));
    for guest in [hosts.a, hosts.b] {
        assert_eq!(table(guest), ["OFDLCK READ", "OFDLCK READ"], "{}", guest.name());
    }
    assert_eq!(table(hosts.server), ["POSIX READ", "POSIX READ"], "those of b");
    network.heal(hosts.a, hosts.server);
    // It reaches the server again, which knows no lock of it.
    release(cut_off);
    assert!(!is_granted(hosts.a, &shared.image, "rw", "\"write\""), "b holds it");
    release(waiting);
    assert!(is_granted(hosts.a, &shared.image, "rw", "\"write\""));
    shared.unmount();
}

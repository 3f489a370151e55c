//! Locks that other hosts take: guests on one network share a file system.
//!
//! Booting takes most of the time, so the guests of one kernel serve all checks,
//! one after the other.

#[path = "../outside/mod.rs"]
mod outside;

mod delegations;
mod holders;
mod holding;
mod nfs;
mod partition;
mod shared;

use imglock_qemu::{NfsServer, RpcServices};
use outside::kernels::kernels;
use outside::lan::{Network, have};
use shared::Hosts;

#[test]
fn locks_on_nfs_reach_other_hosts_unless_the_mount_keeps_them() {
    let with_v3 = have("nfs-services", RpcServices::PROGRAMS);
    for (number, kernel) in kernels().into_iter().enumerate() {
        let modules = [NfsServer::MODULES, NfsServer::CLIENT_MODULES];
        let mut network = Network::of(&kernel, &modules, RpcServices::PROGRAMS);
        let guests = ["server", "a", "b"].map(|name| network.boot(name));
        let [server, a, b] = &guests;
        for guest in &guests {
            guest.await_up().unwrap_or_else(|error| panic!("{error}"));
            if with_v3 {
                let services = RpcServices::start(guest, &[server, a, b]);
                services.unwrap_or_else(|error| panic!("{error}"));
            }
        }
        let nfs = NfsServer::start(server, &[a, b], with_v3);
        let nfs = nfs.unwrap_or_else(|error| panic!("{error}"));
        let hosts = Hosts { server, nfs: &nfs, a, b };
        nfs::version_4_tells_the_other_host(&hosts);
        if number == 0 {
            // It waits for the end of a lease.
            partition::a_host_that_is_cut_off_loses_its_locks_unnoticed(&network, &hosts);
        }
        delegations::a_question_finds_the_lock_if_it_could_write(&hosts);
        holders::a_holder_on_another_host_is_found_over_version_4(&hosts);
        if with_v3 {
            nfs::version_3_tells_the_server(&hosts);
            nfs::a_mount_without_locks_of_the_network_tells_nobody(&hosts);
            holders::nothing_is_called_free_over_version_3(&hosts);
            holders::locks_of_one_host_are_said_to_be_so(&hosts);
        }
    }
}

//! Locks that other hosts take: guests on one network share a file system.
//!
//! Booting takes most of the time, so the guests of one kernel serve all checks,
//! one after the other.

#[path = "../outside/mod.rs"]
mod outside;

mod ceph;
mod delegations;
mod holders;
mod holding;
mod nfs;
mod partition;
mod served;
mod shared;
mod shares;
mod smb;

use std::path::Path;
use std::sync::Mutex;

use imglock_qemu::{CephServer, NfsServer, RpcServices, SmbServer};
use outside::kernels::{kernel_with_9p, kernels};
use outside::lan::{Network, have, programs};
use outside::{is_met, not_root};
use shared::Hosts;

/// One network at a time: a boot keeps both processors of a small machine busy.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn locks_on_nfs_reach_other_hosts_unless_the_mount_keeps_them() {
    let _turn = TURN.lock();
    let programs = [RpcServices::PROGRAMS, &["flock"]].concat();
    let with_v3 = have("nfs-services", &programs);
    // A guest works while the test waits for it, so the kernels share the processors well.
    std::thread::scope(|scope| {
        for (number, kernel) in kernels().into_iter().enumerate() {
            let programs = &programs;
            let name = kernel.file_name().map_or(String::new(), |name| name.display().to_string());
            let thread = std::thread::Builder::new().name(name);
            let checks = move || checks_under(&kernel, programs, with_v3, number == 0);
            thread.spawn_scoped(scope, checks).expect("a thread");
        }
    });
}

/// All checks under one kernel. `once`: also those that take long.
fn checks_under(kernel: &Path, programs: &[&str], with_v3: bool, once: bool) {
    let modules = [NfsServer::MODULES, NfsServer::CLIENT_MODULES];
    let mut network = Network::of(kernel, &modules);
    let guests = ["server", "a", "b"].map(|name| network.boot(name, programs));
    let [server, a, b] = &guests;
    let mut release = String::new();
    for guest in &guests {
        release = guest.await_up().unwrap_or_else(|error| panic!("{error}"));
        if with_v3 {
            let services = RpcServices::start(guest, &[server, a, b]);
            services.unwrap_or_else(|error| panic!("{error}"));
        }
    }
    let nfs = NfsServer::start(server, &[a, b], with_v3);
    let nfs = nfs.unwrap_or_else(|error| panic!("{error}"));
    let hosts = Hosts { server, nfs: &nfs, a, b };
    nfs::version_4_tells_the_other_host(&hosts);
    served::clients_of_version_4_are_named(&hosts);
    if once {
        // It waits for the end of a lease.
        partition::a_host_that_is_cut_off_loses_its_locks_unnoticed(&network, &hosts);
    }
    delegations::a_question_finds_the_lock_if_it_could_write(&hosts);
    holders::a_holder_on_another_host_is_found_over_version_4(&hosts);
    if with_v3 {
        nfs::version_3_tells_the_server(&hosts);
        nfs::a_mount_without_locks_of_the_network_tells_nobody(&hosts);
        holders::nothing_is_called_free_over_version_3(&hosts);
        served::clients_of_version_3_are_a_possibility(&hosts, &release);
        holders::locks_of_one_host_are_said_to_be_so(&hosts);
    }
}

#[test]
fn locks_on_smb_reach_other_hosts_unless_the_mount_keeps_them() {
    let _turn = TURN.lock();
    let Some(kernel) = kernels().into_iter().next() else { return };
    if !have("smbd", SmbServer::PROGRAMS) {
        return;
    }
    let mut network = Network::of(&kernel, &[SmbServer::CLIENT_MODULES]);
    let server = network.boot("server", SmbServer::PROGRAMS);
    let [a, b] = ["a", "b"].map(|name| network.boot(name, &[]));
    for guest in [&server, &a, &b] {
        guest.await_up().unwrap_or_else(|error| panic!("{error}"));
    }
    let smb = SmbServer::start(&server).unwrap_or_else(|error| panic!("{error}"));
    let hosts = smb::Hosts { server: &server, smb: &smb, a: &a, b: &b };
    smb::the_other_host_is_refused(&hosts);
    smb::a_mount_without_locks_of_the_network_tells_nobody(&hosts);
}

#[test]
fn clients_of_the_kernels_smb_server_are_told_from_processes() {
    let _turn = TURN.lock();
    // The newest: ksmbd of Linux 6.1.192 crashes when a client mounts its share (`opinfo_put`).
    let Some(kernel) = kernels().pop() else { return };
    let modules = [SmbServer::KERNEL_MODULES, SmbServer::CLIENT_MODULES];
    let mut network = Network::of(&kernel, &modules);
    let [server, a, b] = ["server", "a", "b"].map(|name| network.boot(name, &[]));
    for guest in [&server, &a, &b] {
        guest.await_up().unwrap_or_else(|error| panic!("{error}"));
    }
    let smb = SmbServer::start_in_kernel(&server).unwrap_or_else(|error| panic!("{error}"));
    let hosts = smb::Hosts { server: &server, smb: &smb, a: &a, b: &b };
    smb::a_lock_of_ksmbd_is_told_from_a_process(&hosts);
}

#[test]
fn locks_on_ceph_reach_other_hosts() {
    let _turn = TURN.lock();
    let Some(kernel) = kernels().into_iter().next() else { return };
    if !have("ceph", &[CephServer::PROGRAMS, &["cc"]].concat()) {
        return;
    }
    let folder = tempfile::tempdir().expect("a directory");
    let command = CephServer::compile_command(&programs(), folder.path());
    let command = command.unwrap_or_else(|error| panic!("{error}"));
    let programs = [CephServer::PROGRAMS, &[command.to_str().expect("UTF-8")]].concat();
    let mut network = Network::of(&kernel, &[CephServer::CLIENT_MODULES]);
    let server = network.boot("server", &programs);
    let [a, b] = ["a", "b"].map(|name| network.boot(name, &[]));
    for guest in [&server, &a, &b] {
        guest.await_up().unwrap_or_else(|error| panic!("{error}"));
    }
    let ceph = CephServer::start(&server).unwrap_or_else(|error| panic!("{error}"));
    let hosts = ceph::Hosts { ceph: &ceph, a: &a, b: &b };
    let image = ceph::mounted(&hosts);
    ceph::the_other_host_is_refused(&hosts, &image);
    ceph::a_holder_here_is_told_from_one_there(&hosts, &image);
    ceph::locks_of_other_kinds_reach_the_other_host(&hosts, &image);
}

#[test]
fn locks_on_directories_of_this_machine_reach_other_guests_if_the_server_has_them() {
    let _turn = TURN.lock();
    let Some(first) = kernels().into_iter().next() else { return };
    let daemon = shares::virtiofsd();
    let missing = (!daemon.exists()).then(|| format!("{} is not installed", daemon.display()));
    let missing = missing.or_else(|| not_root("virtiofsd"));
    let virtiofs = is_met("virtiofsd", missing);
    let with_9p = kernel_with_9p();
    let folder = tempfile::tempdir().expect("a directory");
    let shares = shares::shares(folder.path(), virtiofs, with_9p.is_some());
    if shares.is_empty() {
        return;
    }
    let modules: Vec<&[&str]> = shares.iter().map(|share| share.server.modules()).collect();
    let mut network = Network::of(&with_9p.unwrap_or(first), &modules);
    let [a, b] = ["a", "b"].map(|name| network.boot_with(name, &[], &shares));
    for guest in [&a, &b] {
        guest.await_up().unwrap_or_else(|error| panic!("{error}"));
    }
    for share in &shares {
        shares::check(share, &a, &b);
    }
}

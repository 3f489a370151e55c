//! A Ceph cluster in one guest, and the kernel's clients of its file system: one monitor, one
//! storage daemon that keeps everything in memory, and one metadata server, which has the locks.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::LanError;
use super::guest::LanGuest;
use super::program::GuestProgram;
use super::wire::GuestMount;
use crate::guest::GuestPrograms;

/// The directory of the daemons' data.
const DATA: &str = "/ceph";
/// The port of the monitor, with version 1 of Ceph's protocol.
const PORT: u16 = 6789;
/// The identity of the only storage daemon.
const STORAGE: &str = "0a0a0a0a-0000-4000-8000-000000000002";

/// Without authentication, copies and plugins (ceph.conf, src/common/options.cc of Ceph).
const CONFIGURATION: &str = "\
[global]
fsid = 0a0a0a0a-0000-4000-8000-000000000001
auth cluster required = none
auth service required = none
auth client required = none
ms bind msgr2 = false
client mount timeout = 60
osd pool default size = 1
osd pool default min size = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd erasure code plugins =
osd objectstore = memstore
run dir = /ceph
mon data = /ceph/mon
osd data = /ceph/osd
mds data = /ceph/mds
log file =
log to stderr = true
err to stderr = true
mon cluster log file =
debug rocksdb = 0
";

/// The option for a program that does not ask the monitor for more configuration. One that asks
/// forgets `fsid`, and the monitor refuses its commands until it has learned it again (`build_initial`,
/// src/mon/MonMap.cc of Ceph).
const OWN_CONFIGURATION: &str = "--no-mon-config";

/// The pools, the file system on them, and the storage daemon.
const COMMANDS: [&str; 4] = [
    r#"{"prefix": "osd pool create", "pool": "metadata", "pg_num": 1}"#,
    r#"{"prefix": "osd pool create", "pool": "data", "pg_num": 1}"#,
    r#"{"prefix": "fs new", "fs_name": "shared", "metadata": "metadata", "data": "data"}"#,
    r#"{"prefix": "osd new", "uuid": "0a0a0a0a-0000-4000-8000-000000000002"}"#,
];

/// The program that sends them, and its source.
const COMMAND: &str = "monitor-command";
const SOURCE: &str = include_str!("monitor_command.c");

/// A Ceph cluster that is a guest.
#[derive(Debug)]
pub struct CephServer<'guest> {
    guest: &'guest LanGuest,
    _daemons: [GuestProgram<'guest>; 3],
}

impl<'guest> CephServer<'guest> {
    /// The programs, which a server's payload has to contain; from Debian's packages `ceph-mon`,
    /// `ceph-osd` and `ceph-mds`.
    pub const PROGRAMS: &'static [&'static str] = &["ceph-mon", "ceph-osd", "ceph-mds"];
    /// The modules of a client.
    pub const CLIENT_MODULES: &'static [&'static str] = &["ceph"];

    /// Compiles a program for commands to the monitor, which a server's payload has to contain as
    /// well, in `folder`. It needs a C compiler, and the library of Debian's package `librados2`.
    ///
    /// # Errors
    /// If it does not compile.
    pub fn compile_command(programs: &GuestPrograms, folder: &Path) -> io::Result<PathBuf> {
        let (source, program) = (folder.join("source.c"), folder.join(COMMAND));
        std::fs::write(&source, SOURCE)?;
        let mut compiler = Command::new("cc");
        compiler.arg("-o").args([&program, &source]);
        for folder in programs.library_folders() {
            compiler.arg("-L").arg(folder);
        }
        // The library's own libraries are searched when the program starts.
        compiler.args(["-l:librados.so.2", "-Wl,--allow-shlib-undefined"]);
        let compiled = compiler.output()?;
        match compiled.status.success() {
            true => Ok(program),
            false => Err(io::Error::other(String::from_utf8_lossy(&compiled.stderr).into_owned())),
        }
    }

    /// Starts the cluster, and waits until it serves.
    ///
    /// # Errors
    /// If a daemon does not start, or the monitor refuses a command.
    pub fn start(guest: &'guest LanGuest) -> Result<CephServer<'guest>, LanError> {
        guest.mount(&GuestMount {
            source: "tmpfs".to_owned(),
            point: DATA.into(),
            kind: "tmpfs".to_owned(),
            options: String::new(),
        })?;
        for folder in ["mon", "osd", "mds"] {
            guest.make_folder(format!("{DATA}/{folder}"))?;
        }
        let monitor = format!("v1:{}:{PORT}", guest.address());
        let own = format!("mon host = {monitor}\n[mon]\npublic addr = {monitor}\n");
        guest.write("/etc/ceph/ceph.conf", &format!("{CONFIGURATION}{own}"))?;
        guest.succeed("ceph-mon", &["-i", "a", "--mkfs"])?;
        let monitor = guest.start("ceph-mon", &["-i", "a", "-f"])?;
        guest.succeed(COMMAND, &COMMANDS)?;
        guest.succeed(
            "ceph-osd",
            &["-i", "0", "--mkfs", "--osd-uuid", STORAGE, OWN_CONFIGURATION],
        )?;
        let storage = guest.start("ceph-osd", &["-i", "0", "-f", OWN_CONFIGURATION])?;
        let metadata = guest.start("ceph-mds", &["-i", "a", "-f", OWN_CONFIGURATION])?;
        storage.await_line("state: booting -> active")?;
        metadata.await_line("--> up:active")?;
        Ok(CephServer { guest, _daemons: [monitor, storage, metadata] })
    }

    /// Mounts the file system in a client.
    ///
    /// # Errors
    /// If the client's kernel refuses it.
    pub fn mount(&self, client: &LanGuest, point: &str) -> Result<(), LanError> {
        client.mount(&GuestMount {
            source: format!("{}:{PORT}:/", self.guest.address()),
            point: point.into(),
            kind: "ceph".to_owned(),
            options: "name=admin".to_owned(),
        })
    }
}

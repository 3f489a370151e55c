//! An NFS server made of the kernel alone, and its clients: guests without
//! mount.nfs, rpc.mountd and exportfs.
//!
//! The kernel's server asks rpc.mountd which client may see which export
//! (net/sunrpc/cache.c). Here the answers are written into its caches before it
//! asks. Files and their formats: fs/nfsd/nfsctl.c, fs/nfsd/export.c and
//! net/sunrpc/svcauth_unix.c of Linux.

use std::fmt;

use super::error::LanError;
use super::guest::LanGuest;
use super::wire::GuestMount;

/// A version of NFS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NfsVersion {
    /// NFSv3 (RFC 1813), with locks by NLM.
    V3,
    /// NFSv4.0 (RFC 7530).
    V4_0,
    /// NFSv4.1 (RFC 8881).
    V4_1,
    /// NFSv4.2 (RFC 7862).
    V4_2,
}

/// The mount option `vers`.
impl fmt::Display for NfsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NfsVersion::V3 => "3",
            NfsVersion::V4_0 => "4.0",
            NfsVersion::V4_1 => "4.1",
            NfsVersion::V4_2 => "4.2",
        })
    }
}

/// The directory of a server that its clients see.
const EXPORT: &str = "/export";
/// The port of its MOUNT service.
const MOUNT_PORT: u16 = 20048;
/// Seconds of a lease of NFSv4, and of the time after a start in which only
/// locks of an earlier life are granted: the least that the kernel takes.
const LEASE: &str = "10";
/// A time far away, in seconds since 1970: no entry of a cache runs out.
const NEVER: i32 = i32::MAX;
/// `NFSEXP_FSID`, `NFSEXP_NOSUBTREECHECK` and `NFSEXP_INSECURE_PORT`
/// (uapi/linux/nfsd/export.h). Root is root, and writing is allowed.
const FLAGS: u32 = 0x2000 | 0x400 | 0x2;
/// The file handle of the export's root: version 1, and `FSID_NUM` with the
/// number 0 (fs/nfsd/nfsfh.h).
const ROOT: [u8; 8] = [1, 0, 1, 0, 0, 0, 0, 0];

/// An NFS server that is a guest. Its export is a tmpfs.
#[derive(Debug, Clone, Copy)]
pub struct NfsServer<'guest> {
    guest: &'guest LanGuest,
}

impl<'guest> NfsServer<'guest> {
    /// The modules of a server.
    pub const MODULES: &'static [&'static str] = &["nfsd", "md5"];
    /// The modules of a client.
    pub const CLIENT_MODULES: &'static [&'static str] = &["nfsv3", "nfsv4"];

    /// Starts the server for `clients`, and ends its grace period. NFSv3 needs
    /// [`RpcServices`] in the guest before.
    ///
    /// # Errors
    /// If the guest's kernel refuses a step.
    pub fn start(
        guest: &'guest LanGuest,
        clients: &[&LanGuest],
        with_v3: bool,
    ) -> Result<NfsServer<'guest>, LanError> {
        let mount = |source: &str, point: &str| {
            guest.mount(&GuestMount {
                source: source.to_owned(),
                point: point.into(),
                kind: source.to_owned(),
                options: String::new(),
            })
        };
        mount("tmpfs", EXPORT)?;
        mount("nfsd", "/proc/fs/nfsd")?;
        // The record of clients that may reclaim locks after a restart.
        guest.make_folder("/var/lib/nfs/v4recovery")?;
        let v3 = if with_v3 { '+' } else { '-' };
        guest.write("/proc/fs/nfsd/versions", &format!("{v3}3 +4 +4.1 +4.2\n"))?;
        guest.write("/proc/fs/nfsd/nfsv4leasetime", LEASE)?;
        guest.write("/proc/fs/nfsd/nfsv4gracetime", LEASE)?;
        guest.write("/proc/fs/nfsd/portlist", "tcp 2049\n")?;
        guest.write("/proc/fs/nfsd/threads", "4\n")?;
        for client in clients {
            let line = format!("nfsd {} {NEVER} clients\n", client.address());
            guest.write("/proc/net/rpc/auth.unix.ip/channel", &line)?;
        }
        let export = format!("clients {EXPORT} {NEVER} {FLAGS} 65534 65534 0\n");
        guest.write("/proc/net/rpc/nfsd.export/channel", &export)?;
        let handle = format!("clients 1 \\x00000000 {NEVER} {EXPORT}\n");
        guest.write("/proc/net/rpc/nfsd.fh/channel", &handle)?;
        guest.write("/proc/fs/nfsd/v4_end_grace", "Y\n")?;
        if with_v3 {
            guest.write("/proc/fs/lockd/nlm_end_grace", "Y\n")?;
            guest.serve_mounts(MOUNT_PORT, ROOT.to_vec())?;
        }
        Ok(NfsServer { guest })
    }

    /// The exported directory in the server.
    pub fn export(&self) -> &'static str {
        EXPORT
    }

    /// Mounts the export in a client. `options` are further mount options, such
    /// as `nolock`, separated by commas. NFSv3 with locks of the network needs
    /// [`RpcServices`] in the client before.
    ///
    /// # Errors
    /// If the client's kernel refuses it.
    pub fn mount(
        &self,
        client: &LanGuest,
        point: &str,
        version: NfsVersion,
        options: &str,
    ) -> Result<(), LanError> {
        let server = self.guest.address();
        let (source, own) = match version {
            NfsVersion::V3 => {
                let mount = format!("mountproto=udp,mountvers=3,mountport={MOUNT_PORT}");
                (format!("{server}:{EXPORT}"), format!("port=2049,mountaddr={server},{mount}"))
            }
            _ => (format!("{server}:/"), format!("clientaddr={}", client.address())),
        };
        let more = if options.is_empty() { String::new() } else { format!(",{options}") };
        client.mount(&GuestMount {
            source,
            point: point.into(),
            kind: "nfs".to_owned(),
            options: format!("vers={version},proto=tcp,addr={server},{own}{more}"),
        })
    }
}

/// The services without which lockd of NFSv3 neither finds another host nor
/// learns of its restart: rpcbind and rpc.statd, as Debian's packages `rpcbind`
/// and `nfs-common` have them.
#[derive(Debug, Clone, Copy)]
pub struct RpcServices;

impl RpcServices {
    /// The programs, which a guest's payload has to contain.
    pub const PROGRAMS: &'static [&'static str] = &["rpcbind", "rpc.statd"];

    /// Starts both in a guest; `hosts` are the guests that they know by name.
    ///
    /// # Errors
    /// If one of them does not start.
    pub fn start(guest: &LanGuest, hosts: &[&LanGuest]) -> Result<RpcServices, LanError> {
        let line = |host: &&LanGuest| format!("{} {}\n", host.address(), host.name());
        let hosts: String = hosts.iter().map(line).collect();
        guest.write("/etc/hosts", &format!("127.0.0.1 localhost\n{hosts}"))?;
        for (file, text) in FILES {
            guest.write(file, text)?;
        }
        for folder in ["/run/rpcbind", "/var/lib/nfs/sm", "/var/lib/nfs/sm.bak", "/var/run"] {
            guest.make_folder(folder)?;
        }
        // Both serve in the background once they are ready.
        guest.succeed("rpcbind", &[])?;
        guest.succeed("rpc.statd", &["--no-notify"])?;
        Ok(RpcServices)
    }
}

/// The files in which the services look up names.
const FILES: &[(&str, &str)] = &[
    (
        "/etc/netconfig",
        "udp tpi_clts v inet udp - -\ntcp tpi_cots_ord v inet tcp - -\n\
         local tpi_cots_ord - loopback - - -\n",
    ),
    ("/etc/nsswitch.conf", "passwd: files\nhosts: files\nservices: files\nrpc: files\n"),
    ("/etc/passwd", "root:x:0:0::/:/bin/false\n_rpc:x:101:65534::/run/rpcbind:/bin/false\n"),
    ("/etc/group", "root:x:0:\nnogroup:x:65534:\n"),
    ("/etc/services", "sunrpc 111/tcp portmapper\nsunrpc 111/udp portmapper\n"),
    ("/etc/rpc", "portmapper 100000 portmap sunrpc\nnlockmgr 100021\nstatus 100024\n"),
    ("/etc/protocols", "ip 0 IP\ntcp 6 TCP\nudp 17 UDP\n"),
];

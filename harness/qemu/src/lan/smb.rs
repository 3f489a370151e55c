//! A server of SMB in a guest, smbd of Samba or that of the kernel, and the kernel's clients.

use std::time::{Duration, Instant};

use super::error::LanError;
use super::guest::LanGuest;
use super::program::GuestProgram;
use super::wire::GuestMount;

/// The directory of a server that its clients see.
const SHARE: &str = "/share";
/// The name of it for clients.
const NAME: &str = "share";

/// How long ksmbd may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// Every user is root, without a password (smb.conf(5)).
const CONFIGURATION: &str = "\
[global]
server role = standalone
map to guest = bad user
guest account = root
server min protocol = SMB3
private dir = /var/lib/samba/private
lock directory = /run/samba
state directory = /var/lib/samba
cache directory = /var/cache/samba
pid directory = /run/samba
ncalrpc dir = /run/samba/ncalrpc
load printers = no
disable spoolss = yes
log level = 2
[share]
path = /share
guest ok = yes
read only = no
force user = root
";

/// An SMB server that is a guest. Its share is a tmpfs.
#[derive(Debug)]
pub struct SmbServer<'guest> {
    guest: &'guest LanGuest,
    _smbd: Option<GuestProgram<'guest>>,
}

impl<'guest> SmbServer<'guest> {
    /// The program of [`SmbServer::start`], which a server's payload has to
    /// contain; from Debian's package `samba`.
    pub const PROGRAMS: &'static [&'static str] = &["smbd"];
    /// The modules of a client.
    pub const CLIENT_MODULES: &'static [&'static str] = &[
        "md5",
        "hmac",
        "sha256_generic",
        "sha512_generic",
        "cmac",
        "ecb",
        "gcm",
        "ccm",
        "ctr",
        "aesni_intel",
        "nls_utf8",
        "cifs",
    ];

    /// The modules of [`SmbServer::start_in_kernel`].
    pub const KERNEL_MODULES: &'static [&'static str] = &["ksmbd"];

    /// Starts smbd, and waits until it serves.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(guest: &'guest LanGuest) -> Result<SmbServer<'guest>, LanError> {
        mount_share(guest)?;
        let folders = ["/var/lib/samba/private", "/var/cache/samba", "/run/samba/ncalrpc"];
        for folder in folders.into_iter().chain(["/var/log/samba", "/var/tmp"]) {
            guest.make_folder(folder)?;
        }
        for (file, text) in [
            ("/etc/samba/smb.conf", CONFIGURATION),
            ("/etc/passwd", "root:x:0:0::/:/bin/false\nnobody:x:65534:65534::/:/bin/false\n"),
            ("/etc/group", "root:x:0:\nnogroup:x:65534:\n"),
            ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
            ("/etc/hosts", "127.0.0.1 localhost\n"),
        ] {
            guest.write(file, text)?;
        }
        let arguments = ["-F", "--no-process-group", "--debug-stdout"];
        let smbd = guest.start("smbd", &arguments)?;
        smbd.await_line("waiting for connections")?;
        Ok(SmbServer { guest, _smbd: Some(smbd) })
    }

    /// Starts ksmbd, the server of the kernel, and waits until it serves.
    ///
    /// # Errors
    /// If the guest's kernel refuses a step.
    pub fn start_in_kernel(guest: &'guest LanGuest) -> Result<SmbServer<'guest>, LanError> {
        mount_share(guest)?;
        guest.serve_smb(NAME, SHARE)?;
        // The kernel acknowledges the configuration and starts the server then.
        let deadline = Instant::now() + PATIENCE;
        while !["/proc/net/tcp6", "/proc/net/tcp"]
            .iter()
            .any(|table| guest.read(table).is_ok_and(|table| listens(&table)))
        {
            if Instant::now() > deadline {
                return Err(guest.talk().lost("to start ksmbd", "it does not listen"));
            }
        }
        Ok(SmbServer { guest, _smbd: None })
    }

    /// The shared directory in the server.
    pub fn share(&self) -> &'static str {
        SHARE
    }

    /// Mounts the share in a client. `options` are further mount options, such
    /// as `nobrl`, separated by commas (mount.cifs(8)).
    ///
    /// # Errors
    /// If the client's kernel refuses it.
    pub fn mount(&self, client: &LanGuest, point: &str, options: &str) -> Result<(), LanError> {
        let server = self.guest.address();
        let more = if options.is_empty() { String::new() } else { format!(",{options}") };
        client.mount(&GuestMount {
            source: format!("//{server}/{NAME}"),
            point: point.into(),
            kind: "cifs".to_owned(),
            options: format!("ip={server},user=anybody,pass=any,vers=3.1.1,sec=ntlmssp{more}"),
        })
    }
}

fn mount_share(guest: &LanGuest) -> Result<(), LanError> {
    guest.mount(&GuestMount {
        source: "tmpfs".to_owned(),
        point: SHARE.into(),
        kind: "tmpfs".to_owned(),
        options: String::new(),
    })
}

/// Whether a table of TCP sockets (/proc/net/tcp, proc(5)) has one that listens, state 0A, at port
/// 445.
fn listens(table: &str) -> bool {
    table.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        matches!(words.as_slice(), [_, local, _, "0A", ..] if local.ends_with(":01BD"))
    })
}

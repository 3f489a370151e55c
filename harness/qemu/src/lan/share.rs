//! Directories of this machine that guests mount.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::LanError;
use super::guest::LanGuest;
use super::wire::GuestMount;
use crate::guest::escaped;
use imglock_engine::{
    Execution, Launcher, ProcessError, ProcessHandle, ReceiveError, StandardError, StopToken,
    describe,
};

/// A directory of this machine that a guest can mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestShare {
    /// Its name, which the guest mounts: letters and digits, different for each
    /// share of a guest.
    pub tag: String,
    /// The directory.
    pub folder: PathBuf,
    /// Its server.
    pub server: ShareServer,
}

/// The server of a shared directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShareServer {
    /// QEMU itself, by 9p. Cloud kernels have no module for it.
    NineP,
    /// A daemon of its own, by virtiofs.
    Virtiofs {
        /// virtiofsd of QEMU 7.2, which needs root.
        daemon: PathBuf,
        /// Its options, such as `posix_lock`, separated by commas.
        options: String,
    },
}

impl ShareServer {
    /// The modules of a guest with a share of this kind.
    pub fn modules(&self) -> &'static [&'static str] {
        match self {
            ShareServer::NineP => &["9pnet_virtio", "9p"],
            ShareServer::Virtiofs { .. } => &["virtiofs"],
        }
    }
}

/// A pause between two looks at a daemon that starts.
const PAUSE: Duration = Duration::from_millis(1);

impl GuestShare {
    /// Mounts the share in a guest that has it. `options` are further mount
    /// options, separated by commas.
    ///
    /// # Errors
    /// If the guest's kernel refuses it.
    pub fn mount(&self, guest: &LanGuest, point: &str, options: &str) -> Result<(), LanError> {
        let (kind, own) = match self.server {
            ShareServer::NineP => ("9p", "trans=virtio,version=9p2000.L"),
            ShareServer::Virtiofs { .. } => ("virtiofs", ""),
        };
        let options: Vec<&str> = [own, options].into_iter().filter(|o| !o.is_empty()).collect();
        guest.mount(&GuestMount {
            source: self.tag.clone(),
            point: point.into(),
            kind: kind.to_owned(),
            options: options.join(","),
        })
    }

    /// QEMU's arguments for this share. `socket` is the path of its daemon's
    /// socket.
    fn arguments(&self, socket: &Path) -> [String; 4] {
        let GuestShare { tag, folder, server } = self;
        let [(first, one), (second, other)] = match server {
            ShareServer::NineP => {
                let path = escaped(folder);
                [
                    ("-fsdev", format!("local,id={tag},path={path},security_model=none")),
                    ("-device", format!("virtio-9p-pci,fsdev={tag},mount_tag={tag}")),
                ]
            }
            ShareServer::Virtiofs { .. } => [
                ("-chardev", format!("socket,id={tag},path={}", escaped(socket))),
                ("-device", format!("vhost-user-fs-pci,chardev={tag},tag={tag}")),
            ],
        };
        [first.to_owned(), one, second.to_owned(), other]
    }

    /// Starts the daemons of a guest's shares, and returns QEMU's arguments for
    /// the shares of a guest with `memory` MiB. `socket` is the beginning of a
    /// path for sockets.
    pub(super) fn serve_all(
        shares: &[GuestShare],
        memory: u32,
        socket: &Path,
        launcher: &mut Launcher,
        limits: (Duration, &StopToken),
    ) -> Result<Vec<String>, LanError> {
        let mut arguments = Vec::new();
        if shares.iter().any(|share| matches!(share.server, ShareServer::Virtiofs { .. })) {
            // The daemons map the guest's memory.
            let object = format!("memory-backend-memfd,id=memory,size={memory}M,share=on");
            arguments
                .extend(["-object", &object, "-numa", "node,memdev=memory"].map(str::to_owned));
        }
        for share in shares {
            let socket = socket.with_extension(&share.tag);
            share.serve(&socket, launcher, limits)?;
            arguments.extend(share.arguments(&socket));
        }
        Ok(arguments)
    }

    /// Starts the daemon of this share, if it has one, and waits until it
    /// listens at `socket`.
    fn serve(
        &self,
        socket: &Path,
        launcher: &mut Launcher,
        (patience, stop): (Duration, &StopToken),
    ) -> Result<(), LanError> {
        let ShareServer::Virtiofs { daemon, options } = &self.server else { return Ok(()) };
        let more = if options.is_empty() { String::new() } else { format!(",{options}") };
        let executed = launcher.execute(Execution {
            name: "virtiofsd".to_owned(),
            program: daemon.clone(),
            arguments: vec![
                format!("--socket-path={}", socket.display()),
                "-o".to_owned(),
                // A mount namespace of its own would need a machine that allows it.
                format!("source={},sandbox=chroot{more}", self.folder.display()),
            ],
            directory: None,
            answers_on_stdout: false,
            errors: StandardError::Log,
            deny_ofd: false,
        })?;
        let here = |why: String| LanError::Here { what: "virtiofsd".to_owned(), why };
        let process = ProcessHandle::open(executed.pid).map_err(|error| here(describe(&error)))?;
        let deadline = Instant::now() + patience;
        while !is_listening(socket).map_err(|error| here(describe(&error)))? {
            match process.await_exit(Instant::now() + PAUSE, stop) {
                Err(ReceiveError::Timeout) if Instant::now() < deadline => {}
                Err(ReceiveError::Stopped) => return Err(ProcessError::Stopped.into()),
                _ => return Err(here(format!("it does not serve: {}", executed.log.text()))),
            }
        }
        Ok(())
    }
}

/// Whether a process listens at the socket: `__SO_ACCEPTCON` in the table of
/// sockets (net/unix/af_unix.c, `unix_seq_show`). A try to connect would use up
/// the only connection that virtiofsd accepts.
fn is_listening(socket: &Path) -> std::io::Result<bool> {
    let path = socket.to_string_lossy();
    let table = std::fs::read_to_string("/proc/net/unix")?;
    Ok(table.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        // Num: RefCount Protocol Flags Type St Inode Path
        matches!(words.as_slice(), [_, _, _, "00010000", _, _, _, name] if *name == path)
    }))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_socket_counts_once_a_process_listens() {
        let folder = tempfile::tempdir().expect("a directory");
        let socket = folder.path().join("socket");
        assert!(!is_listening(&socket).expect("a table"));
        let listener = UnixListener::bind(&socket).expect("a socket");
        assert!(is_listening(&socket).expect("a table"));
        drop(listener);
        assert!(socket.exists() && !is_listening(&socket).expect("a table"));
    }
}

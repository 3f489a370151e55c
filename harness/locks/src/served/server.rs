#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};

/// A file server in the kernel, of which a thread took a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[strum(serialize_all = "kebab-case")]
pub enum FileServer {
    /// The NFS server, for a client of NFSv4.
    Nfsd,
    /// The lock manager of the NFS server, for a client of NFSv2 or NFSv3.
    Lockd,
    /// The SMB server.
    Ksmbd,
    /// A thread of the kernel whose name does not tell the server. A lock of ksmbd is taken by a
    /// worker (`kworker/...`), which later works for other parts of the kernel.
    Kernel,
}

impl FileServer {
    /// The server of a kernel thread with this name, as /proc/PID/stat shows it.
    pub(crate) fn of_thread(comm: &str) -> FileServer {
        match comm {
            "nfsd" => FileServer::Nfsd,
            "lockd" => FileServer::Lockd,
            worker if worker.contains("ksmbd") => FileServer::Ksmbd,
            _ => FileServer::Kernel,
        }
    }

    /// The word in reports.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// One client of it, for users: `an NFS client`.
    pub fn client(self) -> &'static str {
        match self {
            FileServer::Nfsd => "an NFS client",
            FileServer::Lockd => "an NFSv3 client",
            FileServer::Ksmbd => "an SMB client",
            FileServer::Kernel => "an unknown client of the kernel",
        }
    }

    /// The server itself, for users.
    pub fn meaning(self) -> &'static str {
        match self {
            FileServer::Nfsd => "this machine's NFS server",
            FileServer::Lockd => "this machine's NFS server, by its lock manager lockd",
            FileServer::Ksmbd => "this machine's SMB server",
            FileServer::Kernel => "the kernel, of an unknown server",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("nfsd", FileServer::Nfsd)]
    #[case("lockd", FileServer::Lockd)]
    #[case("kworker/u8:2-ksmbd-io", FileServer::Ksmbd)]
    #[case("kworker/u8:2-events_unbound", FileServer::Kernel)]
    #[case("nfsd4_callbacks", FileServer::Kernel)]
    fn a_thread_is_known_by_its_name(#[case] comm: &str, #[case] server: FileServer) {
        assert_eq!(FileServer::of_thread(comm), server);
    }
}

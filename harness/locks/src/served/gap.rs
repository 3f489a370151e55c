use imglock_core::Errno;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// The reason why the clients of a file server are not known, or not all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum ServedGap {
    /// The server keeps no list of its clients that a program can read (lockd, ksmbd).
    NoList,
    /// The file system `nfsd` is not mounted at /proc/fs/nfsd.
    NotMounted,
    /// The kernel has no list of clients: it is older than Linux 5.3.
    OldKernel,
    /// The list could not be opened, for this errno.
    Unreadable(Errno),
    /// The states of this number of clients could not be read to the end, or not understood.
    Incomplete(usize),
    /// The list has no client with a state on the file, although a thread of nfsd took a lock on it. A
    /// server in another network namespace has a list of its own.
    OtherList,
}

impl ServedGap {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            ServedGap::NoList => "no-list",
            ServedGap::NotMounted => "not-mounted",
            ServedGap::OldKernel => "old-kernel",
            ServedGap::Unreadable(_) => "unreadable",
            ServedGap::Incomplete(_) => "incomplete",
            ServedGap::OtherList => "other-list",
        }
    }

    /// The errno that is the reason, if there is one.
    pub fn errno(self) -> Option<Errno> {
        match self {
            ServedGap::Unreadable(errno) => Some(errno),
            _ => None,
        }
    }

    /// A clause that completes "the clients are not known: ", or "not all clients are known: ".
    pub fn meaning(self) -> String {
        match self {
            ServedGap::NoList => "the server does not name them".to_owned(),
            ServedGap::NotMounted => {
                "the file system nfsd is not mounted at /proc/fs/nfsd".to_owned()
            }
            ServedGap::OldKernel => "the kernel lists them since Linux 5.3".to_owned(),
            ServedGap::Unreadable(errno) => {
                format!("/proc/fs/nfsd/clients cannot be read ({})", errno.text())
            }
            ServedGap::Incomplete(1) => {
                "the states of 1 client could not be read to the end".to_owned()
            }
            ServedGap::Incomplete(count) => {
                format!("the states of {count} clients could not be read to the end")
            }
            ServedGap::OtherList => {
                "no client in /proc/fs/nfsd/clients has a state on the image; a server in another \
                 network namespace has a list of its own"
                    .to_owned()
            }
        }
    }
}

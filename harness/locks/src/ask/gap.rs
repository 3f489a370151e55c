use imglock_core::Errno;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// Why a file can have locks of others that no answer reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum InquiryGap {
    /// A question failed with this errno.
    Failed(Errno),
    /// The file has so many locks that it was not walked to its end. All lock bytes were asked for.
    ManyLocks,
    /// Another client of the same NFSv4 server may have a read delegation, and keep its read locks to
    /// itself: the image could not be opened for writing, which calls a delegation back.
    Delegation,
    /// Only the lock bytes were asked for. A CIFS client answers a question by acquiring the lock for a
    /// moment, so each question can be in the way of others (`cifs_getlk`, fs/smb/client/file.c).
    LockBytesOnly,
}

impl InquiryGap {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            InquiryGap::Failed(_) => "failed",
            InquiryGap::ManyLocks => "many-locks",
            InquiryGap::Delegation => "delegation",
            InquiryGap::LockBytesOnly => "lock-bytes-only",
        }
    }

    /// A sentence for users.
    pub fn meaning(self) -> String {
        match self {
            InquiryGap::Failed(errno) => format!(
                "the file system did not answer whether locks conflict: {} ({errno}).",
                errno.text()
            ),
            InquiryGap::ManyLocks => {
                "the image has so many locks that they were not asked for to the end of the file. QEMU's lock \
                 bytes were."
                    .to_owned()
            }
            InquiryGap::Delegation => {
                "a host with a read delegation of the NFSv4 server may have read locks that it keeps to \
                 itself. The server calls the delegation back when the image is opened for writing, which \
                 you may not."
                    .to_owned()
            }
            InquiryGap::LockBytesOnly => {
                "on SMB a question acquires the lock for a moment, so only QEMU's lock bytes were asked for. A \
                 program with other locks can use the image."
                    .to_owned()
            }
        }
    }
}

/// The reason why the kernel was not asked about the locks on a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum NotAsked {
    /// open(2) failed with this errno. Asking needs a descriptor that is open for reading.
    Open(Errno),
    /// open(2) would ask the holder of a lease to release it.
    Lease,
    /// The file system did not answer in time.
    NoAnswer,
    /// Closing the file would drop POSIX locks of this process, and it was not allowed to make a
    /// descriptor table of its own (`EPERM`, usually of a seccomp filter).
    OwnLocks(Errno),
    /// A client of this machine's NFS server has a delegation. It keeps its locks to itself until an
    /// open(2) that conflicts makes the server call the delegation back (RFC 8881, 10.4).
    Delegation,
    /// A client of this machine's NFS server has, or may have, lost contact. The question whether a lock
    /// conflicts with one of its locks makes the server drop all of them (since Linux 5.19).
    Courtesy,
}

impl NotAsked {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            NotAsked::Open(_) => "not-opened",
            NotAsked::Lease => "lease",
            NotAsked::NoAnswer => "no-answer",
            NotAsked::OwnLocks(_) => "own-locks",
            NotAsked::Delegation => "client-delegation",
            NotAsked::Courtesy => "courtesy",
        }
    }

    /// The errno that is the reason, if there is one.
    pub fn errno(self) -> Option<Errno> {
        match self {
            NotAsked::Open(errno) | NotAsked::OwnLocks(errno) => Some(errno),
            NotAsked::Lease | NotAsked::NoAnswer | NotAsked::Delegation | NotAsked::Courtesy => {
                None
            }
        }
    }

    /// A clause that completes "the kernel was not asked: ".
    pub fn meaning(self) -> String {
        match self {
            NotAsked::Open(errno) => {
                format!("the image cannot be opened for reading ({})", errno.text())
            }
            NotAsked::Lease => {
                "a process holds a lease, and an open(2) would ask for its release".to_owned()
            }
            NotAsked::NoAnswer => "the file system did not answer within 2 seconds".to_owned(),
            NotAsked::Delegation => {
                "a client of this machine's NFS server has a delegation, under which it keeps its locks \
                 to itself"
                    .to_owned()
            }
            NotAsked::Courtesy => {
                "a client of this machine's NFS server has, or may have, lost contact, and the question \
                 would make the server drop its locks"
                    .to_owned()
            }
            NotAsked::OwnLocks(errno) => format!(
                "this process has POSIX locks on the image, which closing the image would drop ({})",
                errno.text()
            ),
        }
    }
}

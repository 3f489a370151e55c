#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

/// The kind of lock that is requested from the kernel. It determines the owner of the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, EnumString, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[strum(serialize_all = "lowercase")]
pub enum Backend {
    /// Open file description locks (`F_OFD_SETLK`, since Linux 3.15). The owner is the open file
    /// description. So dup(2), fork(2) and a passed descriptor keep the lock, and two opens in one
    /// process can conflict.
    #[doc(alias = "F_OFD_SETLK")]
    Ofd,
    /// Traditional record locks (`F_SETLK`). The owner is the process (its descriptor table). If the
    /// process closes *any* descriptor of the file, the kernel drops all its locks on the file.
    #[doc(alias = "F_SETLK")]
    Posix,
}

impl Backend {
    /// Both backends, in the order of runs and reports.
    pub const ALL: [Backend; 2] = [Backend::Ofd, Backend::Posix];

    /// The word in scenarios, flags and reports.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The other backend. Locks of different backends have different owners, even within one process.
    pub fn other(self) -> Backend {
        match self {
            Backend::Ofd => Backend::Posix,
            Backend::Posix => Backend::Ofd,
        }
    }
}

/// The type of a lock: shared or exclusive (`l_type` in fcntl(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, EnumString, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[strum(serialize_all = "lowercase")]
pub enum LockType {
    /// `F_RDLCK`: several owners at a time. The descriptor must be open for reading.
    #[doc(alias = "F_RDLCK")]
    Read,
    /// `F_WRLCK`: one owner at a time. The descriptor must be open for writing.
    #[doc(alias = "F_WRLCK")]
    Write,
}

impl LockType {
    /// The word in scenarios and reports.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns whether locks of these two types on the same byte conflict.
    pub fn excludes(self, other: LockType) -> bool {
        self == LockType::Write || other == LockType::Write
    }
}

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

/// How the kernel is asked for a lock, and so who owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, EnumString, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[strum(serialize_all = "lowercase")]
pub enum Backend {
    /// Open file description locks (`F_OFD_SETLK`, Linux 3.15): the owner is
    /// the open file description, so `dup`, `fork` and a passed descriptor
    /// keep the lock alive, and two opens in one process do conflict.
    #[doc(alias = "F_OFD_SETLK")]
    Ofd,
    /// Traditional record locks (`F_SETLK`): the owner is the process (its
    /// descriptor table), and closing *any* descriptor of the file drops them.
    #[doc(alias = "F_SETLK")]
    Posix,
}

impl Backend {
    /// Both backends, in the order in which they are run and reported.
    pub const ALL: [Backend; 2] = [Backend::Ofd, Backend::Posix];

    /// The word that scenarios, flags and reports use.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The one that this is not: to it, a process is another owner.
    pub fn other(self) -> Backend {
        match self {
            Backend::Ofd => Backend::Posix,
            Backend::Posix => Backend::Ofd,
        }
    }
}

/// Shared or exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, EnumString, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[strum(serialize_all = "lowercase")]
pub enum LockType {
    /// `F_RDLCK`: any number of owners at a time; needs a readable descriptor.
    #[doc(alias = "F_RDLCK")]
    Read,
    /// `F_WRLCK`: one owner at a time; needs a writable descriptor.
    #[doc(alias = "F_WRLCK")]
    Write,
}

impl LockType {
    /// The word that scenarios and reports use.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether locks of these two types on one byte keep each other out.
    pub fn excludes(self, other: LockType) -> bool {
        self == LockType::Write || other == LockType::Write
    }
}

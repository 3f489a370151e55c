use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How the kernel is asked for a lock, and so who owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
        match self {
            Backend::Ofd => "ofd",
            Backend::Posix => "posix",
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no backend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no backend is called `{0}`; there are `ofd` and `posix`")]
pub struct ParseBackendError(String);

impl FromStr for Backend {
    type Err = ParseBackendError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Backend::ALL
            .into_iter()
            .find(|backend| backend.name() == word)
            .ok_or_else(|| ParseBackendError(word.to_owned()))
    }
}

/// Shared or exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
        match self {
            LockType::Read => "read",
            LockType::Write => "write",
        }
    }

    /// Whether locks of these two types on one byte keep each other out.
    pub fn excludes(self, other: LockType) -> bool {
        self == LockType::Write || other == LockType::Write
    }
}

impl fmt::Display for LockType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

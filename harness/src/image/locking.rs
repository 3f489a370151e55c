use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::lock::Backend;

/// What QEMU prints, on two lines, when `locking=on` meets a kernel or a file
/// system without OFD locks (block/file-posix.c).
pub const FALLBACK_WARNING: [&str; 2] = [
    "File lock requested but OFD locking syscall is unavailable, falling back to POSIX file locks",
    "Due to the implementation, locks can be lost unexpectedly.",
];

/// The user's option `locking=` of QEMU's file driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locking {
    /// OFD locks where they work, otherwise none, silently.
    #[default]
    Auto,
    /// OFD locks where they work, otherwise POSIX locks and a warning.
    On,
    /// No locks.
    Off,
}

impl Locking {
    /// All three, as QEMU lists them.
    pub const ALL: [Locking; 3] = [Locking::Auto, Locking::On, Locking::Off];

    /// The word that scenarios and QEMU use.
    pub fn name(self) -> &'static str {
        match self {
            Locking::Auto => "auto",
            Locking::On => "on",
            Locking::Off => "off",
        }
    }

    /// Which locks this option leads to where the kernel offers `best`, and
    /// whether QEMU's warning ([`FALLBACK_WARNING`]) is due.
    pub fn resolve(self, best: Backend) -> (Option<Backend>, bool) {
        match (self, best) {
            (Locking::Off, _) | (Locking::Auto, Backend::Posix) => (None, false),
            (Locking::Auto | Locking::On, Backend::Ofd) => (Some(Backend::Ofd), false),
            (Locking::On, Backend::Posix) => (Some(Backend::Posix), true),
        }
    }
}

/// A word that is no value of `locking`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`locking` is `auto`, `on` or `off`, not `{0}`")]
pub struct ParseLockingError(String);

impl FromStr for Locking {
    type Err = ParseLockingError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Locking::ALL
            .into_iter()
            .find(|locking| locking.name() == word)
            .ok_or_else(|| ParseLockingError(word.to_owned()))
    }
}

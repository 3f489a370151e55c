#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

use crate::lock::Backend;

/// What QEMU prints, on two lines, when `locking=on` meets a kernel or a file
/// system without OFD locks (block/file-posix.c).
pub const FALLBACK_WARNING: [&str; 2] = [
    "File lock requested but OFD locking syscall is unavailable, falling back to POSIX file locks",
    "Due to the implementation, locks can be lost unexpectedly.",
];

/// The user's option `locking=` of QEMU's file driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, EnumString, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[strum(serialize_all = "lowercase")]
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
        self.into()
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

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

use crate::lock::Backend;

/// The warning that QEMU prints, on two lines, for `locking=on` on a kernel or file system
/// without OFD locks (block/file-posix.c).
pub const FALLBACK_WARNING: [&str; 2] = [
    "File lock requested but OFD locking syscall is unavailable, falling back to POSIX file locks",
    "Due to the implementation, locks can be lost unexpectedly.",
];

/// The option `locking=` of QEMU's file driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, EnumString, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[strum(serialize_all = "lowercase")]
pub enum Locking {
    /// OFD locks if they are available, otherwise no locks and no message.
    #[default]
    Auto,
    /// OFD locks if they are available, otherwise POSIX locks and a warning.
    On,
    /// No locks.
    Off,
}

impl Locking {
    /// All three, in QEMU's order.
    pub const ALL: [Locking; 3] = [Locking::Auto, Locking::On, Locking::Off];

    /// The word in scenarios and in QEMU's option.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The locks that this option selects if `best` is the best kind that the kernel offers, and
    /// whether QEMU prints its warning ([`FALLBACK_WARNING`]).
    pub fn resolve(self, best: Backend) -> (Option<Backend>, bool) {
        match (self, best) {
            (Locking::Off, _) | (Locking::Auto, Backend::Posix) => (None, false),
            (Locking::Auto | Locking::On, Backend::Ofd) => (Some(Backend::Ofd), false),
            (Locking::On, Backend::Posix) => (Some(Backend::Posix), true),
        }
    }
}

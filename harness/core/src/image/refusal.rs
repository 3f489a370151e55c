use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::{Claim, Permission, held_byte, unshared_byte};

/// The half of a claim that conflicts with a holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[strum(serialize_all = "kebab-case")]
pub enum Side {
    /// The opener wants a permission that a holder does not share.
    Wanted,
    /// The opener does not share a permission that a holder has.
    Unshared,
}

impl Side {
    /// Both sides, in the order in which QEMU tests them.
    pub const ALL: &[Side] = Side::VARIANTS;

    /// The word in histories.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The first permission over which an opener was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Refusal {
    /// Whether the permission was wanted or not shared.
    pub side: Side,
    /// The permission.
    pub permission: Permission,
}

impl Refusal {
    /// QEMU's message: `Failed to get "write" lock` or `Failed to get shared "write" lock`
    /// (block/file-posix.c).
    pub fn qemu_message(self) -> String {
        let shared = match self.side {
            Side::Wanted => "",
            Side::Unshared => "shared ",
        };
        format!("Failed to get {shared}\"{}\" lock", self.permission.qemu_name())
    }

    /// The byte that QEMU tests for this conflict: another opener that conflicts has locked it.
    pub fn byte(self) -> i64 {
        match self.side {
            Side::Wanted => unshared_byte(self.permission),
            Side::Unshared => held_byte(self.permission),
        }
    }

    /// The conflicts for which QEMU tests when it opens an image with `claim`, in its order
    /// (`raw_check_lock_bytes`, block/file-posix.c).
    pub fn tested(claim: Claim) -> impl Iterator<Item = Refusal> {
        let of = |side| move |permission| Refusal { side, permission };
        claim
            .held
            .each()
            .map(of(Side::Wanted))
            .chain(claim.unshared().each().map(of(Side::Unshared)))
    }
}

impl fmt::Display for Refusal {
    /// Prints `write` or `shared write`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.side {
            Side::Wanted => write!(f, "{}", self.permission),
            Side::Unshared => write!(f, "shared {}", self.permission),
        }
    }
}

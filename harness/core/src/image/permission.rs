use std::fmt;
use std::str::FromStr;

use bitflags::bitflags;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

/// One of the four permissions of QEMU's block layer (`BLK_PERM_*` in
/// include/block/block-common.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, EnumString, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[strum(serialize_all = "kebab-case")]
pub enum Permission {
    /// Read data, with the guarantee that no other opener changes it.
    ConsistentRead,
    /// Change the data that readers see.
    Write,
    /// Write data that reads the same as before, as block-stream does.
    WriteUnchanged,
    /// Change the length of the image.
    Resize,
}

impl Permission {
    /// All four, in ascending order of their numbers. QEMU locks and tests in this order.
    pub const ALL: [Permission; 4] = [
        Permission::ConsistentRead,
        Permission::Write,
        Permission::WriteUnchanged,
        Permission::Resize,
    ];

    /// The number `i` of the permission, as in lock byte `100 + i`.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The word in scenarios, such as `write-unchanged`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The name in QEMU's messages, such as `write unchanged` (`bdrv_perm_names`, block.c).
    pub fn qemu_name(self) -> &'static str {
        match self {
            Permission::ConsistentRead => "consistent read",
            Permission::Write => "write",
            Permission::WriteUnchanged => "write unchanged",
            Permission::Resize => "resize",
        }
    }
}

bitflags! {
    /// A set of permissions. Bit `i` stands for permission number `i`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
    pub struct Permissions: u8 {
        /// [`Permission::ConsistentRead`].
        const CONSISTENT_READ = 1 << 0;
        /// [`Permission::Write`].
        const WRITE = 1 << 1;
        /// [`Permission::WriteUnchanged`].
        const WRITE_UNCHANGED = 1 << 2;
        /// [`Permission::Resize`].
        const RESIZE = 1 << 3;
    }
}

impl Permissions {
    /// The permissions in the set, in ascending order of their numbers.
    pub fn each(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.has(*permission))
    }

    /// Returns whether `permission` is in the set.
    pub fn has(self, permission: Permission) -> bool {
        self.contains(permission.into())
    }
}

impl From<Permission> for Permissions {
    fn from(permission: Permission) -> Permissions {
        Permissions::from_bits_truncate(1 << permission.number())
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Permissions {
        permissions.into_iter().fold(Permissions::empty(), |set, one| set | one.into())
    }
}

impl fmt::Display for Permissions {
    /// Prints the names, separated by spaces, or `-` for the empty set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.pad("-");
        }
        let names: Vec<&str> = self.each().map(Permission::name).collect();
        f.pad(&names.join(" "))
    }
}

impl FromStr for Permissions {
    type Err = strum::ParseError;

    /// Parses names that are separated by spaces. `-` and the empty text mean the empty set, `all`
    /// means all four.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "" | "-" => Ok(Permissions::empty()),
            "all" => Ok(Permissions::all()),
            words => words.split_whitespace().map(Permission::from_str).collect(),
        }
    }
}

/// Human-readable formats contain names, binary formats contain bits.
#[cfg(feature = "serde")]
impl Serialize for Permissions {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_seq(self.each())
        } else {
            serializer.serialize_u8(self.bits())
        }
    }
}

#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            Ok(Vec::<Permission>::deserialize(deserializer)?.into_iter().collect())
        } else {
            Ok(Permissions::from_bits_truncate(u8::deserialize(deserializer)?))
        }
    }
}

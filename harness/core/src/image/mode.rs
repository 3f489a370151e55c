#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use super::{Claim, Permissions};

/// The access mode of a descriptor (`O_RDONLY`, `O_WRONLY`, `O_RDWR`; open(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[strum(serialize_all = "kebab-case")]
pub enum Access {
    /// `O_RDONLY`: the descriptor cannot acquire write locks.
    ReadOnly,
    /// `O_WRONLY`: the descriptor cannot acquire read locks, so it cannot lock QEMU's lock bytes.
    WriteOnly,
    /// `O_RDWR`.
    ReadWrite,
}

impl Access {
    /// All access modes.
    pub const ALL: [Access; 3] = [Access::ReadOnly, Access::WriteOnly, Access::ReadWrite];

    /// The word in scenarios.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The access that a claim needs: read-write if it holds `write`, `write-unchanged` or
    /// `resize`, otherwise read-only.
    pub fn needed_by(claim: Claim) -> Access {
        let writing = Permissions::WRITE | Permissions::WRITE_UNCHANGED | Permissions::RESIZE;
        if claim.held.intersects(writing) { Access::ReadWrite } else { Access::ReadOnly }
    }
}

macro_rules! modes {
    ($($(#[$doc:meta])* $variant:ident $held:literal $unshared:literal;)*) => {
        /// A named claim: the locks that QEMU acquires in one common use.
        ///
        /// Measured in /proc/locks with QEMU 7.2 and 10.0. The digits in the table below are permission
        /// numbers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
        #[derive(Display, EnumString, IntoStaticStr, VariantArray)]
        #[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
        #[strum(serialize_all = "kebab-case")]
        pub enum Mode {
            $($(#[$doc])* $variant,)*
        }

        impl Mode {
            /// All modes. Those that hold least come first.
            pub const ALL: &[Mode] = Mode::VARIANTS;

            /// The word in scenarios, flags and reports.
            pub fn name(self) -> &'static str {
                self.into()
            }

            /// The permissions that the mode holds and shares.
            pub fn claim(self) -> Claim {
                let (held, unshared) = match self {
                    $(Mode::$variant => ($held, $unshared),)*
                };
                Claim::new(
                    Permissions::from_bits_truncate(held),
                    Permissions::from_bits_truncate(unshared).complement(),
                )
            }
        }
    };
}

modes! {
    /// A raw `-blockdev` that no device uses yet.
    None 0b0000 0b0000;
    /// Any node under `-incoming` before the migration ends.
    Inactive 0b0000 0b0000;
    /// Raw, read-only device.
    Ro 0b0001 0b0010;
    /// Raw, read-write device.
    Rw 0b0011 0b0010;
    /// Raw, read-only device with `share-rw=on`.
    RoShareRw 0b0001 0b0000;
    /// Raw, read-write device with `share-rw=on`: a cluster disk.
    ShareRw 0b0011 0b0000;
    /// `force-share=on,read-only=on`, as `qemu-io -r -U` opens an image.
    ForceShare 0b0001 0b0000;
    /// Raw under ide-cd or scsi-cd, and the backing file of `snapshot=on`.
    Cdrom 0b0001 0b1010;
    /// Raw under nvme or floppy, which cannot follow a resize.
    RwFixed 0b0011 0b1010;
    /// Raw, exported read-only over NBD.
    NbdRo 0b0001 0b1000;
    /// Raw, exported read-write over NBD.
    NbdRw 0b0011 0b1000;
    /// `qemu-io -r` on raw, or a read-only vhost-user-blk export.
    ToolRo 0b0001 0b0000;
    /// `qemu-io` on raw, or a vhost-user-blk export.
    ToolRw 0b0011 0b0000;
    /// `qemu-img info` on qcow2, which reads metadata and no data.
    Qcow2Info 0b0000 0b1010;
    /// qcow2 opened read-only, or as a backing file.
    Qcow2Ro 0b0001 0b1010;
    /// qcow2 opened read-write, with any value of `share-rw`.
    Qcow2Rw 0b1011 0b1010;
    /// Raw backing file of an overlay that a device uses.
    Backing 0b0001 0b1010;
    /// `qemu-img resize` on raw.
    Resize 0b1011 0b0000;
    /// `qemu-img create` over an existing raw file.
    Create 0b1010 0b1000;
    /// Raw target of blockdev-backup; raw base of an active commit.
    BackupTarget 0b0010 0b1000;
    /// Raw target of blockdev-mirror.
    MirrorTarget 0b0010 0b1011;
    /// qcow2 target of blockdev-mirror.
    Qcow2Mirror 0b1011 0b1011;
    /// The middle of a chain while QEMU commits it into its base.
    CommitSource 0b0001 0b1011;
    /// The top of a chain during block-stream, qcow2.
    StreamTop 0b1111 0b1010;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::lock_bytes;

    /// Measured in `/proc/locks` with QEMU 7.2 and 10.0.
    #[rstest::rstest]
    #[case("none", &[])]
    #[case("inactive", &[])]
    #[case("ro", &[100, 201])]
    #[case("rw", &[100, 101, 201])]
    #[case("ro-share-rw", &[100])]
    #[case("share-rw", &[100, 101])]
    #[case("force-share", &[100])]
    #[case("cdrom", &[100, 201, 203])]
    #[case("rw-fixed", &[100, 101, 201, 203])]
    #[case("nbd-ro", &[100, 203])]
    #[case("nbd-rw", &[100, 101, 203])]
    #[case("tool-ro", &[100])]
    #[case("tool-rw", &[100, 101])]
    #[case("qcow2-info", &[201, 203])]
    #[case("qcow2-ro", &[100, 201, 203])]
    #[case("qcow2-rw", &[100, 101, 103, 201, 203])]
    #[case("backing", &[100, 201, 203])]
    #[case("resize", &[100, 101, 103])]
    #[case("create", &[101, 103, 203])]
    #[case("backup-target", &[101, 203])]
    #[case("mirror-target", &[101, 200, 201, 203])]
    #[case("qcow2-mirror", &[100, 101, 103, 200, 201, 203])]
    #[case("commit-source", &[100, 200, 201, 203])]
    #[case("stream-top", &[100, 101, 102, 103, 201, 203])]
    fn each_mode_locks_its_bytes(#[case] name: &str, #[case] bytes: &[i64]) {
        let mode: Mode = name.parse().expect("a mode");
        assert_eq!(lock_bytes(mode.claim()), bytes);
        assert_eq!(mode.to_string(), name);
    }

    #[rstest::rstest]
    #[case("", Access::ReadOnly)]
    #[case("consistent-read", Access::ReadOnly)]
    #[case("write", Access::ReadWrite)]
    #[case("write-unchanged", Access::ReadWrite)]
    #[case("resize", Access::ReadWrite)]
    #[case("consistent-read resize", Access::ReadWrite)]
    fn whoever_changes_anything_needs_write_access(#[case] held: &str, #[case] access: Access) {
        let held: Permissions = held.parse().expect("permissions");
        assert_eq!(Access::needed_by(Claim::new(held, Permissions::all())), access);
        assert_eq!(Access::needed_by(Claim::new(held, Permissions::empty())), access);
    }
}

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{DeviceNumber, UserGap};

/// The users of an image's bytes that lock nothing on the image itself, and the parts of the
/// machine that could not be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct DataUsers {
    /// The users. Each follows those on which it stands.
    pub users: Vec<DataUser>,
    /// The devices and files whose bytes the image shows: the disk of a partition, the file of a
    /// loop device. Their own users and locks are not part of this result.
    pub stands_on: Vec<String>,
    /// What could not be asked. Other users can exist there.
    pub gaps: Vec<UserGap>,
}

impl DataUsers {
    /// The users on which no other user stands.
    pub fn tops(&self) -> impl Iterator<Item = &DataUser> {
        self.users.iter().filter(|user| !self.users.iter().any(|other| other.stands_on(user)))
    }

    /// A user and those on which it stands, the user itself first. In this order they are ended.
    pub fn chain<'a>(&'a self, user: &'a DataUser) -> Vec<&'a DataUser> {
        let mut chain = vec![user];
        let below = self.users.iter().rev().filter(|other| {
            !other.kind.is_process()
                && user.through.len() > other.through.len()
                && user.through[other.through.len()] == other.name
                && user.through.starts_with(&other.through)
        });
        chain.extend(below);
        chain
    }

    /// Returns whether a user can change the image past its locks. The users of a device that a
    /// process serves write through that process, whose own locks protect the image.
    pub fn can_write(&self) -> bool {
        let served = self.users.iter().filter(|user| user.kind.is_served());
        let served: Vec<&String> = served.map(|user| &user.name).collect();
        self.users.iter().any(|user| {
            let lowest = user.through.first().unwrap_or(&user.name);
            user.access == DataAccess::Write && !served.contains(&lowest)
        })
    }
}

/// One user of an image's bytes: a device, a mount, a process.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct DataUser {
    /// The kind of user.
    pub kind: DataUserKind,
    /// Its name: the path of a device's node or of a mount point, the path under which a process
    /// opened the bytes, the name of a kernel target.
    pub name: String,
    /// The number of a device.
    pub device: Option<DeviceNumber>,
    /// The names of the layers between the image and this user, the one next to the image first.
    pub through: Vec<String>,
    /// Whether it can change the bytes.
    pub access: DataAccess,
    /// The processes that use the bytes in this way. For a mount in another mount namespace: one
    /// process of each such namespace.
    pub processes: Vec<DataProcess>,
    /// Whether the kernel itself connects it with the image. Otherwise only a name connects them,
    /// which can by now be the name of another file, or the same process uses both.
    pub certain: bool,
    /// The program with arguments that ends this use, if one does. Those on which the user stands
    /// are ended afterwards.
    pub release: Option<Vec<String>>,
}

impl DataUser {
    /// Returns whether this user stands directly on `other`.
    fn stands_on(&self, other: &DataUser) -> bool {
        self.through.split_last().is_some_and(|(last, rest)| {
            *last == other.name && rest == other.through && !other.kind.is_process()
        })
    }
}

/// Whether a user can change the bytes of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum DataAccess {
    /// It can only read.
    Read,
    /// It can write.
    Write,
}

impl DataAccess {
    /// `Write` if `can` is true.
    pub(super) fn writing(can: bool) -> DataAccess {
        if can { DataAccess::Write } else { DataAccess::Read }
    }
}

/// The kind of a user of an image's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum DataUserKind {
    /// A loop device that is attached to the file (loop(4)).
    LoopDevice,
    /// A partition of a device.
    Partition,
    /// A device of the device mapper: a logical volume, an encrypted device, a multipath device.
    MappedDevice,
    /// A RAID array (md(4)).
    Raid,
    /// A network block device whose client thread belongs to a process that has the image open.
    NetworkBlockDevice,
    /// A block device that a process with the image open serves (ublk).
    UserBlockDevice,
    /// A compressed device in memory that writes pages back to a device (zram).
    CompressedMemory,
    /// Another block device that stands on the bytes, such as one of bcache.
    BlockDevice,
    /// A file system that is mounted in this mount namespace.
    FileSystem,
    /// A file system that is mounted in another mount namespace only.
    FileSystemElsewhere,
    /// A mounted file system on the bytes whose mount point is not visible.
    FileSystemUnseen,
    /// A swap area.
    Swap,
    /// A storage object of the kernel's SCSI target (LIO), which vhost-scsi uses, too.
    ScsiTarget,
    /// A namespace of the kernel's NVMe target.
    NvmeTarget,
    /// A process that has a block device open through another node than the surveyed one.
    DeviceOpener,
    /// A process that keeps a shared mapping of the file without a descriptor that allows as much.
    Mapping,
    /// A process that has the file open through another layer of an overlayfs.
    OverlayOpener,
}

impl DataUserKind {
    /// Returns whether this is a device that a process serves from its own descriptor of the image.
    pub fn is_served(self) -> bool {
        matches!(self, DataUserKind::NetworkBlockDevice | DataUserKind::UserBlockDevice)
    }

    /// Returns whether the users of this kind are processes.
    pub fn is_process(self) -> bool {
        matches!(
            self,
            DataUserKind::DeviceOpener | DataUserKind::Mapping | DataUserKind::OverlayOpener
        )
    }
}

/// A process that uses the bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct DataProcess {
    /// Its process ID in the pid namespace of the survey.
    pub pid: i32,
    /// Its short name, which the kernel truncates to 15 bytes. Empty if it has exited.
    pub comm: String,
    /// Its command line. Empty if the process has erased it or has exited.
    pub command: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(kind: DataUserKind, way: &[&str]) -> DataUser {
        let (name, through) = way.split_last().expect("a name");
        DataUser {
            kind,
            name: (*name).to_owned(),
            device: None,
            through: through.iter().map(|name| (*name).to_owned()).collect(),
            access: DataAccess::Read,
            processes: Vec::new(),
            certain: true,
            release: None,
        }
    }

    #[test]
    fn a_chain_is_one_of_several_stacks() {
        use DataUserKind::{DeviceOpener, FileSystem, LoopDevice, Partition};
        let users = vec![
            user(LoopDevice, &["loop0"]),
            user(DeviceOpener, &["loop0", "loop0"]),
            user(LoopDevice, &["loop1"]),
            user(Partition, &["loop1", "loop1p1"]),
            user(FileSystem, &["loop1", "loop1p1", "/mnt"]),
        ];
        let all = DataUsers { users, ..DataUsers::default() };
        let chains: Vec<Vec<&str>> = all
            .tops()
            .map(|top| all.chain(top).iter().map(|user| user.name.as_str()).collect())
            .collect();
        assert_eq!(chains, [vec!["loop0", "loop0"], vec!["/mnt", "loop1p1", "loop1"]]);
        assert!(!all.can_write());
    }

    #[test]
    fn a_server_writes_with_its_own_locks() {
        let mut users = vec![
            user(DataUserKind::NetworkBlockDevice, &["nbd0"]),
            user(DataUserKind::FileSystem, &["nbd0", "/mnt"]),
        ];
        users.iter_mut().for_each(|user| user.access = DataAccess::Write);
        let mut all = DataUsers { users, ..DataUsers::default() };
        assert!(!all.can_write());
        let loop0 = user(DataUserKind::LoopDevice, &["loop0"]);
        all.users.push(DataUser { access: DataAccess::Write, ..loop0 });
        assert!(all.can_write());
    }
}

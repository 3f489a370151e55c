use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::block_devices::BlockDevices;
use super::mounts::Mount;
use super::namespaces::Namespace;
use super::root::Root;
use super::{Carrier, DataProcess, DeviceNumber};

/// The mounted file systems, by the devices and files that hold their bytes.
#[derive(Debug, Default)]
pub(super) struct FileSystems {
    mounted: Vec<Mounted>,
    /// The devices of each mounted btrfs, by its UUID.
    members: BTreeMap<String, Vec<DeviceNumber>>,
}

/// A mount point in one or several mount namespaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mounted {
    pub(super) point: PathBuf,
    pub(super) read_only: bool,
    /// Whether it is in the mount namespace of the survey.
    pub(super) here: bool,
    /// A process of each other mount namespace that has it.
    pub(super) elsewhere: Vec<DataProcess>,
    on: Vec<Carrier>,
}

impl FileSystems {
    /// Finds what each mount stands on.
    pub(super) fn read(root: &Root, block: &BlockDevices, namespaces: &[Namespace]) -> FileSystems {
        let members = btrfs_members(root, block);
        let mut mounted: BTreeMap<(PathBuf, Vec<Carrier>), Mounted> = BTreeMap::new();
        for Namespace { process, root, mounts } in namespaces {
            for mount in mounts {
                let on = carriers(mount, root, block, &members);
                if on.is_empty() {
                    continue;
                }
                let place = (mount.point.clone(), on.clone());
                let entry = mounted.entry(place).or_insert_with(|| Mounted {
                    point: mount.point.clone(),
                    read_only: mount.read_only,
                    here: false,
                    elsewhere: Vec::new(),
                    on,
                });
                match process {
                    None => entry.here = true,
                    Some(process) if entry.elsewhere.contains(process) => {}
                    Some(process) => entry.elsewhere.push(process.clone()),
                }
            }
        }
        FileSystems { mounted: mounted.into_values().collect(), members }
    }

    /// The mounts on a device or file.
    pub(super) fn on(&self, carrier: Carrier) -> impl Iterator<Item = &Mounted> {
        self.mounted.iter().filter(move |mounted| mounted.on.contains(&carrier))
    }

    /// The UUIDs of the mounted btrfs with this device.
    pub(super) fn btrfs_on(&self, number: DeviceNumber) -> impl Iterator<Item = &str> {
        let has = move |(_, members): &(&String, &Vec<DeviceNumber>)| members.contains(&number);
        self.members.iter().filter(has).map(|(uuid, _)| uuid.as_str())
    }
}

/// The devices and files that hold the bytes of a mounted file system.
///
/// Most file systems have the number of their device. btrfs, bcachefs and others have a number
/// without a device; their source is the path of a device. erofs can stand on a file.
fn carriers(
    mount: &Mount,
    root: &Root,
    block: &BlockDevices,
    members: &BTreeMap<String, Vec<DeviceNumber>>,
) -> Vec<Carrier> {
    if !mount.device.is_anonymous() {
        return vec![Carrier::Device(mount.device)];
    }
    if mount.kind == "erofs" && mount.source.is_absolute() {
        let seen = root.look(&mount.source);
        return seen.map_or(Vec::new(), |seen| vec![Carrier::File(seen.file)]);
    }
    // Other text in this field is arbitrary, and looking at such a path can wait for a server.
    let sources = mount.source.to_string_lossy();
    let sources = sources.split(':').filter(|source| source.starts_with("/dev/"));
    let mut numbers: Vec<DeviceNumber> =
        sources.filter_map(|source| block.number_of(root, Path::new(source))).collect();
    // The source is one of the devices of a btrfs.
    let whole = members.values().find(|members| members.iter().any(|one| numbers.contains(one)));
    numbers.extend(whole.into_iter().flatten().filter(|_| mount.kind == "btrfs"));
    numbers.sort_unstable();
    numbers.dedup();
    numbers.into_iter().map(Carrier::Device).collect()
}

/// The devices of each mounted btrfs (`btrfs_sysfs_add_device`, fs/btrfs/sysfs.c).
fn btrfs_members(root: &Root, block: &BlockDevices) -> BTreeMap<String, Vec<DeviceNumber>> {
    let folder = Path::new("/sys/fs/btrfs");
    let members = |uuid: String| {
        let names = root.names(folder.join(&uuid).join("devices"));
        let nodes = names.iter().map(|name| Path::new("/dev").join(name.replace('!', "/")));
        let numbers: Vec<DeviceNumber> =
            nodes.filter_map(|node| block.number_of(root, &node)).collect();
        (!numbers.is_empty()).then_some((uuid, numbers))
    };
    root.names(folder).into_iter().filter_map(members).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::users::gap::Gaps;
    use crate::users::namespaces::namespaces;

    /// As Linux 6.18 prints a mount of erofs that stands on a file, without a loop device.
    #[test]
    fn erofs_can_stand_on_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::under(folder.path());
        let make = |path: &str, text: &str| {
            let path = root.at(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        };
        make("/srv/e.img", "");
        let line = "64 63 0:39 / /mnt/m ro,relatime - erofs /srv/e.img ro,user_xattr,acl\n";
        make("/proc/thread-self/mountinfo", line);
        let block = BlockDevices::default();
        let namespaces = namespaces(&root, &mut Gaps::default());
        let systems = FileSystems::read(&root, &block, &namespaces);
        let file = root.look("/srv/e.img").expect("the file").file;
        let points: Vec<_> = systems.on(Carrier::File(file)).map(|one| &one.point).collect();
        assert_eq!(points, [Path::new("/mnt/m")]);
        assert!(systems.on(Carrier::File(file)).all(|one| one.read_only && one.here));
    }
}

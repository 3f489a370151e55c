use std::collections::BTreeMap;
use std::path::Path;

use super::root::Root;
use super::{DataUserKind, DeviceNumber};

/// The block devices of this machine and what stands on what, from /sys/class/block.
#[derive(Debug, Default)]
pub(super) struct BlockDevices {
    devices: BTreeMap<DeviceNumber, BlockDevice>,
    by_name: BTreeMap<String, DeviceNumber>,
    /// Whether sysfs could be read.
    pub(super) readable: bool,
}

/// One block device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BlockDevice {
    /// Its name in sysfs.
    pub(super) name: String,
    /// The kind of device.
    pub(super) kind: DataUserKind,
    /// The path of its node, as udev and the kernel name it.
    pub(super) node: String,
    /// Whether it refuses writes (`ro`, block/genhd.c).
    pub(super) read_only: bool,
    /// The program that ends it, with arguments.
    pub(super) release: Option<Vec<String>>,
    /// The path of the file of a loop device (`loop_attr_backing_file_show`, drivers/block/loop.c).
    pub(super) backing_file: Option<String>,
    /// The thread that runs a network block device (`pid_show`, drivers/block/nbd.c).
    pub(super) served_by: Option<i32>,
    above: Vec<String>,
    below: Vec<String>,
}

/// The parts of a device that depend on its driver.
struct Driver {
    kind: DataUserKind,
    node: String,
    release: Option<Vec<String>>,
}

impl BlockDevices {
    /// Reads sysfs.
    pub(super) fn read(root: &Root) -> BlockDevices {
        let folder = Path::new("/sys/class/block");
        let mut all = BlockDevices::default();
        for name in root.names(folder) {
            let Ok(text) = root.text(folder.join(&name).join("dev")) else { continue };
            let Some(number) = DeviceNumber::parse(&text) else { continue };
            all.by_name.insert(name.clone(), number);
            all.devices.insert(number, BlockDevice::read(root, &folder.join(&name), &name));
        }
        all.readable = !all.devices.is_empty() || root.at(folder).is_dir();
        all.link();
        all
    }

    /// Completes the relations that sysfs shows at one end only.
    fn link(&mut self) {
        let links: Vec<(String, String)> = self
            .devices
            .values()
            .flat_map(|upper| upper.below.iter().map(|lower| (lower.clone(), upper.name.clone())))
            .collect();
        for (lower, upper) in links {
            let number = self.by_name.get(&lower);
            if let Some(device) = number.and_then(|number| self.devices.get_mut(number)) {
                device.above.push(upper);
            }
        }
    }

    /// The device with this number.
    pub(super) fn get(&self, number: DeviceNumber) -> Option<&BlockDevice> {
        self.devices.get(&number)
    }

    /// All devices.
    pub(super) fn each(&self) -> impl Iterator<Item = (DeviceNumber, &BlockDevice)> {
        self.devices.iter().map(|(number, device)| (*number, device))
    }

    /// The devices that stand directly on a device: its partitions, mapped devices, arrays.
    pub(super) fn above(&self, number: DeviceNumber) -> Vec<DeviceNumber> {
        let names = self.devices.get(&number).map_or(&[][..], |device| &device.above);
        let mut numbers: Vec<DeviceNumber> =
            names.iter().filter_map(|name| self.by_name.get(name).copied()).collect();
        numbers.sort_unstable();
        // Most relations are shown at both ends.
        numbers.dedup();
        numbers
    }

    /// The devices on which a device directly stands.
    pub(super) fn below(&self, number: DeviceNumber) -> Vec<DeviceNumber> {
        let names = self.devices.get(&number).map_or(&[][..], |device| &device.below);
        names.iter().filter_map(|name| self.by_name.get(name).copied()).collect()
    }

    /// The number of the device with this node, from a path that the kernel or an administrator
    /// wrote. The node itself is asked first. Where it is missing, the name in sysfs decides.
    pub(super) fn number_of(&self, root: &Root, node: &Path) -> Option<DeviceNumber> {
        if let Ok(seen) = root.look(node) {
            return seen.block;
        }
        let name = node.strip_prefix("/dev").ok()?.to_str()?.replace('/', "!");
        let mapped = || {
            let name = name.strip_prefix("mapper!")?;
            let path = format!("/dev/mapper/{name}");
            self.each().find(|(_, device)| device.node == path).map(|(number, _)| number)
        };
        self.by_name.get(&name).copied().or_else(mapped)
    }
}

impl BlockDevice {
    fn read(root: &Root, folder: &Path, name: &str) -> BlockDevice {
        let attribute = |path: &str| root.text(folder.join(path)).ok();
        let Driver { kind, node, release } = Driver::of(name, &attribute);
        let mut below = root.names(folder.join("slaves"));
        if kind == DataUserKind::Partition {
            // The link leads into the directory of the whole device (`device_add_disk`).
            let link = std::fs::read_link(root.at(folder)).ok();
            let whole = link.as_deref().and_then(Path::parent).and_then(Path::file_name);
            below.extend(whole.map(|name| name.to_string_lossy().into_owned()));
        }
        // A compressed device in memory writes idle pages to it (`backing_dev_show`,
        // drivers/block/zram/zram_drv.c).
        let backing = attribute("backing_dev");
        below
            .extend(backing.as_deref().and_then(|path| path.strip_prefix("/dev/")).map(sysfs_name));
        BlockDevice {
            name: name.to_owned(),
            kind,
            node,
            release,
            read_only: attribute("ro").is_some_and(|text| text == "1"),
            backing_file: attribute("loop/backing_file"),
            served_by: attribute("pid").and_then(|pid| pid.parse().ok()),
            above: root.names(folder.join("holders")),
            below,
        }
    }
}

impl Driver {
    fn of(name: &str, attribute: &dyn Fn(&str) -> Option<String>) -> Driver {
        let node = format!("/dev/{}", name.replace('!', "/"));
        let ended_by = |words: &[&str]| {
            let words = words.iter().copied().chain([node.as_str()]);
            Some(words.map(str::to_owned).collect())
        };
        let (kind, release) = if attribute("partition").is_some() {
            (DataUserKind::Partition, None)
        } else if let Some(mapped) = attribute("dm/name") {
            let uuid = attribute("dm/uuid").unwrap_or_default();
            let release = Some(mapped_release(&mapped, &uuid));
            let node = format!("/dev/mapper/{mapped}");
            return Driver { kind: DataUserKind::MappedDevice, node, release };
        } else if attribute("md/level").is_some() {
            (DataUserKind::Raid, ended_by(&["mdadm", "--stop"]))
        } else if name.starts_with("loop") {
            (DataUserKind::LoopDevice, ended_by(&["losetup", "-d"]))
        } else if name.starts_with("nbd") {
            (DataUserKind::NetworkBlockDevice, ended_by(&["qemu-nbd", "-d"]))
        } else if name.starts_with("zram") {
            (DataUserKind::CompressedMemory, ended_by(&["zramctl", "--reset"]))
        } else {
            (DataUserKind::BlockDevice, None)
        };
        Driver { kind, node, release }
    }
}

/// The program that ends a mapped device, known by the prefix of its UUID (libdevmapper.h).
fn mapped_release(name: &str, uuid: &str) -> Vec<String> {
    let volume = uuid.starts_with("LVM-").then(|| logical_volume(name)).flatten();
    match (volume, uuid.split('-').next()) {
        (Some(volume), _) => ["lvchange", "-an", &volume].map(str::to_owned).to_vec(),
        (None, Some("CRYPT")) => ["cryptsetup", "close", name].map(str::to_owned).to_vec(),
        (None, Some("mpath")) => ["multipath", "-f", name].map(str::to_owned).to_vec(),
        _ => ["dmsetup", "remove", name].map(str::to_owned).to_vec(),
    }
}

/// `vg/lv` for the name `vg-lv`. LVM doubles a hyphen inside of a name. `None` for a part of a
/// volume, such as `vg-lv-cow`.
fn logical_volume(name: &str) -> Option<String> {
    const HYPHEN: &str = "\0";
    let name = name.replace("--", HYPHEN);
    let (group, volume) = name.split_once('-')?;
    (!volume.contains('-')).then(|| format!("{group}/{volume}").replace(HYPHEN, "-"))
}

/// The name in sysfs of a device with this name in /dev.
fn sysfs_name(name: &str) -> String {
    name.replace('/', "!")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::plain("vg0-root", Some("vg0/root"))]
    #[case::hyphens("my--vg-the--root", Some("my-vg/the-root"))]
    #[case::part_of_a_volume("vg0-root-cow", None)]
    #[case::no_volume("root", None)]
    fn the_name_of_a_volume_has_two_parts(#[case] name: &str, #[case] expected: Option<&str>) {
        assert_eq!(logical_volume(name).as_deref(), expected);
    }

    #[rstest::rstest]
    #[case::volume("vg0-root", "LVM-0a1b", &["lvchange", "-an", "vg0/root"])]
    #[case::part("vg0-root-real", "LVM-0a1b-real", &["dmsetup", "remove", "vg0-root-real"])]
    #[case::crypt("secret", "CRYPT-LUKS2-00-secret", &["cryptsetup", "close", "secret"])]
    #[case::paths("mpatha", "mpath-36", &["multipath", "-f", "mpatha"])]
    #[case::other("linear", "", &["dmsetup", "remove", "linear"])]
    fn the_uuid_names_the_program(#[case] name: &str, #[case] uuid: &str, #[case] words: &[&str]) {
        assert_eq!(mapped_release(name, uuid), words);
    }
}

use std::path::{Path, PathBuf};

use super::block_devices::BlockDevices;
use super::gap::Gaps;
use super::root::{Root, Seen};
use super::{Carrier, DataUserKind, DeviceNumber, UserGap};

/// The directory where configfs is mounted.
const CONFIG: &str = "/sys/kernel/config";

/// A file or device that a kernel target exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Export {
    pub(super) kind: DataUserKind,
    pub(super) name: String,
    pub(super) on: Carrier,
    /// Whether the kernel knows the device by its number, and not only by a path.
    pub(super) certain: bool,
    pub(super) read_only: bool,
    pub(super) release: Vec<String>,
}

/// The exports of the kernel's targets, which have files and devices open without a descriptor.
pub(super) fn exports(root: &Root, block: &BlockDevices, gaps: &mut Gaps) -> Vec<Export> {
    let missing = |module: &str, folder: &str| {
        root.at(Path::new("/sys/module").join(module)).exists()
            && !root.at(Path::new(CONFIG).join(folder)).exists()
    };
    if missing("target_core_mod", "target") || missing("nvmet", "nvmet") {
        gaps.add(UserGap::KernelTargets);
    }
    let mut exports = scsi(root, block, gaps);
    exports.extend(nvme(root, block, gaps));
    exports
}

/// The names in a directory of configfs. One that exists and cannot be read is a gap.
fn names(root: &Root, folder: &Path, gaps: &mut Gaps) -> Vec<String> {
    if let Err(error) = std::fs::read_dir(root.at(folder))
        && error.kind() == std::io::ErrorKind::PermissionDenied
    {
        gaps.unreadable(&folder.to_string_lossy());
    }
    root.names(folder)
}

/// The storage objects of LIO, from its backstores (`target_core_register_item`,
/// drivers/target/target_core_configfs.c).
fn scsi(root: &Root, block: &BlockDevices, gaps: &mut Gaps) -> Vec<Export> {
    let core = Path::new(CONFIG).join("target/core");
    let mut exports = Vec::new();
    for host in names(root, &core, gaps) {
        let Some((backstore, _)) = host.rsplit_once('_') else { continue };
        for name in names(root, &core.join(&host), gaps) {
            let folder = core.join(&host).join(&name);
            let attribute = |name: &str| root.text(folder.join(name)).unwrap_or_default();
            if attribute("enable") != "1" {
                continue;
            }
            let (info, path) = (attribute("info"), PathBuf::from(attribute("udev_path")));
            let (store, on) = match backstore {
                "fileio" => ("fileio", carrier(root, block, &file_of(&info).unwrap_or(path))),
                "iblock" => {
                    let number = number_of(&info).map(Carrier::Device);
                    ("block", number.or_else(|| carrier(root, block, &path)))
                }
                "pscsi" => ("pscsi", carrier(root, block, &path)),
                // Memory, or a process that has its file open.
                _ => continue,
            };
            let Some(on) = on else { continue };
            let words = ["targetcli", &format!("/backstores/{store}"), "delete", &name];
            exports.push(Export {
                kind: DataUserKind::ScsiTarget,
                name: format!("{host}/{name}"),
                on,
                certain: backstore == "iblock" && number_of(&info).is_some(),
                read_only: info.contains("readonly: 1"),
                release: words.map(str::to_owned).to_vec(),
            });
        }
    }
    exports
}

/// The path in `TCM FILEIO ID: 0        File: /srv/disk.img  Size: 65536  Mode: O_DSYNC Async: 0`
/// (`fd_show_configfs_dev_params`, drivers/target/target_core_file.c).
fn file_of(info: &str) -> Option<PathBuf> {
    let (_, rest) = info.split_once(" File: ")?;
    rest.rsplit_once("  Size: ").map(|(path, _)| PathBuf::from(path))
}

/// The number in `Major: 7 Minor: 4  CLAIMED: IBLOCK` (`iblock_show_configfs_dev_params`,
/// drivers/target/target_core_iblock.c).
fn number_of(info: &str) -> Option<DeviceNumber> {
    let (_, rest) = info.split_once("Major: ")?;
    let mut words = rest.split_ascii_whitespace();
    let major = words.next()?.parse().ok()?;
    words.next().filter(|word| *word == "Minor:")?;
    Some(DeviceNumber { major, minor: words.next()?.parse().ok()? })
}

/// The enabled namespaces of the NVMe target (`nvmet_ns_device_path_show`,
/// drivers/nvme/target/configfs.c).
fn nvme(root: &Root, block: &BlockDevices, gaps: &mut Gaps) -> Vec<Export> {
    let subsystems = Path::new(CONFIG).join("nvmet/subsystems");
    let mut exports = Vec::new();
    for subsystem in names(root, &subsystems, gaps) {
        let namespaces = subsystems.join(&subsystem).join("namespaces");
        for number in names(root, &namespaces, gaps) {
            let folder = namespaces.join(&number);
            let attribute = |name: &str| root.text(folder.join(name)).unwrap_or_default();
            if attribute("enable") != "1" {
                continue;
            }
            let path = PathBuf::from(attribute("device_path"));
            let Some(on) = carrier(root, block, &path) else { continue };
            let enable = folder.join("enable");
            let words = ["sh", "-c", &format!("echo 0 > {}", quoted(&enable.to_string_lossy()))];
            exports.push(Export {
                kind: DataUserKind::NvmeTarget,
                name: format!("{subsystem} namespace {number}"),
                on,
                certain: false,
                read_only: false,
                release: words.map(str::to_owned).to_vec(),
            });
        }
    }
    exports
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_.:".contains(c);
    match word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

fn carrier(root: &Root, block: &BlockDevices, path: &Path) -> Option<Carrier> {
    if !path.is_absolute() {
        return None;
    }
    match root.look(path) {
        Ok(Seen { block: Some(number), .. }) => Some(Carrier::Device(number)),
        Ok(Seen { file, block: None }) => Some(Carrier::File(file)),
        Err(_) => block.number_of(root, path).map(Carrier::Device),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Linux 6.12 prints it.
    const FILE: &str = "Status: ACTIVATED  Max Queue Depth: 0  SectorSize: 512  HwMaxSectors: 16384\n\
        \x20       TCM FILEIO ID: 0        File: /srv/my  File: a.img  Size: 65536  Mode: O_DSYNC Async: 0";
    const DEVICE: &str = "        iBlock device: loop4  UDEV PATH: /dev/x  readonly: 0\n\
        \x20       Major: 7 Minor: 4  CLAIMED: IBLOCK";

    #[test]
    fn the_file_and_the_device_are_read_from_the_text_for_people() {
        assert_eq!(file_of(FILE).as_deref(), Some(Path::new("/srv/my  File: a.img")));
        assert_eq!(number_of(DEVICE), Some(DeviceNumber { major: 7, minor: 4 }));
        assert_eq!((file_of(DEVICE), number_of(FILE)), (None, None));
    }

    #[test]
    fn a_name_of_a_target_is_one_word_for_a_shell() {
        assert_eq!(quoted("/sys/nqn.2024-01.org:disk"), "/sys/nqn.2024-01.org:disk");
        assert_eq!(quoted("/sys/it's; rm"), r"'/sys/it'\''s; rm'");
    }
}

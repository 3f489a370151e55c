use std::path::{Path, PathBuf};

use super::DeviceNumber;
use super::root::unescaped;

/// One line of mountinfo (proc_pid_mountinfo(5); `show_mountinfo`, fs/proc_namespace.c).
///
/// The crate `procfs` reads these lines, too. It keeps one of several options with the same name,
/// leaves blanks in paths escaped, and fails on a path that is not UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) id: u64,
    /// The device of the super block.
    pub(super) device: DeviceNumber,
    /// The directory of the file system that is mounted.
    pub(super) root: PathBuf,
    pub(super) point: PathBuf,
    /// The type of file system.
    pub(super) kind: String,
    /// The device, or any other text.
    pub(super) source: PathBuf,
    /// Whether the super block refuses writes. A file system that can be written through one mount
    /// writes, even if this mount refuses writes.
    pub(super) read_only: bool,
    /// The options of the super block, escaped as the kernel writes them.
    options: Vec<u8>,
}

impl Mount {
    /// Parses a line. `None` if it has too few fields.
    fn parse(line: &[u8]) -> Option<Mount> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut fields = line.split(|byte| *byte == b' ');
        let id = text(fields.next()?).parse().ok()?;
        let device = DeviceNumber::parse(&text(fields.nth(1)?))?;
        let root = unescaped(fields.next()?);
        let point = unescaped(fields.next()?);
        fields.find(|field| *field == b"-")?;
        let kind = text(fields.next()?);
        let source = unescaped(fields.next()?);
        let options = fields.next()?.to_owned();
        let read_only = options.split(|byte| *byte == b',').next() == Some(b"ro");
        Some(Mount { id, device, root, point, kind, source, read_only, options })
    }

    /// Parses mountinfo. Lines that cannot be read are left out.
    pub(super) fn parse_all(text: &[u8]) -> Vec<Mount> {
        text.split(|byte| *byte == b'\n').filter_map(Mount::parse).collect()
    }

    /// The values of an option of the super block, still escaped.
    pub(super) fn options(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.options
            .split(|byte| *byte == b',')
            .filter_map(move |option| option.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
    }
}

/// The mount that shows `path`: the last one whose mount point leads to it.
pub(super) fn showing<'a>(mounts: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    let length = |mount: &&Mount| mount.point.components().count();
    mounts.iter().filter(|mount| path.starts_with(&mount.point)).max_by_key(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &[u8] = b"22 27 0:21 / /proc rw,relatime - proc proc rw\n\
        30 27 7:0 / /mnt/my\\040disk ro,relatime shared:7 master:1 - ext4 /dev/loop0 rw,discard\n\
        31 27 0:40 /sub /mnt/sub rw,relatime - overlay overlay ro,lowerdir+=/a,lowerdir+=/b\n\
        nonsense\n\
        32 27 7:1 / /mnt/sub rw,relatime - ext4 /dev/loop1 rw\n";

    #[test]
    fn a_line_is_read_with_all_its_options() {
        let mounts = Mount::parse_all(LINES);
        assert_eq!(mounts.len(), 4);
        let disk = &mounts[1];
        assert_eq!((disk.id, disk.device), (30, DeviceNumber { major: 7, minor: 0 }));
        assert_eq!(disk.point, Path::new("/mnt/my disk"));
        assert_eq!((disk.kind.as_str(), disk.source.as_path()), ("ext4", Path::new("/dev/loop0")));
        // The mount refuses writes, the super block does not.
        assert!(!disk.read_only);
        let overlay = &mounts[2];
        assert!(overlay.read_only);
        assert_eq!(overlay.root, Path::new("/sub"));
        assert_eq!(overlay.options("lowerdir+").collect::<Vec<_>>(), [b"/a", b"/b"]);
        assert_eq!(overlay.options("lowerdir").count(), 0);
    }

    #[test]
    fn the_last_mount_on_a_point_shows_its_files() {
        let mounts = Mount::parse_all(LINES);
        let id = |path: &str| showing(&mounts, Path::new(path)).map(|mount| mount.id);
        assert_eq!(id("/mnt/sub/disk.img"), Some(32));
        assert_eq!(id("/proc/1"), Some(22));
        assert_eq!(id("/mnt/sub2"), None);
    }
}

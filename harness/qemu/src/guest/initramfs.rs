use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Component, Path};

use cpio::NewcBuilder;
use cpio::newc::trailer;

/// File types and permissions, as in stat(2).
const DIRECTORY: u32 = 0o040_755;
const CHARACTER_DEVICE: u32 = 0o020_600;
const PROGRAM: u32 = 0o100_755;
const PLAIN: u32 = 0o100_644;

/// A cpio archive, made in memory. The kernel unpacks it into its first file
/// system before it starts `/init` (initramfs-buffer-format of Linux's
/// documentation).
#[derive(Debug)]
pub(crate) struct Initramfs {
    archive: Vec<u8>,
    folders: BTreeSet<String>,
    entries: u32,
}

impl Initramfs {
    /// An archive with the devices that every program needs.
    pub(crate) fn new() -> io::Result<Initramfs> {
        let mut made = Initramfs { archive: Vec::new(), folders: BTreeSet::new(), entries: 0 };
        for (name, minor) in [("/dev/console", (5, 1)), ("/dev/null", (1, 3))] {
            made.folders_above(name)?;
            let (major, minor) = minor;
            let node = made.entry(name, CHARACTER_DEVICE).rdev_major(major).rdev_minor(minor);
            node.write(&mut made.archive, 0).finish()?;
        }
        Ok(made)
    }

    /// Adds an empty directory.
    pub(crate) fn folder(&mut self, path: &Path) -> io::Result<()> {
        let name = normal(path)?;
        self.folders_above(&format!("{name}/."))
    }

    /// Adds an executable file.
    pub(crate) fn program(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.file(path, content, PROGRAM)
    }

    /// Adds a data file.
    pub(crate) fn plain(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.file(path, content, PLAIN)
    }

    fn file(&mut self, path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
        let name = normal(path)?;
        self.folders_above(&name)?;
        let length = u32::try_from(content.len())
            .map_err(|_| io::Error::other(format!("{name} is too large for an initramfs")))?;
        let mut file = self.entry(&name, mode).write(&mut self.archive, length);
        file.write_all(content)?;
        file.finish()?;
        Ok(())
    }

    fn folders_above(&mut self, name: &str) -> io::Result<()> {
        for (at, _) in name.match_indices('/').skip(1) {
            let folder = &name[..at];
            if self.folders.insert(folder.to_owned()) {
                let entry = self.entry(folder, DIRECTORY);
                entry.write(&mut self.archive, 0).finish()?;
            }
        }
        Ok(())
    }

    /// The next entry, with its own inode number: entries with the same number
    /// would be links to one file.
    fn entry(&mut self, name: &str, mode: u32) -> NewcBuilder {
        self.entries += 1;
        NewcBuilder::new(name.trim_start_matches('/')).ino(self.entries).mode(mode)
    }

    /// The complete archive. The kernel can read several archives in a row.
    pub(crate) fn finish(self) -> io::Result<Vec<u8>> {
        let mut archive = trailer(self.archive)?;
        // As in cpio(1). The next archive starts at a multiple of four.
        archive.resize(archive.len().next_multiple_of(512), 0);
        Ok(archive)
    }
}

/// An absolute UTF-8 path without `.` and `..`.
fn normal(path: &Path) -> io::Result<String> {
    let mut name = String::new();
    for part in path.components() {
        match part {
            Component::RootDir => {}
            Component::Normal(part) => {
                name.push('/');
                name.push_str(part.to_str().ok_or_else(|| odd(path))?);
            }
            _ => return Err(odd(path)),
        }
    }
    if path.is_absolute() { Ok(name) } else { Err(odd(path)) }
}

fn odd(path: &Path) -> io::Error {
    io::Error::other(format!("{} has no place in an initramfs", path.display()))
}

#[cfg(test)]
mod tests {
    use cpio::NewcReader;

    use super::*;

    /// The contents of an archive: names, modes, data.
    fn read(archive: &[u8]) -> Vec<(String, u32, String)> {
        let mut rest = archive;
        let mut found = Vec::new();
        loop {
            let reader = NewcReader::new(rest).expect("an entry");
            let entry = reader.entry();
            if entry.is_trailer() {
                return found;
            }
            let (name, mode) = (entry.name().to_owned(), entry.mode());
            let mut content = Vec::new();
            rest = reader.to_writer(&mut content).expect("its content");
            found.push((name, mode, String::from_utf8(content).expect("text")));
        }
    }

    #[test]
    fn files_are_there_once_their_folders_are() {
        let mut initramfs = Initramfs::new().expect("memory");
        initramfs.program(Path::new("/init"), b"program").expect("memory");
        initramfs.plain(Path::new("/usr/lib/one"), b"1").expect("memory");
        initramfs.plain(Path::new("/usr/lib/two"), b"22").expect("memory");
        initramfs.folder(Path::new("/tmp")).expect("memory");
        let archive = initramfs.finish().expect("memory");
        assert_eq!(archive.len() % 512, 0);
        let entry = |name: &str, mode, text: &str| (name.to_owned(), mode, text.to_owned());
        assert_eq!(
            read(&archive),
            [
                entry("dev", DIRECTORY, ""),
                entry("dev/console", CHARACTER_DEVICE, ""),
                entry("dev/null", CHARACTER_DEVICE, ""),
                entry("init", PROGRAM, "program"),
                entry("usr", DIRECTORY, ""),
                entry("usr/lib", DIRECTORY, ""),
                entry("usr/lib/one", PLAIN, "1"),
                entry("usr/lib/two", PLAIN, "22"),
                entry("tmp", DIRECTORY, ""),
            ]
        );
    }

    #[rstest::rstest]
    #[case("usr/lib")]
    #[case("/usr/../etc")]
    fn a_path_that_leads_elsewhere_is_refused(#[case] path: &str) {
        let mut initramfs = Initramfs::new().expect("memory");
        assert!(initramfs.plain(Path::new(path), b"").is_err());
    }
}

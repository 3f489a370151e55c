use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Statx, StatxFlags, openat, openat2, statx,
};

use super::DeviceNumber;
use crate::lock_table::FileKey;

/// The most bytes of one file of /proc or /sys. A longer one is cut off.
const MOST_BYTES: u64 = 16 << 20;

/// The directory that has /proc, /sys and /dev: that of this process, that of another process, or a
/// recorded one.
#[derive(Debug, Clone)]
pub(super) struct Root(PathBuf);

/// A file, as statx(2) shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Seen {
    /// Its device and inode number.
    pub(super) file: FileKey,
    /// Its device number, if it is a block device.
    pub(super) block: Option<DeviceNumber>,
}

impl Root {
    /// The root directory of this process.
    pub(super) fn own() -> Root {
        Root::under("/")
    }

    /// The directory `path`.
    pub(super) fn under(path: impl Into<PathBuf>) -> Root {
        Root(path.into())
    }

    /// The path of `path`, which is absolute, below this root.
    pub(super) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let parts = path.as_ref().components();
        let normal = parts.filter(|part| matches!(part, Component::Normal(_)));
        let mut whole = self.0.clone();
        whole.extend(normal);
        whole
    }

    /// The text of a file, without the end of its last line. Bytes that are no text are replaced.
    ///
    /// # Errors
    /// Those of open(2) and read(2).
    pub(super) fn text(&self, path: impl AsRef<Path>) -> io::Result<String> {
        let mut text = String::from_utf8_lossy(&self.bytes(path)?).into_owned();
        text.truncate(text.trim_end_matches('\n').len());
        Ok(text)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// Those of open(2) and read(2).
    pub(super) fn bytes(&self, path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.at(path))?.take(MOST_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The names in a directory, sorted. None if it is missing or unreadable.
    pub(super) fn names(&self, path: impl AsRef<Path>) -> Vec<String> {
        let entries = std::fs::read_dir(self.at(path)).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort_unstable();
        names
    }

    /// The file at `path`. Symbolic links are resolved below this root.
    ///
    /// # Errors
    /// Those of openat2(2), `ENOSYS` before Linux 5.6 for another root than `/`, and of statx(2).
    pub(super) fn look(&self, path: impl AsRef<Path>) -> io::Result<Seen> {
        Ok(seen(&self.named(path)?)?)
    }

    /// An `O_PATH` descriptor of `path`, which does not open the file.
    fn named(&self, path: impl AsRef<Path>) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        if self.0 == Path::new("/") {
            return openat(CWD, self.at(path), flags, Mode::empty());
        }
        let root = openat(CWD, &self.0, flags | OFlags::DIRECTORY, Mode::empty())?;
        let path = path.as_ref();
        openat2(root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT)
    }
}

/// Looks at the file of a descriptor, from the kernel's cache (`AT_STATX_DONT_SYNC`), so that an
/// unreachable server of a network file system does not matter.
pub(super) fn seen(file: &OwnedFd) -> rustix::io::Result<Seen> {
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
    Ok(told(&statx(file, c"", flags, StatxFlags::INO | StatxFlags::TYPE)?))
}

/// The parts of a statx(2) that name the file.
pub(super) fn told(status: &Statx) -> Seen {
    let kind = FileType::from_raw_mode(status.stx_mode.into());
    let number = DeviceNumber { major: status.stx_rdev_major, minor: status.stx_rdev_minor };
    Seen {
        file: FileKey::new(status.stx_dev_major, status.stx_dev_minor, status.stx_ino),
        block: (kind == FileType::BlockDevice).then_some(number),
    }
}

/// A path in which the kernel wrote blanks and other bytes as `\040` (`seq_path`, fs/seq_file.c).
pub(super) fn unescaped(text: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, others @ ..] = rest {
        let octal = others.get(..3).filter(|_| *first == b'\\');
        let code = octal.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &others[3..];
            }
            None => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::plain("/mnt/a", "/mnt/a")]
    #[case::blank(r"/mnt/my\040disk\011s", "/mnt/my disk\ts")]
    #[case::backslash(r"/mnt/a\134b", r"/mnt/a\b")]
    #[case::cut_off(r"/mnt/a\04", r"/mnt/a\04")]
    fn a_path_is_read_as_the_kernel_writes_it(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(unescaped(text.as_bytes()), Path::new(expected));
    }

    #[test]
    fn a_link_leads_nowhere_but_below_the_root() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::under(folder.path());
        std::fs::create_dir(folder.path().join("etc")).expect("a folder");
        std::fs::write(folder.path().join("etc/passwd"), "here\n").expect("a file");
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).expect("a link");
        let expected = Root::own().look(folder.path().join("etc/passwd")).expect("a file");
        assert_eq!(root.look("/link").expect("a file"), expected);
        assert_eq!(root.text("/etc/passwd").expect("text"), "here");
        assert_eq!(root.at("/../x"), folder.path().join("x"));
    }
}

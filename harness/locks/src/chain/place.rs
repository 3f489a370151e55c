//! The only places from which files are opened.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use super::ChainStop;
use super::header::Bytes;
use crate::image::not_an_image;

/// The most symbolic links on the way to a file, as in the kernel (`MAXSYMLINKS`).
const MOST_LINKS: usize = 40;
/// How often `openat2(2)` is repeated while directories are renamed.
const MOST_TRIES: usize = 8;

/// The directory of the top file, below which the other files of the chain must be.
#[derive(Debug)]
pub(super) struct Place {
    directory: OwnedFd,
    /// The path of the directory as it is written, in full, and without symbolic links.
    paths: Vec<PathBuf>,
}

/// A file that was found and not opened yet (`O_PATH`).
#[derive(Debug)]
pub(super) struct Found {
    held: OwnedFd,
    /// Device and inode number.
    pub(super) id: (u64, u64),
}

impl Place {
    /// The directory of a file. A link of /proc such as /proc/PID/fd/N stands for the path that it
    /// shows.
    pub(super) fn of(file: &Path) -> io::Result<Place> {
        let shown = file.starts_with("/proc").then(|| std::fs::read_link(file).ok()).flatten();
        let file = shown.as_deref().filter(|path| path.is_absolute()).unwrap_or(file);
        let written = file.parent().unwrap_or(Path::new("")).to_owned();
        let opened = if written.as_os_str().is_empty() { Path::new(".") } else { &written };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::openat(CWD, opened, flags, Mode::empty())?;
        let full = [std::path::absolute(opened), std::fs::canonicalize(opened)];
        let paths = [written].into_iter().chain(full.into_iter().flatten()).collect();
        Ok(Place { directory, paths })
    }

    /// Finds the file at `path`, which is below this directory.
    pub(super) fn find(&self, path: &Path) -> Result<Found, ChainStop> {
        let inside = self.inside(path).ok_or(ChainStop::Outside)?;
        let directory = self.directory.as_fd();
        Found::new(match beneath(directory, &inside) {
            // ENOSYS: before Linux 5.6. EPERM: a seccomp filter that does not know the call.
            Err(Errno::NOSYS | Errno::PERM) => step_by_step(directory, &inside),
            other => other,
        })
    }

    /// The rest of the path below this directory.
    fn inside(&self, path: &Path) -> Option<PathBuf> {
        let full = std::path::absolute(path).ok();
        let both = [Some(path.to_owned()), full];
        let rests = both.iter().flatten().flat_map(|path| {
            self.paths.iter().filter_map(|directory| path.strip_prefix(directory).ok())
        });
        let mut inside = rests.filter(|rest| !rest.as_os_str().is_empty() && rest.is_relative());
        inside.next().map(Path::to_owned)
    }
}

impl Found {
    /// Finds the file at any path, as open(2) does.
    pub(super) fn anywhere(path: &Path) -> Result<Found, ChainStop> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        Found::new(rustix::fs::openat(CWD, path, flags, Mode::empty()))
    }

    fn new(held: Result<OwnedFd, Errno>) -> Result<Found, ChainStop> {
        let unreachable = |errno| ChainStop::Unreachable(described(errno));
        let held = held.map_err(|errno| match errno {
            Errno::NOENT | Errno::NOTDIR => ChainStop::Missing,
            Errno::XDEV => ChainStop::Outside,
            other => unreachable(other),
        })?;
        let Stat { st_mode, st_dev, st_ino, .. } = rustix::fs::fstat(&held).map_err(unreachable)?;
        match not_an_image(st_mode) {
            Some(what) => Err(ChainStop::NotAnImage(what.to_owned())),
            None => Ok(Found { held, id: (st_dev, st_ino) }),
        }
    }

    /// A path that leads to just this file.
    pub(super) fn link(&self) -> PathBuf {
        format!("/proc/thread-self/fd/{}", self.held.as_raw_fd()).into()
    }

    /// `open(2)`—opens the file for reading. It is a regular file or a block device, so this does not
    /// wait for another process.
    pub(super) fn read(&self) -> Result<Reader, ChainStop> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let open = |flags| rustix::fs::openat(CWD, self.link(), flags, Mode::empty());
        // Only its owner may leave the time of access as it is.
        let opened = open(flags | OFlags::NOATIME).or_else(|errno| match errno {
            Errno::PERM => open(flags),
            other => Err(other),
        });
        opened.map(Reader).map_err(|errno| ChainStop::Unreadable(described(errno)))
    }
}

/// A file that is open for reading.
#[derive(Debug)]
pub(super) struct Reader(OwnedFd);

impl Bytes for Reader {
    fn read_at(&mut self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        Ok(rustix::io::pread(&self.0, buffer, at)?)
    }
}

/// `openat2(2)`—the kernel resolves a path that must stay below `directory`.
fn beneath(directory: impl AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let rules = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    for _ in 0..MOST_TRIES {
        match rustix::fs::openat2(&directory, path, flags, Mode::empty(), rules) {
            // The kernel could not tell whether `..` still leads below the directory.
            Err(Errno::AGAIN) => {}
            other => return other,
        }
    }
    Err(Errno::AGAIN)
}

/// The same, a component at a time, for kernels without openat2(2). A directory that was entered is
/// kept open, so that `..` leads to where the path came from.
fn step_by_step(directory: impl AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    let mut entered: Vec<OwnedFd> = vec![directory.as_fd().try_clone_to_owned().map_err(to_errno)?];
    let mut ahead: Vec<Vec<u8>> = components(path.as_os_str());
    let mut links = 0;
    while let Some(component) = ahead.pop() {
        match &component[..] {
            b"" | b"." => continue,
            b".." if entered.len() == 1 => return Err(Errno::XDEV),
            b".." => {
                entered.pop();
                continue;
            }
            _ => {}
        }
        let here = entered.last().ok_or(Errno::XDEV)?;
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let next = rustix::fs::openat(here, &component[..], flags, Mode::empty())?;
        if rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(&next)?.st_mode).is_symlink() {
            links += 1;
            if links > MOST_LINKS {
                return Err(Errno::LOOP);
            }
            let target = rustix::fs::readlinkat(&next, c"", Vec::new())?;
            if target.as_bytes().starts_with(b"/") {
                return Err(Errno::XDEV);
            }
            ahead.extend(components(OsStr::from_bytes(target.as_bytes())));
        } else {
            entered.push(next);
        }
    }
    if entered.len() == 1 {
        return Err(Errno::ISDIR);
    }
    entered.pop().ok_or(Errno::NOENT)
}

/// The components of a path, the last one first.
fn components(path: &OsStr) -> Vec<Vec<u8>> {
    path.as_bytes().split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec).collect()
}

fn to_errno(error: io::Error) -> Errno {
    Errno::from_io_error(&error).unwrap_or(Errno::IO)
}

/// The system's text, without Rust's `(os error N)`.
fn described(errno: Errno) -> String {
    let text = io::Error::from(errno).to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;

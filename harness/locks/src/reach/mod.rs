//! How far a lock on a file reaches: which other openers of the same data it can exclude.
//!
//! This is derived from the file's mount (proc_pid_mountinfo(5)) and from what the file is. It is known
//! from the documentation and the code of each file system, not tried out. An unknown file system
//! has an unknown reach.

mod extent;
mod file_system;
mod mount;

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, openat};

pub use extent::{Extent, Reach};
pub(crate) use mount::{Mount, Mounts, number};

/// Determines how far locks on the file or in the directory at `path` reach. Nothing is opened but
/// with `O_PATH`.
///
/// # Errors
/// If the path does not lead to a file, or /proc cannot be read.
pub fn reach_of(path: &Path) -> io::Result<Reach> {
    let file = openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    let mount = Mounts::default().of(file.as_fd())?;
    let kind = FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode);
    Ok(Reach::new(mount.as_ref(), kind))
}

impl Reach {
    /// The reach of locks on a file of this kind on this mount.
    pub(crate) fn new(mount: Option<&Mount>, kind: FileType) -> Reach {
        if kind == FileType::BlockDevice {
            let because = Some("a block device".to_owned());
            let file_system =
                mount.map_or_else(|| "unknown".to_owned(), |mount| mount.kind.clone());
            return Reach { extent: Extent::OnlyThisNode, file_system, source: None, because };
        }
        match mount {
            Some(mount) => file_system::reach(mount),
            None => Reach {
                extent: Extent::Unknown,
                file_system: "unknown".to_owned(),
                source: None,
                because: Some("its mount is not visible to this process".to_owned()),
            },
        }
    }
}

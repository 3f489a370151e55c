use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use super::PrivateMounts;
use crate::process::describe;

/// A mount. Dropping it unmounts it; processes that still use it keep it
/// (`MNT_DETACH`).
#[derive(Debug)]
pub struct Mounted {
    point: PathBuf,
}

/// A mount that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot mount {what} on {}: {}", point.display(), describe(&(*errno).into()))]
pub struct MountError {
    /// The type of the file system, or `bind`.
    pub what: String,
    /// The mount point.
    pub point: PathBuf,
    /// The errno of mount(2).
    pub errno: Errno,
}

impl Mounted {
    /// Mounts a file system of the type `kind` on `point`, with the arguments
    /// of mount(2).
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn new(
        _: &PrivateMounts,
        kind: &str,
        source: &Path,
        point: &Path,
        options: &str,
    ) -> Result<Mounted, MountError> {
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        mount(Some(source), point, Some(kind), flags, Some(options))
            .map_err(|errno| Mounted::failed(kind, point, errno))?;
        Ok(Mounted { point: point.to_owned() })
    }

    /// Bind-mounts the file or directory `source` on `point`, which is of the
    /// same kind. With `read_only` the mount is read-only.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn bind(
        _: &PrivateMounts,
        source: &Path,
        point: &Path,
        read_only: bool,
    ) -> Result<Mounted, MountError> {
        let none = None::<&str>;
        let failed = |errno| Mounted::failed("bind", point, errno);
        mount(Some(source), point, none, MsFlags::MS_BIND, none).map_err(failed)?;
        let mounted = Mounted { point: point.to_owned() };
        if read_only {
            let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
            mount(none, point, none, flags, none).map_err(failed)?;
        }
        Ok(mounted)
    }

    /// Mounts an overlayfs on `point`, with the directory `upper` over the
    /// directory `lower`. `work` is an empty directory beside `upper`.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn overlay(
        private: &PrivateMounts,
        [lower, upper, work]: [&Path; 3],
        point: &Path,
    ) -> Result<Mounted, MountError> {
        let option = |name: &str, path: &Path| {
            // A comma ends an option, a colon ends a lower directory.
            let text = path.to_string_lossy();
            let text = text.replace('\\', "\\\\").replace(',', "\\,").replace(':', "\\:");
            format!("{name}={text}")
        };
        let directories =
            [option("lowerdir", lower), option("upperdir", upper), option("workdir", work)];
        // The content is temporary. Without `volatile` the last close waits
        // until the upper file system has written everything to its disk.
        let options = format!("{},volatile", directories.join(","));
        Mounted::new(private, "overlay", Path::new("overlay"), point, &options)
    }

    fn failed(what: &str, point: &Path, errno: Errno) -> MountError {
        MountError { what: what.to_owned(), point: point.to_owned(), errno }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // If this fails, the end of the namespace unmounts it.
        let _ = umount2(&self.point, MntFlags::MNT_DETACH);
    }
}

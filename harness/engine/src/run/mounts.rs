use std::fs::{self, File};
use std::io;
use std::path::Path;

use nix::errno::Errno;
use rustix::fs::{StatVfsMountFlags, statvfs};

use super::cast::StepFailure;
use crate::file_system::{MountError, Mounted, PrivateMounts};
use crate::process::describe;

/// The file's name in each directory of an overlay.
const IMAGE: &str = "image";

/// The mounts of one scenario. Dropping it unmounts everything.
#[derive(Debug)]
pub(super) struct Mounts {
    private: Option<PrivateMounts>,
    mounted: Vec<Mounted>,
    overlays: u32,
}

impl Mounts {
    /// No mounts yet.
    pub(super) fn new(private: Option<PrivateMounts>) -> Mounts {
        Mounts { private, mounted: Vec::new(), overlays: 0 }
    }

    /// Bind-mounts the file `from` on `point`, a file that is created for it.
    /// The inner error is the outcome of the step.
    ///
    /// # Errors
    /// When this place does not support it.
    pub(super) fn bind(
        &mut self,
        from: &Path,
        point: &Path,
        read_only: bool,
    ) -> Result<io::Result<()>, StepFailure> {
        if let Err(error) = make_point(from, point) {
            return Ok(Err(error));
        }
        let mounted = match Mounted::bind(self.private()?, from, point, read_only) {
            Ok(mounted) => mounted,
            // The file was unlinked; only a mount still shows it.
            Err(MountError { errno: Errno::ENOENT, .. }) => {
                fs::remove_file(point)?;
                return Ok(Err(Errno::ENOENT.into()));
            }
            Err(MountError { errno, .. }) => return Err(no_bind(errno)),
        };
        self.mounted.push(mounted);
        Ok(Ok(()))
    }

    /// Mounts an overlayfs whose lower file is `under`, and shows its merged
    /// file at `point`, a file that is created for it. The inner error is the
    /// outcome of the step, such as `EXDEV` where `under` is a mount itself.
    ///
    /// # Errors
    /// When this place does not support it.
    pub(super) fn overlay(
        &mut self,
        under: &Path,
        point: &Path,
        is_mount: bool,
    ) -> Result<io::Result<()>, StepFailure> {
        if let Err(error) = make_point(under, point) {
            return Ok(Err(error));
        }
        self.overlays += 1;
        let base = point.with_file_name(format!(".overlay-{}", self.overlays));
        let [lower, upper, work, merged] =
            ["lower", "upper", "work", "merged"].map(|name| base.join(name));
        for directory in [&base, &lower, &upper, &work, &merged] {
            fs::create_dir(directory)?;
        }
        // A hard link keeps the image's inode; a copy would be another file.
        match fs::hard_link(fs::canonicalize(under)?, lower.join(IMAGE)) {
            Err(error) if is_mount && error.raw_os_error() == Some(Errno::EXDEV as i32) => {
                fs::remove_file(point)?;
                return Ok(Err(error));
            }
            Err(error) => return Err(no_hard_link(&error)),
            Ok(()) => {}
        }
        let private = self.private()?;
        let overlay = Mounted::overlay(private, [&lower, &upper, &work], &merged)
            .map_err(|error| no_overlay(error.errno))?;
        if statvfs(&merged).map_err(io::Error::from)?.f_flag.contains(StatVfsMountFlags::RDONLY) {
            return Err(no_overlay(Errno::EROFS));
        }
        let bound = Mounted::bind(private, &merged.join(IMAGE), point, false)
            .map_err(|error| no_bind(error.errno))?;
        self.mounted.extend([bound, overlay]);
        Ok(Ok(()))
    }

    fn private(&self) -> Result<&PrivateMounts, StepFailure> {
        self.private
            .as_ref()
            .ok_or_else(|| StepFailure::NotHere(PrivateMounts::why_none().to_string()))
    }
}

/// Creates an empty file to mount on, where `from` is a file.
fn make_point(from: &Path, point: &Path) -> io::Result<()> {
    fs::metadata(from)?;
    File::create_new(point)?;
    Ok(())
}

fn no_bind(errno: Errno) -> StepFailure {
    StepFailure::NotHere(format!("no file can be bind-mounted here: {}", describe(&errno.into())))
}

fn no_hard_link(error: &io::Error) -> StepFailure {
    StepFailure::NotHere(format!(
        "an overlay needs a hard link to the image, and none can be made here: {}",
        describe(error)
    ))
}

fn no_overlay(errno: Errno) -> StepFailure {
    StepFailure::NotHere(match errno {
        Errno::ENODEV => "this kernel has no overlayfs".to_owned(),
        // The kernel log gives the details.
        Errno::EINVAL | Errno::EROFS => {
            "this file system cannot be the upper layer of an overlayfs".to_owned()
        }
        errno => format!("no overlayfs can be mounted here: {}", describe(&errno.into())),
    })
}

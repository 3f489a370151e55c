use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::errno::Errno;

use super::loop_device::LoopDevice;
use super::{Maker, MountError, Mounted, NotPrivate, PrivateMounts};
use crate::fuse::{FuseError, FuseLocks, FuseServer};
use crate::process::{Launcher, LauncherOptions, ProcessError, StopToken, describe};
use imglock_core::FileSystem;

/// The size of an image in bytes: more than the minimum of mkfs.xfs and
/// mkfs.btrfs. The file is sparse, so it takes only the space of written data.
const IMAGE_BYTES: u64 = 400 << 20;

/// The place where file systems are made and mounted: a scratch directory, seen
/// from a private mount namespace.
///
/// The scratch directory belongs to a launcher that was started earlier,
/// outside of that namespace. When this process dies, by whatever signal, the
/// namespace ends with its mounts, and the launcher removes the directory.
#[derive(Debug)]
pub struct Site {
    private: PrivateMounts,
    launcher: Launcher,
    program: PathBuf,
    stop: StopToken,
}

/// Why there is no site.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// This process cannot mount.
    #[error("no file system can be mounted: {0}")]
    NotPrivate(#[from] NotPrivate),
    /// There is no scratch directory.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

/// Why a file system cannot be made here, with advice.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotMade {
    /// The program that makes it is missing.
    #[error("{} is not installed (Debian: {})", .0.program, .0.package)]
    NoMaker(Maker),
    /// The program that makes it failed.
    #[error("{program} failed: {why}")]
    Maker {
        /// The program.
        program: &'static str,
        /// Its error output.
        why: String,
    },
    /// The running kernel does not support it.
    #[error("this kernel has no {0}, and no module for it was found")]
    NoSuchKind(&'static str),
    /// No loop device is available.
    #[error("no loop device: {}", describe(.0))]
    NoLoopDevice(io::Error),
    /// The mount failed.
    #[error(transparent)]
    Mount(#[from] MountError),
    /// The FUSE server failed.
    #[error(transparent)]
    Fuse(#[from] FuseError),
    /// The scratch directory cannot be written.
    #[error("cannot write {}: {}", path.display(), describe(source))]
    Scratch {
        /// The file.
        path: PathBuf,
        /// The error.
        source: io::Error,
    },
}

impl Site {
    /// Prepares a scratch directory in the options' directory, and moves the
    /// calling thread into a mount namespace of its own
    /// ([`PrivateMounts::enter`]).
    ///
    /// # Errors
    /// When this user may not mount, or the directory cannot be written.
    pub fn open(options: &LauncherOptions) -> Result<Site, SiteError> {
        let launcher = Launcher::start(options)?;
        let private = PrivateMounts::enter()?;
        let (program, stop) = (options.program.clone(), options.stop.clone());
        Ok(Site { private, launcher, program, stop })
    }

    /// The namespace of its mounts.
    pub fn private(&self) -> &PrivateMounts {
        &self.private
    }

    /// Makes a file system and mounts it.
    ///
    /// # Errors
    /// When this machine cannot make or mount it.
    pub fn make(&self, kind: FileSystem) -> Result<MadeFileSystem, NotMade> {
        let base = self.launcher.scratch().join(kind.name());
        let root = made_directory(&base.join("root"))?;
        let mut made = MadeFileSystem { server: None, mounts: Vec::new(), directory: root };
        match self.mount(kind, &base, &mut made) {
            Ok(()) => Ok(made),
            Err(NotMade::Mount(error)) if error.errno == Errno::ENODEV => {
                Err(NotMade::NoSuchKind(kind.name()))
            }
            Err(other) => Err(other),
        }
    }

    /// Mounts the file system on the directory of `made`, and below it the
    /// mounts that it needs.
    fn mount(
        &self,
        kind: FileSystem,
        base: &Path,
        made: &mut MadeFileSystem,
    ) -> Result<(), NotMade> {
        let (private, none) = (&self.private, Path::new("none"));
        if let Some(maker) = Maker::of(kind) {
            let device = device(maker, &base.join("image"))?;
            made.mounts.push(Mounted::new(
                private,
                kind.name(),
                device.path(),
                &made.directory,
                "",
            )?);
            return Ok(());
        }
        if kind == FileSystem::Tmpfs {
            made.mounts.push(Mounted::new(private, "tmpfs", none, &made.directory, "")?);
            return Ok(());
        }
        // The other kinds show a file system in memory in another way.
        let memory = made_directory(&base.join("memory"))?;
        made.mounts.push(Mounted::new(private, "tmpfs", none, &memory, "")?);
        let lower = made_directory(&memory.join("lower"))?;
        match kind {
            FileSystem::Overlay => {
                let upper = made_directory(&memory.join("upper"))?;
                let work = made_directory(&memory.join("work"))?;
                let layers = [lower.as_path(), &upper, &work];
                made.mounts.push(Mounted::overlay(private, layers, &made.directory)?);
            }
            FileSystem::Fuse | FileSystem::FuseLocks => {
                let locks = match kind {
                    FileSystem::Fuse => FuseLocks::Kernel,
                    _ => FuseLocks::Served,
                };
                let (program, stop) = (&self.program, &self.stop);
                let server = FuseServer::start_as(program, &lower, &made.directory, locks, stop)?;
                made.server = Some(server);
            }
            _ => made.mounts.push(Mounted::bind(private, &lower, &made.directory, false)?),
        }
        Ok(())
    }
}

/// A file system that was made. Dropping it unmounts it.
#[derive(Debug)]
pub struct MadeFileSystem {
    /// Dropped before the mounts that it serves.
    server: Option<FuseServer>,
    /// Each mount needs those before it.
    mounts: Vec<Mounted>,
    directory: PathBuf,
}

impl MadeFileSystem {
    /// The directory on which it is mounted.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

impl Drop for MadeFileSystem {
    fn drop(&mut self) {
        self.server = None;
        while let Some(mount) = self.mounts.pop() {
            drop(mount);
        }
    }
}

fn made_directory(path: &Path) -> Result<PathBuf, NotMade> {
    match fs::create_dir_all(path) {
        Ok(()) => Ok(path.to_owned()),
        Err(source) => Err(NotMade::Scratch { path: path.to_owned(), source }),
    }
}

/// A device with a fresh file system. The image is unlinked at once, so that it
/// never remains.
fn device(maker: Maker, image: &Path) -> Result<LoopDevice, NotMade> {
    let scratch = |source| NotMade::Scratch { path: image.to_owned(), source };
    File::create(image).and_then(|file| file.set_len(IMAGE_BYTES)).map_err(scratch)?;
    let device =
        format(maker, image).and_then(|()| LoopDevice::of(image).map_err(NotMade::NoLoopDevice));
    fs::remove_file(image).map_err(scratch)?;
    device
}

/// Runs mkfs.
fn format(maker: Maker, image: &Path) -> Result<(), NotMade> {
    let Maker { program, arguments, .. } = maker;
    let ran = match Command::new(program).args(arguments).arg(image).output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(NotMade::NoMaker(maker));
        }
        ran => ran.map_err(|error| NotMade::Maker { program, why: describe(&error) })?,
    };
    if ran.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr);
    let why = said.lines().map(str::trim).find(|line| !line.is_empty());
    Err(NotMade::Maker { program, why: why.map_or_else(|| ran.status.to_string(), str::to_owned) })
}

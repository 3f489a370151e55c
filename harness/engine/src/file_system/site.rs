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

/// How large an image is made: more than the smallest that mkfs.xfs and
/// mkfs.btrfs accept. It has holes, so it takes only what is written.
const IMAGE_BYTES: u64 = 400 << 20;

/// Where file systems are made and mounted: a scratch directory, seen from a
/// mount namespace of our own.
///
/// The scratch directory belongs to a launcher that was started before, and
/// so outside of that namespace. When this process dies, by whatever signal,
/// the namespace goes with its mounts, and the launcher removes the directory.
#[derive(Debug)]
pub struct Site {
    private: PrivateMounts,
    launcher: Launcher,
    program: PathBuf,
    stop: StopToken,
}

/// Why there is no site.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// Nothing can be mounted.
    #[error("no file system can be mounted: {0}")]
    NotPrivate(#[from] NotPrivate),
    /// There is no scratch directory.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

/// Why a file system is not to be had here, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// The program that makes it is missing.
    #[error("{} is not installed (Debian: {})", .0.program, .0.package)]
    NoMaker(Maker),
    /// The program that makes it failed.
    #[error("{program} failed: {why}")]
    Maker {
        /// Which.
        program: &'static str,
        /// What it said.
        why: String,
    },
    /// The running kernel does not have it.
    #[error("this kernel has no {0}, and no module of it is to be found")]
    NoSuchKind(&'static str),
    /// No loop device can be had.
    #[error("no loop device: {}", describe(.0))]
    NoLoopDevice(io::Error),
    /// It cannot be mounted.
    #[error(transparent)]
    Mount(#[from] MountError),
    /// It cannot be served.
    #[error(transparent)]
    Fuse(#[from] FuseError),
    /// The scratch directory cannot be written.
    #[error("cannot write {}: {}", path.display(), describe(source))]
    Scratch {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Site {
    /// Prepares a scratch directory in the options' directory, and moves the
    /// calling thread into a mount namespace of its own
    /// ([`PrivateMounts::enter`]).
    ///
    /// # Errors
    /// When this user may not mount, or nothing can be written there.
    pub fn open(options: &LauncherOptions) -> Result<Site, SiteError> {
        let launcher = Launcher::start(options)?;
        let private = PrivateMounts::enter()?;
        let (program, stop) = (options.program.clone(), options.stop.clone());
        Ok(Site { private, launcher, program, stop })
    }

    /// The namespace that its mounts are seen from.
    pub fn private(&self) -> &PrivateMounts {
        &self.private
    }

    /// Makes a file system and mounts it.
    ///
    /// # Errors
    /// When it cannot be had here.
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

    /// Mounts it on the directory of `made`, and below it what it lies on.
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
        // The others show what is in memory in another way.
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

/// A file system that was made. It is unmounted when this is dropped.
#[derive(Debug)]
pub struct MadeFileSystem {
    /// Ends before what it serves goes.
    server: Option<FuseServer>,
    /// Each lies on those before it.
    mounts: Vec<Mounted>,
    directory: PathBuf,
}

impl MadeFileSystem {
    /// Where it is mounted.
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

/// A device with a fresh file system on it. The image loses its name at once,
/// so that nothing is left of it whatever happens.
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

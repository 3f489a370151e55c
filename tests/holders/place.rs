//! An image in a folder, and tests that run one at a time.

use std::fs::{File, OpenOptions};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use imglock_core::{Backend, Mode};
use imglock_locks::{ByteClaims, KernelLocks};

use crate::outside::Folder;

/// Tests must not start processes at one time: for a moment, each of them has
/// copies of all that this process has open, and is a holder, too.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A folder for a test that runs alone.
pub struct Place {
    folder: Folder,
    _alone: MutexGuard<'static, ()>,
}

impl Place {
    pub fn new() -> Place {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        Place { folder: Folder::new(), _alone: alone }
    }
}

impl std::ops::Deref for Place {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

pub fn image(folder: &Place, name: &str) -> PathBuf {
    folder.file(name, &"x".repeat(1000))
}

pub fn open(path: &Path) -> File {
    OpenOptions::new().read(true).write(true).open(path).expect("the image")
}

/// Takes the claim of `mode`, as long as the file is open.
pub fn take(file: &File, backend: Backend, mode: Mode) {
    let mut locks = KernelLocks::new(file.as_fd(), backend);
    ByteClaims::default().change(&mut locks, mode.claim()).expect("nobody else is there");
}

pub fn locked(path: &Path, mode: Mode) -> File {
    let file = open(path);
    take(&file, Backend::Ofd, mode);
    file
}

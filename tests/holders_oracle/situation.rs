//! An image with random locks of live owners.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use imglock_core::{Backend, ByteLocks, Claim, LockType, Mode, RangeSpec};
use imglock_locks::{AcquireError, ByteClaims, ImageState, KernelLocks, Obstacle, SurveyedImage};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Random numbers that repeat for the same seed and place.
pub struct Dice(ChaCha8Rng);

impl Dice {
    pub fn new(seed: u64, place: &str) -> Dice {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..].iter_mut().zip(place.bytes()).for_each(|(to, from)| *to = from);
        Dice(ChaCha8Rng::from_seed(key))
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.0.next_u32()).expect("a number") % end
    }

    pub fn mode(&mut self) -> Mode {
        Mode::ALL[self.below(Mode::ALL.len())]
    }

    fn what(&mut self) -> What {
        match self.below(8) {
            0..5 => What::Claim(self.mode().claim()),
            5 => What::Flock,
            _ => {
                let kind = if self.below(2) == 0 { LockType::Read } else { LockType::Write };
                let start = [0, 7, 99, 100, 101, 103, 199, 200, 201, 203, 300][self.below(11)];
                let len = [1, 1, 2, 4, 104, 0][self.below(6)];
                What::Lock(kind, RangeSpec::at(start, len))
            }
        }
    }

    fn owner(&mut self) -> Backend {
        Backend::ALL[self.below(2)]
    }
}

/// What an owner has on the image.
#[derive(Debug, Clone, Copy)]
enum What {
    Claim(Claim),
    Lock(LockType, RangeSpec),
    Flock,
}

impl What {
    /// Acquires it. A conflict with an earlier owner leaves this one with less, or nothing.
    fn acquire(self, file: &File, backend: Backend) {
        let mut locks = KernelLocks::new(file.as_fd(), backend);
        match self {
            What::Claim(claim) => drop(ByteClaims::default().change(&mut locks, claim)),
            What::Lock(kind, range) => drop(locks.set(kind, range)),
            What::Flock => drop(file.try_lock()),
        }
    }
}

/// An image and the owners of locks on it, until it is dropped.
pub struct Situation {
    pub path: PathBuf,
    owners: Vec<(What, Backend)>,
    /// The open file descriptions.
    _files: Vec<File>,
    /// Ends the threads with descriptor tables of their own.
    _tables: Vec<Table>,
}

impl Situation {
    pub fn make(directory: &Path, number: usize, dice: &mut Dice) -> Situation {
        let path = directory.join(format!("{number}.img"));
        // A server that keeps locks may not notice that a file was closed.
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, [0; 512]).expect("an image");
        let owners: Vec<(What, Backend)> =
            (0..dice.below(4)).map(|_| (dice.what(), dice.owner())).collect();
        let (mut files, mut tables) = (Vec::new(), Vec::new());
        for &(what, backend) in &owners {
            match backend {
                Backend::Ofd => {
                    let file = opened(&path);
                    what.acquire(&file, backend);
                    files.push(file);
                }
                Backend::Posix => tables.push(Table::with(&path, what)),
            }
        }
        Situation { path, owners, _files: files, _tables: tables }
    }

    /// What is wrong about whether the image is called locked or free.
    pub fn objection(&self, image: &SurveyedImage) -> Option<String> {
        let file = opened(&self.path);
        let any = KernelLocks::new(file.as_fd(), Backend::Ofd)
            .test(LockType::Write, RangeSpec::at(0, 0))
            .expect("an answer")
            .is_some();
        let flocked = self.owners.iter().any(|(what, _)| matches!(what, What::Flock));
        let right = match image.state() {
            ImageState::Locked => any || flocked,
            // An owner without a lock has the image open for writing.
            ImageState::InUse => !any && !flocked && !self.owners.is_empty(),
            ImageState::Free => !any && !flocked && self.owners.is_empty(),
            ImageState::Unknown => false,
        };
        (!right).then(|| format!("locked: {any}; told {}", image.state()))
    }
}

impl fmt::Display for Situation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.owners)
    }
}

/// The conflict that an open in this process meets. Nothing stays locked.
pub fn attempt(path: &Path, claim: Claim) -> Option<Obstacle> {
    let file = opened(path);
    let mut locks = KernelLocks::new(file.as_fd(), Backend::Ofd);
    let mut claims = ByteClaims::default();
    let result = claims.change(&mut locks, claim);
    claims.change(&mut locks, Claim::NOTHING).expect("a release is granted");
    match result {
        Ok(()) => None,
        Err(AcquireError::Refused(refusal)) => Some(Obstacle::Permission(refusal)),
        Err(AcquireError::LockByte { byte, error }) => {
            assert!(
                matches!(error, imglock_core::LockError::WouldBlock { .. }),
                "{}: {error}",
                path.display()
            );
            Some(Obstacle::LockByte(byte))
        }
        Err(error @ AcquireError::Test { .. }) => panic!("{}: {error}", path.display()),
    }
}

fn opened(path: &Path) -> File {
    OpenOptions::new().read(true).write(true).open(path).expect("the image")
}

/// A thread with a descriptor table of its own, which owns POSIX locks.
struct Table {
    end: Option<Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Table {
    fn with(path: &Path, what: What) -> Table {
        let path = path.to_owned();
        let (end, ended): (Sender<()>, Receiver<()>) = channel();
        let (ready, is_ready) = channel();
        let thread = std::thread::spawn(move || {
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_FILES).expect("a table of its own");
            // The copies of other descriptors would keep their locks.
            close_others();
            let file = opened(&path);
            what.acquire(&file, Backend::Posix);
            ready.send(()).expect("it is awaited");
            let _ = ended.recv();
        });
        is_ready.recv().expect("the thread goes on");
        Table { end: Some(end), thread: Some(thread) }
    }
}

/// Closes the descriptors of this thread's own table.
fn close_others() {
    let entries = std::fs::read_dir("/proc/thread-self/fd").expect("/proc");
    let names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    for fd in names.iter().filter_map(|name| name.parse::<i32>().ok()).filter(|fd| *fd > 2) {
        // The one of the directory itself is closed already.
        let _ = nix::unistd::close(fd);
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it does not panic");
        }
    }
}

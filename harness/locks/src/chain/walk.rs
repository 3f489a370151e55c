use std::os::fd::AsFd;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::header::{self, Bytes, Unread};
use super::name::resolve;
use super::place::{Found, Place};
use super::{Chain, ChainFile, ChainRole, ChainStop, ImageFormat, format};
use crate::holders::expected_key;
use crate::lock_table::{AnyLine, LockClass, lines_of};
use crate::raw::take_own_table;
use imglock_core::LockType;

/// The most files of a chain. libvirt allows 200 layers.
const MOST_FILES: usize = 200;

/// How far a chain is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainRules {
    /// Whether to follow names that lead out of the directory of the top file. A header is a
    /// stranger's input, so this suits only images whose origin is known.
    pub follow: bool,
    /// How long to wait for file systems, in all.
    pub patience: Duration,
}

impl Default for ChainRules {
    /// Follows within the directory, for at most 5 seconds.
    fn default() -> ChainRules {
        ChainRules { follow: false, patience: Duration::from_secs(5) }
    }
}

impl Chain {
    /// Reads the headers of the image at `path` and of the files below it.
    ///
    /// It never fails: a file that cannot be read is the end of the chain, with the reason. It
    /// acquires no lock and opens nothing but regular files and block devices, for reading. A file
    /// system that does not answer delays it for [`ChainRules::patience`].
    pub fn read(path: &Path, rules: ChainRules) -> Chain {
        Chain::within(path, rules, Walk::run)
    }

    /// What a walk in a thread of its own has seen when its time is over.
    fn within(path: &Path, rules: ChainRules, run: impl FnOnce(Walk) + Send + 'static) -> Chain {
        let files = Arc::new(Mutex::new(vec![waited_for(ChainFile::top(path))]));
        let (done, ended) = mpsc::sync_channel(1);
        let walk = Walk {
            files: Arc::clone(&files),
            rules,
            ids: Vec::new(),
            own_table: false,
            delicate: Vec::new(),
            _done: done,
        };
        let started = std::thread::Builder::new().name("chain".to_owned()).spawn(|| run(walk));
        // The thread sends nothing: the channel is closed when it ends.
        let _: Result<(), RecvTimeoutError> = ended.recv_timeout(rules.patience);
        let mut files = files.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Err(error) = started {
            files[0].stop = Some(ChainStop::Unreachable(error.to_string()));
        }
        Chain { files }
    }
}

/// A file about which the file system has not answered yet.
fn waited_for(file: ChainFile) -> ChainFile {
    ChainFile { stop: Some(ChainStop::NoAnswer), ..file }
}

/// The work of a thread that may hang in a system call.
struct Walk {
    /// The result so far.
    files: Arc<Mutex<Vec<ChainFile>>>,
    rules: ChainRules,
    /// The files from the top down to the last backing file.
    ids: Vec<(u64, u64)>,
    /// Whether the thread has a descriptor table of its own, so that closing a file drops no POSIX
    /// lock of the process.
    own_table: bool,
    /// The locks that must not be disturbed, read once: a reading of /proc/locks can take longer than
    /// that of a header.
    delicate: Vec<AnyLine>,
    /// Its end tells that the walk is over.
    _done: SyncSender<()>,
}

impl Walk {
    fn run(mut self) {
        let Some(top) = self.with(|files| files[0].path.clone()) else { return };
        // From here on, this thread has no other descriptors than those that it opens.
        self.own_table = std::fs::File::open("/proc/self/status")
            .is_ok_and(|kept| take_own_table(kept.as_fd()).is_ok());
        self.delicate = delicate_locks();
        let place = Place::of(&top);
        let mut at = 0;
        let mut stated = None;
        loop {
            let found = match (at, &place) {
                (0, _) => Found::anywhere(&top),
                (_, Ok(place)) => self.find(at, place),
                (_, Err(error)) => Err(ChainStop::Unreachable(error.to_string())),
            };
            let header = match found.and_then(|found| self.look(at, &found, stated.take())) {
                Ok(header) => header,
                Err(stop) => return self.stop(at, stop),
            };
            if let Some(written) = &header.data_file {
                let data = self.add(ChainRole::DataFile, at, written);
                self.data_file(data, &place);
            }
            let Some(written) = &header.backing else {
                return self.stop(at, ChainStop::NoBackingFile);
            };
            if self.with(|files| files.len()) >= MOST_FILES {
                return self.stop(at, ChainStop::TooDeep);
            }
            self.with(|files| files[at].stop = None);
            let format = header.backing_format.as_deref().map(String::from_utf8_lossy);
            stated = format.map(|name| ImageFormat::stated(&name));
            at = self.add(ChainRole::Backing, at, written);
        }
    }

    fn with<T>(&self, what: impl FnOnce(&mut Vec<ChainFile>) -> T) -> T {
        what(&mut self.files.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn stop(&self, at: usize, stop: ChainStop) {
        self.with(|files| files[at].stop = Some(stop));
    }

    /// Adds a file that the header of another one names, and returns its index.
    fn add(&self, role: ChainRole, named_by: usize, written: &[u8]) -> usize {
        self.with(|files| {
            let above = files[named_by].path.clone().unwrap_or_default();
            let (name, path) = resolve(written, role, &above);
            let (named_by, name) = (Some(named_by), Some(name));
            files.push(waited_for(ChainFile {
                role,
                named_by,
                name,
                path,
                format: None,
                stop: None,
            }));
            files.len() - 1
        })
    }

    fn find(&self, at: usize, place: &Place) -> Result<Found, ChainStop> {
        let path = self.with(|files| files[at].path.clone()).ok_or(ChainStop::NotAFile)?;
        if self.rules.follow { Found::anywhere(&path) } else { place.find(&path) }
    }

    /// A data file has no header.
    fn data_file(&self, at: usize, place: &std::io::Result<Place>) {
        let found = match place {
            Ok(place) => self.find(at, place).map(drop),
            Err(error) => Err(ChainStop::Unreachable(error.to_string())),
        };
        self.with(|files| {
            files[at].format = found.is_ok().then_some(ImageFormat::Raw);
            files[at].stop = found.err();
        });
    }

    /// Determines the format of a file and reads its header. `stated` is the format that the header
    /// above states.
    fn look(
        &mut self,
        at: usize,
        found: &Found,
        stated: Option<ImageFormat>,
    ) -> Result<header::Header, ChainStop> {
        self.with(|files| files[at].format = stated.clone());
        match &stated {
            Some(format) if !is_read(format) => return Err(end(format)),
            _ if self.ids.contains(&found.id) => return Err(ChainStop::Loop),
            _ => self.ids.push(found.id),
        }
        if let Some(stop) = self.untouchable(found) {
            return Err(stop);
        }
        let mut bytes = found.read()?;
        let format = match stated {
            Some(stated) => stated,
            None => probe(&mut bytes)?,
        };
        self.with(|files| files[at].format = Some(format.clone()));
        if !is_read(&format) {
            return Err(end(&format));
        }
        let header = header::read(&mut bytes).map_err(unread)?;
        let version = Some(header.version);
        self.with(|files| files[at].format = Some(ImageFormat::Qcow2 { version }));
        Ok(header)
    }

    /// Why opening and closing the file would disturb the locks on it.
    fn untouchable(&self, found: &Found) -> Option<ChainStop> {
        if self.delicate.is_empty() {
            return None;
        }
        let key = expected_key(&found.link()).ok()?;
        let of_file = self.delicate.iter().filter(|line| line.file == key);
        of_file.into_iter().find_map(|line| match line.class {
            LockClass::Posix => (!self.own_table).then_some(ChainStop::OwnLocks),
            _ => Some(ChainStop::Leased),
        })
    }
}

fn is_read(format: &ImageFormat) -> bool {
    matches!(format, ImageFormat::Qcow2 { .. })
}

/// Why nothing follows from a file whose header is not read.
fn end(format: &ImageFormat) -> ChainStop {
    if format.can_have_backing() { ChainStop::OtherFormat } else { ChainStop::NoBackingFile }
}

fn probe(bytes: &mut dyn Bytes) -> Result<ImageFormat, ChainStop> {
    let mut start = [0; format::PROBED];
    let length = bytes.read_at(&mut start, 0).map_err(|error| unread(Unread::Io(error)))?;
    Ok(ImageFormat::probe(&start[..length]))
}

fn unread(reason: Unread) -> ChainStop {
    match reason {
        Unread::Malformed(error) => ChainStop::Malformed(error),
        Unread::Io(error) => ChainStop::Unreadable(error.to_string()),
    }
}

/// The locks that opening or closing a file of this process could disturb: leases for writing, which
/// open(2) for reading asks their holder to release, and POSIX locks of this process.
fn delicate_locks() -> Vec<AnyLine> {
    let us = Some(std::process::id().cast_signed());
    let mut lines = lines_of(|_| true).unwrap_or_default();
    lines.retain(|line| match line.class {
        LockClass::Lease | LockClass::Delegation => line.kind != Some(LockType::Read),
        LockClass::Posix => line.pid == us,
        _ => false,
    });
    lines
}

#[cfg(test)]
mod tests;

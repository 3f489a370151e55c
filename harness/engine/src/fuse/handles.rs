use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fuser::FileHandle;
use rustix::io::{Errno, Result};

/// Open files, each under a number that is used once.
#[derive(Debug)]
pub(super) struct Handles<T>(Mutex<Numbered<T>>);

#[derive(Debug)]
struct Numbered<T> {
    next: u64,
    open: HashMap<u64, Arc<T>>,
}

impl<T> Default for Handles<T> {
    fn default() -> Handles<T> {
        Handles(Mutex::new(Numbered { next: 1, open: HashMap::new() }))
    }
}

impl<T> Handles<T> {
    /// The number for a newly opened file.
    pub fn add(&self, opened: T) -> FileHandle {
        let mut numbered = self.numbered();
        let number = numbered.next;
        numbered.next += 1;
        numbered.open.insert(number, Arc::new(opened));
        FileHandle(number)
    }

    /// The open file with that number.
    pub fn get(&self, handle: FileHandle) -> Result<Arc<T>> {
        self.numbered().open.get(&handle.0).cloned().ok_or(Errno::BADF)
    }

    /// Removes a closed file.
    pub fn remove(&self, handle: FileHandle) {
        self.numbered().open.remove(&handle.0);
    }

    fn numbered(&self) -> MutexGuard<'_, Numbered<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

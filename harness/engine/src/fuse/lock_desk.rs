use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fuser::INodeNo;
use rustix::io::Errno;

use super::FuseLocks;
use super::lock_table::{Held, LockTable, Owner};
use super::signals::is_interrupted;
use imglock_core::{ByteRange, LockType};

/// The interval at which waiting threads are checked for signals, since no
/// event announces one.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Answers the kernel's lock requests.
#[derive(Debug)]
pub(super) struct LockDesk {
    /// How the locks are kept.
    locks: FuseLocks,
    desk: Arc<Desk>,
}

#[derive(Debug, Default)]
struct Desk {
    books: Mutex<Books>,
    /// Signals that a request has begun to wait.
    waited: Condvar,
}

#[derive(Debug, Default)]
struct Books {
    tables: HashMap<INodeNo, LockTable>,
    /// In the order of arrival.
    waiters: Vec<Waiter>,
}

/// The owner of a lock request, and the handle that it uses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker {
    pub file: INodeNo,
    pub handle: u64,
    pub owner: Owner,
    /// The process, as `F_GETLK` reports it.
    pub pid: u32,
    /// The thread that waits for the answer.
    pub thread: u32,
}

/// The function that answers a request.
pub(super) type Reply = Box<dyn FnOnce(Result<(), Errno>) + Send>;

struct Waiter {
    asker: Asker,
    kind: LockType,
    range: ByteRange,
    reply: Reply,
}

impl LockDesk {
    /// Opens the desk, with a thread that checks waiting requests.
    ///
    /// # Errors
    /// When this user's limit of threads is reached.
    pub fn open(locks: FuseLocks) -> std::io::Result<LockDesk> {
        let desk = Arc::new(Desk::default());
        let watched = Arc::clone(&desk);
        let thread = std::thread::Builder::new().name("imglock-waiters".to_owned());
        thread.spawn(move || watched.look_after_waiters())?;
        Ok(LockDesk { locks, desk })
    }

    /// `F_SETLK`, and `F_SETLKW` with `wait`. Answers at once, or once no lock
    /// conflicts, or when the asking thread has been sent a signal.
    pub fn lock(&self, asker: Asker, kind: LockType, range: ByteRange, wait: bool, reply: Reply) {
        let mut books = self.desk.books();
        let waiter = Waiter { asker, kind, range, reply };
        match books.grant(waiter) {
            None => books.retry(asker.file),
            Some(waiter) if wait => {
                books.waiters.push(waiter);
                self.desk.waited.notify_one();
            }
            Some(waiter) => (waiter.reply)(Err(Errno::AGAIN)),
        }
    }

    /// `F_SETLK` with `F_UNLCK`.
    pub fn unlock(&self, asker: Asker, range: ByteRange) {
        self.change(asker.file, |table| table.cut(asker.owner, range));
    }

    /// `F_GETLK`: the first conflicting lock.
    pub fn test(&self, asker: Asker, kind: LockType, range: ByteRange) -> Option<Held> {
        let books = self.desk.books();
        books.tables.get(&asker.file)?.obstacle(asker.owner, kind, range).copied()
    }

    /// Handles a flush: a descriptor table has closed the file.
    pub fn flush(&self, file: INodeNo, owner: Owner) {
        self.change(file, |table| table.forget(owner));
    }

    /// Handles a release: an open file description is gone.
    pub fn release(&self, file: INodeNo, handle: u64) {
        match self.locks {
            FuseLocks::Kernel | FuseLocks::ServedByNumber => {}
            FuseLocks::Served => self.change(file, |table| table.orphan(handle)),
            FuseLocks::ServedByHandle => self.change(file, |table| table.release(handle)),
        }
    }

    /// Drops all locks of a file that is deleted or that the kernel has
    /// forgotten.
    pub fn forget(&self, file: INodeNo) {
        self.desk.books().tables.remove(&file);
    }

    /// Whether the file has a lock.
    pub fn has_locks(&self, file: INodeNo) -> bool {
        self.desk.books().tables.contains_key(&file)
    }

    fn change(&self, file: INodeNo, change: impl FnOnce(&mut LockTable)) {
        let mut books = self.desk.books();
        let Some(table) = books.tables.get_mut(&file) else { return };
        change(table);
        books.retry(file);
    }
}

impl Desk {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers the requests of threads that have been sent a signal. Without
    /// the answer the thread stays in the kernel, and not even SIGKILL ends it.
    fn look_after_waiters(&self) {
        let mut books = self.books();
        loop {
            books = if books.waiters.is_empty() {
                self.waited.wait(books).unwrap_or_else(PoisonError::into_inner)
            } else {
                let waited = self.waited.wait_timeout(books, LOOK_EVERY);
                waited.unwrap_or_else(PoisonError::into_inner).0
            };
            let is_sent = |waiter: &mut Waiter| is_interrupted(waiter.asker.thread);
            let sent: Vec<Waiter> = books.waiters.extract_if(.., is_sent).collect();
            sent.into_iter().for_each(|waiter| (waiter.reply)(Err(Errno::INTR)));
        }
    }
}

impl Books {
    /// Grants a lock, or returns the request when another lock conflicts.
    fn grant(&mut self, waiter: Waiter) -> Option<Waiter> {
        let Waiter { asker, kind, range, .. } = waiter;
        let table = self.tables.entry(asker.file).or_default();
        if table.obstacle(asker.owner, kind, range).is_some() {
            return Some(waiter);
        }
        let Asker { handle, owner, pid, .. } = asker;
        table.put(Held { owner, pid, handle, kind, range });
        (waiter.reply)(Ok(()));
        None
    }

    /// Tries the waiting requests for this file again, in the order of arrival.
    fn retry(&mut self, file: INodeNo) {
        let waiting = |waiter: &mut Waiter| waiter.asker.file == file;
        let waiters: Vec<Waiter> = self.waiters.extract_if(.., waiting).collect();
        for waiter in waiters {
            let left = self.grant(waiter);
            self.waiters.extend(left);
        }
        if self.tables.get(&file).is_some_and(LockTable::is_empty) {
            self.tables.remove(&file);
        }
    }
}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Waiter { asker, kind, range, .. } = self;
        write!(f, "{asker:?} waits for {kind} {range}")
    }
}

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::span;
use super::table::{ByteTable, Owner};
use imglock_core::{
    Access, Backend, Blocker, ByteLocks, ByteRange, LockError, LockType, RangeSpec,
};

/// One open of a file that exists only in memory. It replaces `imglock_locks::KernelLocks`, so that
/// lock protocols can be tested without a process.
///
/// The file is empty and its offset is 0. Each value has its own open file description.
///
/// ```
/// use imglock_core::{Backend, ByteLocks, LockType, RangeSpec};
/// use imglock_scenario::TableLocks;
///
/// let mut first = TableLocks::new(Backend::Ofd);
/// let mut second = first.in_another_process();
/// assert!(first.set(LockType::Write, RangeSpec::byte(0)).is_ok());
/// assert!(second.set(LockType::Read, RangeSpec::byte(0)).is_err());
/// ```
#[derive(Debug)]
pub struct TableLocks {
    file: Rc<RefCell<File>>,
    backend: Backend,
    access: Access,
    process: usize,
    description: usize,
}

#[derive(Debug, Default)]
struct File {
    table: ByteTable,
    processes: usize,
    descriptions: usize,
}

impl TableLocks {
    /// Opens a new file for reading and writing, in a first process.
    pub fn new(backend: Backend) -> TableLocks {
        TableLocks::opened(&Rc::default(), backend, 0)
    }

    /// Opens the same file in another process.
    pub fn in_another_process(&self) -> TableLocks {
        self.file.borrow_mut().processes += 1;
        let process = self.file.borrow().processes;
        TableLocks::opened(&self.file, self.backend, process)
    }

    /// Opens the same file again in the same process.
    pub fn in_the_same_process(&self) -> TableLocks {
        TableLocks::opened(&self.file, self.backend, self.process)
    }

    /// The same descriptor with another access mode.
    pub fn with_access(self, access: Access) -> TableLocks {
        TableLocks { access, ..self }
    }

    /// close(2): drops the OFD locks of the open file description, and all POSIX locks of the process
    /// on the file, through whichever descriptor they were acquired.
    pub fn close(self) {
        let table = &mut self.file.borrow_mut().table;
        table.forget(Owner::Description(self.description));
        table.forget(Owner::Process(self.process));
    }

    /// The locks of this owner, sorted by their first byte.
    pub fn held(&self) -> Vec<(LockType, ByteRange)> {
        let file = self.file.borrow();
        file.table.of(self.owner()).iter().map(|held| (held.kind, held.range)).collect()
    }

    fn opened(file: &Rc<RefCell<File>>, backend: Backend, process: usize) -> TableLocks {
        let description = file.borrow().descriptions;
        file.borrow_mut().descriptions += 1;
        TableLocks { file: file.clone(), backend, access: Access::ReadWrite, process, description }
    }

    fn owner(&self) -> Owner {
        match self.backend {
            Backend::Ofd => Owner::Description(self.description),
            Backend::Posix => Owner::Process(self.process),
        }
    }

    fn lockable(&self, kind: LockType, range: RangeSpec) -> Result<ByteRange, LockError> {
        let range = span::resolve(range, 0, 0)?;
        match (kind, self.access) {
            (LockType::Read, Access::WriteOnly) | (LockType::Write, Access::ReadOnly) => {
                Err(LockError::BadDescriptor)
            }
            _ => Ok(range),
        }
    }
}

impl ByteLocks for TableLocks {
    fn set(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError> {
        let bytes = self.lockable(kind, range)?;
        if let Some(blocker) = self.test(kind, range)? {
            return Err(LockError::WouldBlock { blocker: Some(blocker) });
        }
        let owner = self.owner();
        self.file.borrow_mut().table.put(owner, kind, bytes, &Arc::from(""));
        Ok(())
    }

    /// No other code runs during a wait, so only a signal could end it. If another owner holds a
    /// conflicting lock, this returns [`LockError::Interrupted`] at once.
    fn set_wait(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError> {
        self.set(kind, range).map_err(|error| match error {
            LockError::WouldBlock { .. } => LockError::Interrupted,
            other => other,
        })
    }

    fn unlock(&mut self, range: RangeSpec) -> Result<(), LockError> {
        let range = span::resolve(range, 0, 0)?;
        let owner = self.owner();
        self.file.borrow_mut().table.cut(owner, range);
        Ok(())
    }

    /// Processes have the pids 1, 2, ... in the order of their creation.
    fn test(&mut self, kind: LockType, range: RangeSpec) -> Result<Option<Blocker>, LockError> {
        let range = span::resolve(range, 0, 0)?;
        let file = self.file.borrow();
        let found = file.table.obstacle(self.owner(), kind, range);
        Ok(found.map(|(owner, extent)| Blocker {
            kind: extent.kind,
            range: extent.range,
            pid: match owner {
                Owner::Description(_) => None,
                Owner::Process(process) => i32::try_from(process + 1).ok(),
            },
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use imglock_core::LockType::{Read, Write};

    #[test]
    fn two_opens_of_one_process_conflict_under_ofd_only() {
        for (backend, conflict) in [(Backend::Ofd, true), (Backend::Posix, false)] {
            let mut first = TableLocks::new(backend);
            let mut second = first.in_the_same_process();
            first.set(Write, RangeSpec::byte(0)).expect("no conflict");
            assert_eq!(second.set(Write, RangeSpec::byte(0)).is_err(), conflict, "{backend}");
        }
    }

    #[test]
    fn closing_any_descriptor_drops_posix_locks() {
        for (backend, left) in [(Backend::Ofd, 1), (Backend::Posix, 0)] {
            let mut first = TableLocks::new(backend);
            first.set(Read, RangeSpec::byte(0)).expect("no conflict");
            first.in_the_same_process().close();
            assert_eq!(first.held().len(), left, "{backend}");
        }
    }

    #[test]
    fn the_blocker_is_named() {
        let mut first = TableLocks::new(Backend::Posix);
        first.set(Write, RangeSpec::at(5, 0)).expect("no conflict");
        let mut second = first.in_another_process();
        let range = ByteRange::new(5, ByteRange::EOF);
        let blocker = Some(Blocker { kind: Write, range, pid: Some(1) });
        assert_eq!(second.test(Read, RangeSpec::at(0, 10)), Ok(blocker));
        let would_block = LockError::WouldBlock { blocker };
        assert_eq!(second.set(Read, RangeSpec::at(0, 10)), Err(would_block));
        assert_eq!(second.set_wait(Read, RangeSpec::at(0, 10)), Err(LockError::Interrupted));
    }

    #[test]
    fn the_descriptor_must_be_open_for_the_lock_type() {
        let mut reader = TableLocks::new(Backend::Ofd).with_access(Access::ReadOnly);
        assert_eq!(reader.set(Write, RangeSpec::byte(0)), Err(LockError::BadDescriptor));
        assert_eq!(reader.test(Write, RangeSpec::byte(0)), Ok(None));
        assert_eq!(reader.set(Read, RangeSpec::at(0, -1)), Err(LockError::Invalid));
    }
}

use std::os::fd::RawFd;

/// The purpose of lock calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A single lock, such as a scenario's `lock`.
    Lock,
    /// The first claim on an image.
    Open,
    /// Another claim in place of the first.
    Change,
    /// The same claim on a new descriptor.
    Reopen,
}

/// The process that makes the lock calls.
pub trait Surroundings {
    /// Waits until no other process needs this one any more.
    fn wait_forever(&self);

    /// Whether another process waits for a lock on the file of this descriptor.
    fn is_waited_for(&self, fd: RawFd) -> bool;
}

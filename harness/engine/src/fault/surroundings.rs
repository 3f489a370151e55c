use std::os::fd::RawFd;

/// What lock calls are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A single lock, such as a scenario tells a process to take.
    Lock,
    /// A first claim to an image.
    Open,
    /// Another claim in its place.
    Change,
    /// The same claim on a new descriptor.
    Reopen,
}

/// The process that lock calls are made in.
pub trait Surroundings {
    /// Waits for as long as anybody wants something of this process.
    fn wait_forever(&self);

    /// Whether somebody waits for a lock on the file of this descriptor.
    fn is_waited_for(&self, fd: RawFd) -> bool;
}

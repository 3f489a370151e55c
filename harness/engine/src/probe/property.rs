use serde::{Deserialize, Serialize};

use imglock_core::Backend;

/// Groups of properties, for reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeTheme {
    /// Which locks are granted and which are refused.
    Exclusion,
    /// When a lock is released.
    Lifetime,
    /// Under which names of a file its locks conflict.
    Names,
    /// QEMU's use of locks.
    Protocol,
}

impl ProbeTheme {
    /// All themes, in the order in which they are tried.
    pub const ALL: [ProbeTheme; 4] =
        [ProbeTheme::Exclusion, ProbeTheme::Lifetime, ProbeTheme::Names, ProbeTheme::Protocol];

    /// The heading of the group.
    pub fn heading(self) -> &'static str {
        match self {
            ProbeTheme::Exclusion => "A lock is",
            ProbeTheme::Lifetime => "It is",
            ProbeTheme::Names => "It conflicts",
            ProbeTheme::Protocol => "QEMU's lock bytes",
        }
    }
}

/// A property that must hold, or must not hold, for reliable locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    /// A lock without a conflict is granted.
    Granted,
    /// Two readers can lock the same bytes.
    ReadersShare,
    /// A lock does not conflict with locks on neighbouring bytes.
    NeighboursFree,
    /// A write lock conflicts with a write lock.
    WriterKeepsWriterOut,
    /// A write lock conflicts with a read lock.
    WriterKeepsReaderOut,
    /// A read lock conflicts with a write lock.
    ReaderKeepsWriterOut,
    /// /proc/locks shows the lock with the right bytes and the right owner.
    Shown,
    /// The lock is released when its descriptor is closed.
    EndsOnClose,
    /// The lock is released when its process exits.
    EndsOnExit,
    /// The lock is released when its process is killed.
    EndsOnKill,
    /// The lock remains when another descriptor of the file is closed. This
    /// must hold for OFD, and must not for POSIX, where any close drops all
    /// locks (fcntl(2)).
    SurvivesOtherClose,
    /// The lock remains while a forked child has the descriptor. This must hold
    /// for OFD and must not for POSIX.
    KeptByChild,
    /// A lock conflicts with one taken through a hard link.
    MetByHardLink,
    /// A lock conflicts with one taken through a symbolic link.
    MetBySymlink,
    /// The file remains locked when its name is removed.
    SurvivesUnlink,
    /// Of two QEMUs that want to write, the second is refused.
    SecondWriterRefused,
}

impl Property {
    /// All properties, in the order in which they are tried.
    pub const ALL: [Property; 16] = [
        Property::Granted,
        Property::ReadersShare,
        Property::NeighboursFree,
        Property::WriterKeepsWriterOut,
        Property::WriterKeepsReaderOut,
        Property::ReaderKeepsWriterOut,
        Property::Shown,
        Property::EndsOnClose,
        Property::EndsOnExit,
        Property::EndsOnKill,
        Property::SurvivesOtherClose,
        Property::KeptByChild,
        Property::MetByHardLink,
        Property::MetBySymlink,
        Property::SurvivesUnlink,
        Property::SecondWriterRefused,
    ];

    /// The group of the property.
    pub fn theme(self) -> ProbeTheme {
        match self {
            Property::Granted
            | Property::ReadersShare
            | Property::NeighboursFree
            | Property::WriterKeepsWriterOut
            | Property::WriterKeepsReaderOut
            | Property::ReaderKeepsWriterOut
            | Property::Shown => ProbeTheme::Exclusion,
            Property::EndsOnClose
            | Property::EndsOnExit
            | Property::EndsOnKill
            | Property::SurvivesOtherClose
            | Property::KeptByChild => ProbeTheme::Lifetime,
            Property::MetByHardLink | Property::MetBySymlink | Property::SurvivesUnlink => {
                ProbeTheme::Names
            }
            Property::SecondWriterRefused => ProbeTheme::Protocol,
        }
    }

    /// The words after the group's heading; the report answers them with yes or
    /// no.
    pub fn words(self) -> &'static str {
        match self {
            Property::Granted => "granted without a conflict",
            Property::ReadersShare => "shared by two readers",
            Property::NeighboursFree => "limited to its own bytes",
            Property::WriterKeepsWriterOut => "refused: write against write",
            Property::WriterKeepsReaderOut => "refused: read against write",
            Property::ReaderKeepsWriterOut => "refused: write against read",
            Property::Shown => "shown correctly in /proc/locks",
            Property::EndsOnClose => "gone when the file is closed",
            Property::EndsOnExit => "gone when its process has exited",
            Property::EndsOnKill => "gone when its process was killed",
            Property::SurvivesOtherClose => "kept when a second descriptor closes",
            Property::KeptByChild => "kept by a forked child",
            Property::MetByHardLink => "through a hard link",
            Property::MetBySymlink => "through a symbolic link",
            Property::SurvivesUnlink => "after the file's name is removed",
            Property::SecondWriterRefused => "refuse a second writer",
        }
    }

    /// Whether the property must hold. POSIX locks differ by rule, not by
    /// mistake.
    pub fn must_be(self, backend: Backend) -> bool {
        match self {
            Property::SurvivesOtherClose | Property::KeptByChild => backend == Backend::Ofd,
            _ => true,
        }
    }
}

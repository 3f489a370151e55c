use serde::{Deserialize, Serialize};

use imglock_core::Backend;

/// What properties are about, for reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeTheme {
    /// Who gets a lock and who does not.
    Exclusion,
    /// When a lock goes.
    Lifetime,
    /// By which names a file's locks are met.
    Names,
    /// The two together, as QEMU puts them to use.
    Protocol,
}

impl ProbeTheme {
    /// All of them, in the order in which they are tried.
    pub const ALL: [ProbeTheme; 4] =
        [ProbeTheme::Exclusion, ProbeTheme::Lifetime, ProbeTheme::Names, ProbeTheme::Protocol];

    /// A heading.
    pub fn heading(self) -> &'static str {
        match self {
            ProbeTheme::Exclusion => "A lock is",
            ProbeTheme::Lifetime => "It is",
            ProbeTheme::Names => "It is met",
            ProbeTheme::Protocol => "QEMU's lock bytes",
        }
    }
}

/// Something that must be so, or must not, wherever locks are to be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    /// Whoever is alone gets the lock.
    Granted,
    /// Two readers have the same bytes.
    ReadersShare,
    /// A lock keeps nobody from the bytes beside it.
    NeighboursFree,
    /// A write lock keeps writers out.
    WriterKeepsWriterOut,
    /// A write lock keeps readers out.
    WriterKeepsReaderOut,
    /// A read lock keeps writers out.
    ReaderKeepsWriterOut,
    /// /proc/locks shows it, with the right bytes and the right owner.
    Shown,
    /// Gone once its descriptor is closed.
    EndsOnClose,
    /// Gone once its process has exited.
    EndsOnExit,
    /// Gone once its process was killed.
    EndsOnKill,
    /// Still there when another descriptor of the file is closed: so for OFD,
    /// not so for POSIX, where any close drops all.
    SurvivesOtherClose,
    /// Still there while a forked child has the descriptor: so for OFD, not so
    /// for POSIX.
    KeptByChild,
    /// A hard link leads to the same locks.
    MetByHardLink,
    /// A symbolic link leads to the same locks.
    MetBySymlink,
    /// The file goes on being locked when its name is removed.
    SurvivesUnlink,
    /// Of two QEMUs that want to write, the second is refused.
    SecondWriterRefused,
}

impl Property {
    /// All of them, in the order in which they are tried.
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

    /// What it is about.
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

    /// The words that follow its theme's heading; yes or no is said of them.
    pub fn words(self) -> &'static str {
        match self {
            Property::Granted => "granted to who asks first",
            Property::ReadersShare => "shared by two readers",
            Property::NeighboursFree => "no bar to the bytes beside it",
            Property::WriterKeepsWriterOut => "refused: write against write",
            Property::WriterKeepsReaderOut => "refused: read against write",
            Property::ReaderKeepsWriterOut => "refused: write against read",
            Property::Shown => "shown in /proc/locks as it is",
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

    /// Whether it must be so. POSIX locks differ by rule, not by mistake.
    pub fn must_be(self, backend: Backend) -> bool {
        match self {
            Property::SurvivesOtherClose | Property::KeptByChild => backend == Backend::Ofd,
            _ => true,
        }
    }
}

use serde::{Deserialize, Serialize};

use crate::lock::Backend;
use crate::scenario::{Scenario, ScenarioError};

/// What properties are about, for reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// Who gets a lock and who does not.
    Exclusion,
    /// When a lock goes.
    Lifetime,
    /// By which names a file's locks are met.
    Names,
    /// The two together, as QEMU puts them to use.
    Protocol,
}

impl Theme {
    /// All of them, in the order in which they are tried.
    pub const ALL: [Theme; 4] = [Theme::Exclusion, Theme::Lifetime, Theme::Names, Theme::Protocol];

    /// A heading.
    pub fn heading(self) -> &'static str {
        match self {
            Theme::Exclusion => "A lock is",
            Theme::Lifetime => "It is",
            Theme::Names => "It is met",
            Theme::Protocol => "QEMU's lock bytes",
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
    pub fn theme(self) -> Theme {
        match self {
            Property::Granted
            | Property::ReadersShare
            | Property::NeighboursFree
            | Property::WriterKeepsWriterOut
            | Property::WriterKeepsReaderOut
            | Property::ReaderKeepsWriterOut
            | Property::Shown => Theme::Exclusion,
            Property::EndsOnClose
            | Property::EndsOnExit
            | Property::EndsOnKill
            | Property::SurvivesOtherClose
            | Property::KeptByChild => Theme::Lifetime,
            Property::MetByHardLink | Property::MetBySymlink | Property::SurvivesUnlink => {
                Theme::Names
            }
            Property::SecondWriterRefused => Theme::Protocol,
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

    /// The story that tries it. What its last line expects decides; what
    /// those before it expect is needed for that to mean anything.
    ///
    /// # Errors
    /// None, unless the text in this file is broken.
    pub fn scenario(self) -> Result<Scenario, ScenarioError> {
        let (theme, words) = (self.theme().heading(), self.words());
        let text = format!("summary \"{theme} {words}\"\nabout \"-\"\n{}", self.steps());
        Scenario::parse(words, file!(), &text)
    }

    fn steps(self) -> &'static str {
        match self {
            Property::Granted => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10 { expect granted; }
                "#
            }
            Property::ReadersShare => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=read start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=read start=10 len=10 { expect granted; }
                "#
            }
            Property::NeighboursFree => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=write start=0 len=10
                vm2 lock f type=write start=20 len=0 { expect granted; }
                "#
            }
            Property::WriterKeepsWriterOut => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=write start=19 len=1 { expect EAGAIN; }
                "#
            }
            Property::WriterKeepsReaderOut => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=read start=0 len=11 { expect EAGAIN; }
                "#
            }
            Property::ReaderKeepsWriterOut => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=read start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                "#
            }
            Property::Shown => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm1 lock f type=read start=100 len=0
                held { vm1 f { write "10-19"; read "100-eof"; }; }
                "#
            }
            Property::EndsOnClose => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                vm1 close f
                vm2 lock f type=write start=10 len=10 { expect granted; }
                "#
            }
            Property::EndsOnExit => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                vm1 exit
                vm2 lock f type=write start=10 len=10 { expect granted; }
                "#
            }
            Property::EndsOnKill => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                vm1 kill
                vm2 lock f type=write start=10 len=10 { expect granted; }
                "#
            }
            Property::SurvivesOtherClose => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 open second mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                vm1 close second
                vm2 lock f type=write start=10 len=10 { expect ofd=EAGAIN posix=granted; }
                "#
            }
            Property::KeptByChild => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                vm1 fork child
                vm1 exit
                vm2 lock f type=write start=10 len=10 { expect ofd=EAGAIN posix=granted; }
                "#
            }
            Property::MetByHardLink => {
                r#"
                host hardlink other.img to=disk.img
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f image=other.img mode=none access=read-write
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                "#
            }
            Property::MetBySymlink => {
                r#"
                host symlink other.img to=disk.img
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f image=other.img mode=none access=read-write
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                "#
            }
            Property::SurvivesUnlink => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                host unlink disk.img
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                "#
            }
            Property::SecondWriterRefused => {
                r#"
                vm1 open disk mode=rw
                vm2 open disk mode=rw { expect "refused write"; }
                "#
            }
        }
    }
}

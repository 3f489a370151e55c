use std::path::{Path, PathBuf};

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::{ChainName, ChainRole, HeaderError, ImageFormat};

/// An image and the files that its header names, directly or through other headers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Chain {
    /// The files in the order in which QEMU opens them: the top, its data file, its backing file,
    /// the data file of that, and so on. There is at least the top.
    pub files: Vec<ChainFile>,
}

impl Chain {
    /// The chain of an image that is looked at alone.
    pub fn alone(path: &Path) -> Chain {
        Chain { files: vec![ChainFile::top(path)] }
    }

    /// The files that exist, to be surveyed, as indexes into [`Chain::files`] and paths. The top is
    /// always among them.
    pub fn found(&self) -> impl Iterator<Item = (usize, &Path)> {
        self.files.iter().enumerate().filter_map(|(index, file)| {
            let path = file.path.as_deref().filter(|_| index == 0 || file.is_found())?;
            Some((index, path))
        })
    }

    /// Whether every file was seen, down to one without a backing file.
    pub fn is_complete(&self) -> bool {
        self.files.iter().all(|file| file.stop.as_ref().is_none_or(ChainStop::is_regular))
    }

    /// The number of backing files from the top down to this file, or to the one that it belongs to.
    pub fn depth(&self, index: usize) -> usize {
        let backing = |file: &&ChainFile| file.role == ChainRole::Backing;
        self.files.iter().take(index + 1).filter(backing).count()
    }
}

/// One file of a chain, or a name that leads to none.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ChainFile {
    /// What the file is used for.
    pub role: ChainRole,
    /// The file whose header names this one, as an index into [`Chain::files`]; `None` for the top.
    pub named_by: Option<usize>,
    /// The name as it is written in that header; `None` for the top.
    pub name: Option<ChainName>,
    /// The path to which QEMU resolves the name; `None` if the name is not a path.
    pub path: Option<PathBuf>,
    /// The format in which QEMU opens the file: as the header states it, or as the content looks.
    /// `None` if it was not determined.
    pub format: Option<ImageFormat>,
    /// Why no further file follows from this one. `None` if its backing file is the next one in
    /// the chain, and for a data file.
    pub stop: Option<ChainStop>,
}

impl ChainFile {
    pub(super) fn top(path: &Path) -> ChainFile {
        ChainFile {
            role: ChainRole::Top,
            named_by: None,
            name: None,
            path: Some(path.to_owned()),
            format: None,
            stop: None,
        }
    }

    /// Whether there is such an image file, so that locks can lie on it.
    pub fn is_found(&self) -> bool {
        self.stop.as_ref().is_none_or(ChainStop::is_at_a_file)
    }
}

/// Why a chain is not followed further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[strum(serialize_all = "kebab-case")]
#[non_exhaustive]
pub enum ChainStop {
    /// The regular end: a raw file, or a header without a backing file.
    #[error("it has no backing file")]
    NoBackingFile,
    /// The headers of this format are not read, so it may have a backing file.
    #[error("the headers of this format are not read")]
    OtherFormat,
    /// QEMU refuses this header.
    #[error("{0}")]
    Malformed(HeaderError),
    /// There is no file at the path.
    #[error("no such file")]
    Missing,
    /// The name has a protocol such as `nbd:` or is `json:{...}`.
    #[error("the name is not that of a file")]
    NotAFile,
    /// The path leads out of the directory of the top file.
    #[error("it is outside the directory of the image")]
    Outside,
    /// The file is neither a regular file nor a block device.
    #[error("it is {0}, not an image")]
    NotAnImage(String),
    /// The path cannot be searched.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// The file exists, and its header cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// The file stands above itself. QEMU does not notice this and opens it again and again.
    #[error("the chain comes back to a file above, and QEMU would open it for ever")]
    Loop,
    /// The chain has more files than are followed.
    #[error("the chain has too many files")]
    TooDeep,
    /// A process has a lease that reading the header would break (`F_SETLEASE`, fcntl(2)).
    #[error("a process has a write lease on it, which reading its header would break")]
    Leased,
    /// This process has POSIX locks on it, which closing it would drop, and the thread that reads
    /// headers was refused a descriptor table of its own.
    #[error("this process has POSIX locks on it, which closing it would drop")]
    OwnLocks,
    /// The file system did not answer in time.
    #[error("its file system did not answer")]
    NoAnswer,
}

impl ChainStop {
    /// Whether it concerns what follows the file, and not the file itself.
    fn is_at_a_file(&self) -> bool {
        matches!(
            self,
            ChainStop::NoBackingFile
                | ChainStop::OtherFormat
                | ChainStop::Malformed(_)
                | ChainStop::Unreadable(_)
                | ChainStop::Leased
                | ChainStop::OwnLocks
        )
    }

    /// Whether the chain was seen to its end.
    pub fn is_regular(&self) -> bool {
        matches!(self, ChainStop::NoBackingFile)
    }
}

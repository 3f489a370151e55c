use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};

/// The openers of the same data that a lock can exclude.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[strum(serialize_all = "kebab-case")]
pub enum Extent {
    /// Every process on every host that has the file system mounted.
    EveryHost,
    /// Every process of this host. The file system is local, so no other host has it.
    Host,
    /// The processes of this host only, although other hosts can open the file.
    OnlyThisHost,
    /// The processes that open the file through this mount's file system only, although the data
    /// can be reached in another way.
    OnlyThisMount,
    /// The processes that open this device node only, although other nodes, other mounts and other
    /// hosts can reach the data.
    OnlyThisNode,
    /// This is not known.
    Unknown,
}

impl Extent {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// How far locks on a file reach, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Reach {
    /// The openers that a lock can exclude.
    pub extent: Extent,
    /// The type of the file system, as in proc_pid_mountinfo(5), such as `nfs4`.
    pub file_system: String,
    /// What the file system is mounted from, such as `server:/export`, if it is a network file
    /// system.
    pub source: Option<String>,
    /// The mount option, or another property, that decides. `None` if the type alone does.
    pub because: Option<String>,
}

impl Reach {
    /// The reach, once it is known whether this kernel's table shows a lock on the file. If it shows one
    /// of a FUSE file system, the kernel keeps the locks and its server does not know of them.
    pub fn with_visible_locks(self, visible: bool) -> Reach {
        let fuse = self.file_system == "virtiofs"
            || self.file_system == "fuseblk"
            || self.file_system.split('.').next() == Some("fuse");
        match fuse && visible {
            true => Reach {
                extent: Extent::OnlyThisHost,
                because: Some(format!("{}: the server keeps no locks", self.file_system)),
                ..self
            },
            false => self,
        }
    }

    /// Returns whether other openers of the same data are excluded, as far as is known: on a local
    /// file system those of this host, on a shared one those of every host.
    pub fn is_whole(&self) -> bool {
        matches!(self.extent, Extent::EveryHost | Extent::Host)
    }

    /// The openers that locks exclude, and those that they do not, as a phrase.
    pub fn meaning(&self) -> String {
        let kind = &self.file_system;
        let because = self.because.as_deref().unwrap_or(kind);
        match self.extent {
            Extent::EveryHost => match self.source.as_deref() {
                Some(source) => format!("every host that mounts {source} ({kind})"),
                None => format!("every host that mounts this file system ({kind})"),
            },
            Extent::Host => format!("every process of this host ({kind})"),
            Extent::OnlyThisHost => {
                format!("only this host ({because}). Locks do not exclude openers on other hosts")
            }
            Extent::OnlyThisMount => format!(
                "only openers through this mount ({because}). Locks do not exclude a process that opens \
                 the data in another way"
            ),
            Extent::OnlyThisNode => format!(
                "only openers of this node ({because}). Locks do not exclude openers of another node of \
                 the device, mounts of it, and other hosts"
            ),
            Extent::Unknown => {
                format!("unknown ({because}). Locks may not exclude openers on other hosts")
            }
        }
    }
}

impl fmt::Display for Reach {
    /// Prints `only-this-host (nfs, nolock)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.extent, self.file_system)?;
        match &self.because {
            Some(because) if *because != self.file_system => write!(f, ", {because})"),
            _ => f.write_str(")"),
        }
    }
}

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// A part of the machine that could not be asked for users of an image's bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "what", rename_all = "kebab-case"))]
pub enum UserGap {
    /// Loop devices whose file is known by its path only, since their nodes could not be opened for
    /// reading or gave no answer in time. `LOOP_GET_STATUS64` needs a readable node.
    LoopDevices {
        /// Their names, such as `loop0`.
        names: Vec<String>,
    },
    /// Processes whose mounts, mappings and open devices could not be read.
    Processes {
        /// Their number. Kernel threads and processes that have exited do not count.
        count: usize,
    },
    /// Mount namespaces whose mounts could not be read although their processes are visible.
    MountNamespaces {
        /// Their number.
        count: usize,
    },
    /// Mounted overlays of which a layer's directory was not found: its path is relative to a
    /// directory that the kernel does not report, or not visible.
    Overlays {
        /// Their number.
        count: usize,
    },
    /// A file or directory of the kernel that is missing or could not be read.
    Unreadable {
        /// Its path.
        path: String,
    },
    /// The kernel's targets are loaded, and configfs, which lists their devices, is not mounted.
    KernelTargets,
}

impl UserGap {
    /// A sentence for users.
    pub fn meaning(&self) -> String {
        match self {
            UserGap::LoopDevices { names } => format!(
                "The file behind {} is known by its path only, because the device could not be \
                 opened for reading.",
                names.join(", ")
            ),
            UserGap::Processes { count: 1 } => {
                "The mounts, mappings and open devices of 1 process could not be read.".to_owned()
            }
            UserGap::Processes { count } => format!(
                "The mounts, mappings and open devices of {count} processes could not be read."
            ),
            UserGap::MountNamespaces { count } => {
                format!("The mounts of {count} other mount namespaces could not be read.")
            }
            UserGap::Overlays { count } => format!(
                "{count} overlayfs with a layer whose directory was not found: a process can use the \
                 image through it."
            ),
            UserGap::Unreadable { path } => format!("{path} could not be read."),
            UserGap::KernelTargets => {
                "A kernel target is loaded, and configfs is not mounted at /sys/kernel/config, so \
                 its devices are unknown."
                    .to_owned()
            }
        }
    }
}

/// The gaps of one reading.
#[derive(Debug, Clone, Default)]
pub(super) struct Gaps(Vec<UserGap>);

impl Gaps {
    /// Adds a gap.
    pub(super) fn add(&mut self, gap: UserGap) {
        self.0.push(gap);
    }

    /// Adds a file or directory of the kernel that could not be read.
    pub(super) fn unreadable(&mut self, path: &str) {
        self.add(UserGap::Unreadable { path: path.to_owned() });
    }

    /// All of them, in a stable order.
    pub(super) fn list(&self) -> Vec<UserGap> {
        let mut list = self.0.clone();
        list.sort_unstable();
        list.dedup();
        list
    }
}

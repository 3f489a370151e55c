use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use strum::Display;

use imglock_core::Backend;

/// How the file node below an image that is in use was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum FileNode {
    /// A node of its own, `read-only=off,auto-read-only=off`: one descriptor,
    /// read-write for life.
    ReadWrite,
    /// A node of its own, `auto-read-only=on`, as libvirt starts it: read-only
    /// until somebody wants to write, then again on a new descriptor
    /// (block/file-posix.c, `raw_reconfigure_getfd`).
    AutoReadOnly,
    /// Written into the format node (`file.filename=...`), as people type it:
    /// it inherits the format node's options, and is reopened with it.
    Inline,
}

impl FileNode {
    /// The options of a `file` node of this name.
    pub(super) fn options(self, node: &str, image: &str) -> Value {
        let mut options = json!({
            "driver": "file",
            "node-name": node,
            "filename": image,
            "locking": "on",
        });
        if self != FileNode::Inline {
            options["read-only"] = false.into();
            options["auto-read-only"] = (self == FileNode::AutoReadOnly).into();
        }
        options
    }
}

/// Under which conditions a drill is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DrillVariant {
    /// OFD locks, or the fallback to POSIX locks that QEMU takes when it is
    /// refused OFD.
    pub backend: Backend,
    /// How the image is opened.
    pub node: FileNode,
}

impl DrillVariant {
    /// All of them.
    pub const ALL: [DrillVariant; 6] = [
        DrillVariant::new(Backend::Ofd, FileNode::ReadWrite),
        DrillVariant::new(Backend::Ofd, FileNode::AutoReadOnly),
        DrillVariant::new(Backend::Ofd, FileNode::Inline),
        DrillVariant::new(Backend::Posix, FileNode::ReadWrite),
        DrillVariant::new(Backend::Posix, FileNode::AutoReadOnly),
        DrillVariant::new(Backend::Posix, FileNode::Inline),
    ];

    /// These conditions.
    pub const fn new(backend: Backend, node: FileNode) -> DrillVariant {
        DrillVariant { backend, node }
    }

    /// The same image with OFD locks.
    #[must_use]
    pub fn with_ofd(self) -> DrillVariant {
        DrillVariant { backend: Backend::Ofd, ..self }
    }
}

impl fmt::Display for DrillVariant {
    /// Such as `posix, auto-read-only`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.backend, self.node)
    }
}

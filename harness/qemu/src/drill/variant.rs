use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use strum::Display;

use imglock_core::Backend;

/// How the file node below an image was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum FileNode {
    /// A separate node, `read-only=off,auto-read-only=off`: one descriptor,
    /// always read-write.
    ReadWrite,
    /// A separate node, `auto-read-only=on`, as libvirt starts it: read-only
    /// until the first writer, then read-write on a new descriptor
    /// (block/file-posix.c, `raw_reconfigure_getfd`).
    AutoReadOnly,
    /// Inline in the format node (`file.filename=...`), as on most command
    /// lines: it inherits the format node's options, and is reopened with it.
    Inline,
}

impl FileNode {
    /// The options of a `file` node with this name.
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

/// The conditions of a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DrillVariant {
    /// OFD locks, or the fallback to POSIX locks that QEMU uses if OFD locks
    /// are not available.
    pub backend: Backend,
    /// The way of opening the image.
    pub node: FileNode,
}

impl DrillVariant {
    /// All conditions.
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
    /// For example `posix, auto-read-only`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.backend, self.node)
    }
}

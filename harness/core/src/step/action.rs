use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use strum::{Display, EnumDiscriminants, EnumString, IntoStaticStr, VariantArray};

use crate::image::{Access, Claim, Locking, Mode, Permissions};
use crate::lock::{Backend, LockType, RangeSpec};

/// A claim in a scenario: the name of a mode, or the permissions themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum ModeSpec {
    /// `mode=rw`.
    Named(Mode),
    /// `held="write" unshared="write resize"`.
    Claim(Claim),
}

impl ModeSpec {
    /// The permissions that are held and shared.
    pub fn claim(self) -> Claim {
        match self {
            ModeSpec::Named(mode) => mode.claim(),
            ModeSpec::Claim(claim) => claim,
        }
    }
}

impl From<Mode> for ModeSpec {
    fn from(mode: Mode) -> Self {
        ModeSpec::Named(mode)
    }
}

impl fmt::Display for ModeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |set: Permissions| format!("\"{set}\"");
        match self {
            ModeSpec::Named(mode) => write!(f, "mode={mode}"),
            ModeSpec::Claim(claim) => {
                write!(f, "held={} unshared={}", quoted(claim.held), quoted(claim.unshared()))
            }
        }
    }
}

/// The properties with which an image is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct OpenOptions {
    /// The name of the image in the directory of the scenario.
    pub image: String,
    /// The permissions to hold and to share.
    pub mode: ModeSpec,
    /// The access mode of the descriptor.
    pub access: Access,
    /// The backend of the locks of this node. `None` means the backend of the run.
    pub backend: Option<Backend>,
    /// The option `locking=` of QEMU. `None` means: use the backend directly.
    pub locking: Option<Locking>,
    /// Open the image inactive, as a migration destination does. No byte is locked until `activate`.
    pub inactive: bool,
    /// Whether execve(2) closes the descriptor (`O_CLOEXEC`).
    pub cloexec: bool,
    /// Pause after this number of lock calls. An `await` resumes the step.
    pub pause_after: Option<u32>,
}

impl OpenOptions {
    /// The options of a scenario line that states only the image and the mode.
    pub fn new(image: impl Into<String>, mode: ModeSpec) -> OpenOptions {
        OpenOptions {
            image: image.into(),
            mode,
            access: Access::needed_by(mode.claim()),
            backend: None,
            locking: None,
            inactive: false,
            cloexec: true,
            pause_after: None,
        }
    }
}

/// The action of one scenario line, without its actor.
#[derive(Debug, Clone, PartialEq, Eq, EnumDiscriminants)]
#[strum_discriminants(
    name(ActionKind),
    derive(Hash, PartialOrd, Ord, Display, EnumString, IntoStaticStr, VariantArray),
    strum(serialize_all = "lowercase"),
    doc = "The verb of an [`Action`], without what it is done to.",
    doc = "",
    doc = "This is the one list of verbs. A `match` names all of them, so that a new verb does not",
    doc = "compile until each of these places handles it."
)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Action {
    /// Opens an image and acquires the lock bytes of the mode. If the claim is refused, the
    /// descriptor is closed.
    Open {
        /// The name of the new node.
        node: String,
        /// The properties of the open.
        options: OpenOptions,
    },
    /// close(2), without unlocking first.
    Close {
        /// The name of the node.
        node: String,
    },
    /// Changes the claim on a new descriptor and closes the old one. QEMU does this to change
    /// between read-only and read-write.
    Reopen {
        /// The name of the node.
        node: String,
        /// The new claim.
        mode: ModeSpec,
        /// The access mode of the new descriptor.
        access: Access,
    },
    /// Changes the claim in place.
    Set {
        /// The name of the node.
        node: String,
        /// The new claim.
        mode: ModeSpec,
        /// Pause after this number of lock calls. An `await` resumes the step.
        pause_after: Option<u32>,
    },
    /// Releases all lock bytes and keeps the image open (migration source).
    Inactivate {
        /// The name of the node.
        node: String,
    },
    /// Acquires the claim with which the node was opened (migration destination). If the claim is
    /// refused, the node stays inactive.
    Activate {
        /// The name of the node.
        node: String,
    },
    /// Reads data as a witness.
    Read {
        /// The name of the node.
        node: String,
        /// Offset in bytes.
        at: u64,
        /// Length in bytes.
        len: u64,
    },
    /// Writes data as a witness.
    Write {
        /// The name of the node.
        node: String,
        /// Offset in bytes.
        at: u64,
        /// The text to write.
        data: String,
    },
    /// Moves the file offset of the descriptor, from which `whence=cur` counts.
    Seek {
        /// The name of the node.
        node: String,
        /// The new offset in bytes.
        to: u64,
    },
    /// dup(2): a second descriptor of the same open file description.
    Dup {
        /// The name of the node.
        node: String,
        /// The name of the new node.
        copy: String,
    },
    /// Passes the descriptor to another process (`SCM_RIGHTS`, unix(7)).
    Send {
        /// The name of the node.
        node: String,
        /// The receiving process.
        to: String,
        /// The name of the node in the receiving process.
        copy: String,
    },
    /// Acquires a byte-range lock.
    Lock {
        /// The name of the node.
        node: String,
        /// Shared or exclusive.
        kind: LockType,
        /// The bytes.
        range: RangeSpec,
        /// Whether to wait for conflicting locks (`F_SETLKW`).
        wait: bool,
    },
    /// Releases a byte range.
    Unlock {
        /// The name of the node.
        node: String,
        /// The bytes.
        range: RangeSpec,
    },
    /// Tests for a conflicting lock (`F_GETLK`).
    Test {
        /// The name of the node.
        node: String,
        /// Shared or exclusive.
        kind: LockType,
        /// The bytes.
        range: RangeSpec,
    },
    /// fork(2): the child has a copy of every descriptor and node.
    Fork {
        /// The name of the child.
        child: String,
    },
    /// clone(2) with `CLONE_FILES`: makes an actor that shares the descriptor table.
    Thread {
        /// The name of the new actor.
        name: String,
    },
    /// execve(2) of a new worker. Descriptors with close-on-exec are closed.
    Exec,
    /// Exits. All descriptors of the process are closed.
    Exit,
    /// Sends SIGKILL.
    Kill,
    /// Sends SIGSTOP.
    Stop,
    /// Sends SIGCONT.
    Continue,
    /// Sends a signal that has a handler (SIGUSR1). It interrupts a waiting lock call.
    Signal,
    /// Waits for the end of a `blocked` or `paused` step. A paused step is resumed.
    Await,
    /// Creates an image. This action of the host needs no process.
    Create {
        /// The name of the image.
        image: String,
        /// The size in bytes.
        size: u64,
    },
    /// Gives an image a second name by a hard link (link(2)).
    HardLink {
        /// The new name.
        name: String,
        /// The image.
        to: String,
    },
    /// Makes a symbolic link to an image (symlink(2)).
    Symlink {
        /// The new name.
        name: String,
        /// The image.
        to: String,
    },
    /// Renames an image (rename(2)).
    Rename {
        /// The old name.
        image: String,
        /// The new name.
        to: String,
    },
    /// Removes a name (unlink(2)). Processes that have the file open keep it.
    Unlink {
        /// The name.
        image: String,
    },
    /// Makes a second name of an image by a bind mount of the file.
    Bind {
        /// The new name.
        name: String,
        /// The image.
        to: String,
        /// Whether the mount is read-only, so that an open for writing by this name fails (`EROFS`).
        read_only: bool,
    },
    /// Makes an image that shows another image through an overlayfs, until the new image is first
    /// opened for writing.
    Overlay {
        /// The name of the new image.
        name: String,
        /// The image below it.
        over: String,
    },
}

impl Action {
    /// Returns whether the step can be `blocked` or `paused`.
    pub fn can_wait(&self) -> bool {
        self.pause_after().is_some() || matches!(self, Action::Lock { wait: true, .. })
    }

    /// The number of lock calls after which the step pauses, or `None` if it does not pause.
    pub fn pause_after(&self) -> Option<u32> {
        match self {
            Action::Open { options, .. } => options.pause_after,
            Action::Set { pause_after, .. } => *pause_after,
            Action::Close { .. }
            | Action::Reopen { .. }
            | Action::Inactivate { .. }
            | Action::Activate { .. }
            | Action::Read { .. }
            | Action::Write { .. }
            | Action::Seek { .. }
            | Action::Dup { .. }
            | Action::Send { .. }
            | Action::Lock { .. }
            | Action::Unlock { .. }
            | Action::Test { .. }
            | Action::Fork { .. }
            | Action::Thread { .. }
            | Action::Exec
            | Action::Exit
            | Action::Kill
            | Action::Stop
            | Action::Continue
            | Action::Signal
            | Action::Await
            | Action::Create { .. }
            | Action::HardLink { .. }
            | Action::Symlink { .. }
            | Action::Rename { .. }
            | Action::Unlink { .. }
            | Action::Bind { .. }
            | Action::Overlay { .. } => None,
        }
    }

    /// The name of the image that the action makes, or `None` if it makes none.
    pub fn new_image(&self) -> Option<&str> {
        match self {
            Action::Create { image: name, .. } | Action::Overlay { name, .. } => Some(name),
            _ => None,
        }
    }
}

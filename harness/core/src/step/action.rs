use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use strum::{Display, EnumDiscriminants, EnumString, IntoStaticStr, VariantArray};

use crate::image::{Access, Claim, Locking, Mode, Permissions};
use crate::lock::{Backend, LockType, RangeSpec};

/// A claim as a scenario states it: by a mode's name, or spelled out.
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
    /// What is taken and what is shared.
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

/// How an image is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct OpenOptions {
    /// The image's name in the scenario's directory.
    pub image: String,
    /// What to take and to share.
    pub mode: ModeSpec,
    /// How the descriptor is opened.
    pub access: Access,
    /// Locks of this backend, whatever the run's is.
    pub backend: Option<Backend>,
    /// Decide as QEMU's option would; `None` locks with the backend outright.
    pub locking: Option<Locking>,
    /// Open inactive, as a migration destination does: lock nothing yet.
    pub inactive: bool,
    /// Whether exec closes the descriptor (`O_CLOEXEC`).
    pub cloexec: bool,
    /// Halt after so many lock calls, until an `await` lets it go on.
    pub pause_after: Option<u32>,
}

impl OpenOptions {
    /// As a scenario's line opens it that says no more than image and mode.
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

/// What an actor is told to do: one line of a scenario without its actor.
#[derive(Debug, Clone, PartialEq, Eq, EnumDiscriminants)]
#[strum_discriminants(
    name(ActionKind),
    derive(Hash, PartialOrd, Ord, Display, EnumString, IntoStaticStr, VariantArray),
    strum(serialize_all = "lowercase"),
    doc = "The verb of an [`Action`], without what it is done to.",
    doc = "",
    doc = "This is the one list of verbs. A `match` over it names every verb, so that a",
    doc = "new one does not compile before each such place has decided about it."
)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Action {
    /// Opens an image and acquires the mode's lock bytes; when refused, the
    /// descriptor is closed again.
    Open {
        /// The new node.
        node: String,
        /// How it is opened.
        options: OpenOptions,
    },
    /// close(2), without unlocking anything first.
    Close {
        /// Which node.
        node: String,
    },
    /// Changes the claim on a new descriptor and closes the old one, as QEMU
    /// does between read-only and read-write.
    Reopen {
        /// Which node.
        node: String,
        /// The new claim.
        mode: ModeSpec,
        /// How the new descriptor is opened.
        access: Access,
    },
    /// Changes the claim in place.
    Set {
        /// Which node.
        node: String,
        /// The new claim.
        mode: ModeSpec,
        /// Halt after so many lock calls, until an `await` lets it go on.
        pause_after: Option<u32>,
    },
    /// Gives up all lock bytes and stays open (migration source).
    Inactivate {
        /// Which node.
        node: String,
    },
    /// Acquires the claim that the node was opened with (migration
    /// destination); when refused, it stays inactive.
    Activate {
        /// Which node.
        node: String,
    },
    /// Reads data, as a witness.
    Read {
        /// Which node.
        node: String,
        /// Offset in bytes.
        at: u64,
        /// Length in bytes.
        len: u64,
    },
    /// Writes data, as a witness.
    Write {
        /// Which node.
        node: String,
        /// Offset in bytes.
        at: u64,
        /// The text to write.
        data: String,
    },
    /// Moves the descriptor's file offset, which `whence=cur` counts from.
    Seek {
        /// Which node.
        node: String,
        /// The new offset in bytes.
        to: u64,
    },
    /// dup(2): a second descriptor of the same open file description.
    Dup {
        /// Which node.
        node: String,
        /// The new node.
        copy: String,
    },
    /// Passes the descriptor to another process (SCM_RIGHTS).
    Send {
        /// Which node.
        node: String,
        /// The process that receives it.
        to: String,
        /// The node's name there.
        copy: String,
    },
    /// Takes a byte-range lock.
    Lock {
        /// On which node.
        node: String,
        /// Shared or exclusive.
        kind: LockType,
        /// Which bytes.
        range: RangeSpec,
        /// Wait until the range is free (`F_SETLKW`).
        wait: bool,
    },
    /// Gives up a byte range.
    Unlock {
        /// On which node.
        node: String,
        /// Which bytes.
        range: RangeSpec,
    },
    /// Asks who would be in the way (`F_GETLK`).
    Test {
        /// On which node.
        node: String,
        /// Shared or exclusive.
        kind: LockType,
        /// Which bytes.
        range: RangeSpec,
    },
    /// fork(2): the child has a copy of every descriptor and node.
    Fork {
        /// The child's name.
        child: String,
    },
    /// clone(2) with `CLONE_FILES`: an actor that shares the descriptor table.
    Thread {
        /// The new actor's name.
        name: String,
    },
    /// execve(2) of a fresh worker; descriptors with close-on-exec go.
    Exec,
    /// Exits on its own, closing everything.
    Exit,
    /// SIGKILL.
    Kill,
    /// SIGSTOP.
    Stop,
    /// SIGCONT.
    Continue,
    /// A signal with a handler (SIGUSR1): interrupts a waiting lock.
    Signal,
    /// Takes up a step that was `blocked` or `paused` and waits for its end.
    Await,
    /// Creates an image (done by the host, not by a process).
    Create {
        /// Its name.
        image: String,
        /// Its size in bytes.
        size: u64,
    },
    /// Gives an image a second name, a hard link.
    HardLink {
        /// The new name.
        name: String,
        /// The image.
        to: String,
    },
    /// Makes a symbolic link to an image.
    Symlink {
        /// The new name.
        name: String,
        /// The image.
        to: String,
    },
    /// Renames an image.
    Rename {
        /// The old name.
        image: String,
        /// The new name.
        to: String,
    },
    /// Removes a name; who has the file open keeps it.
    Unlink {
        /// The name.
        image: String,
    },
    /// Shows an image under a second name by a bind mount of the file.
    Bind {
        /// The new name.
        name: String,
        /// The image.
        to: String,
        /// Nobody can open it for writing by this name.
        read_only: bool,
    },
    /// Makes an image that is another one seen through an overlayfs, until it
    /// is first opened for writing.
    Overlay {
        /// The new image's name.
        name: String,
        /// The image under it.
        over: String,
    },
}

impl Action {
    /// Whether the host does it (a file action) rather than a process.
    pub fn is_hosts(&self) -> bool {
        self.kind().is_hosts()
    }

    /// Whether something is mounted for it.
    pub fn mounts(&self) -> bool {
        self.kind().mounts()
    }

    /// Whether it can come to be `blocked` or `paused`.
    pub fn can_wait(&self) -> bool {
        self.pause_after().is_some() || matches!(self, Action::Lock { wait: true, .. })
    }

    /// After how many lock calls it halts, if it is to halt at all.
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

    /// The image that comes into being when it is done, if one does.
    pub fn new_image(&self) -> Option<&str> {
        match self {
            Action::Create { image: name, .. } | Action::Overlay { name, .. } => Some(name),
            _ => None,
        }
    }
}

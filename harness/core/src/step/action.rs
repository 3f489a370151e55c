use std::borrow::Cow;
use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

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
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The node the action is about, if it is about one.
    pub fn node(&self) -> Option<&str> {
        match self {
            Action::Open { node, .. }
            | Action::Close { node }
            | Action::Reopen { node, .. }
            | Action::Set { node, .. }
            | Action::Inactivate { node }
            | Action::Activate { node }
            | Action::Read { node, .. }
            | Action::Write { node, .. }
            | Action::Seek { node, .. }
            | Action::Dup { node, .. }
            | Action::Send { node, .. }
            | Action::Lock { node, .. }
            | Action::Unlock { node, .. }
            | Action::Test { node, .. } => Some(node),
            _ => None,
        }
    }

    /// Whether the host does it (a file action) rather than a process.
    pub fn is_hosts(&self) -> bool {
        matches!(
            self,
            Action::Create { .. }
                | Action::HardLink { .. }
                | Action::Symlink { .. }
                | Action::Rename { .. }
                | Action::Unlink { .. }
                | Action::Bind { .. }
                | Action::Overlay { .. }
        )
    }

    /// Whether something is mounted for it.
    pub fn mounts(&self) -> bool {
        matches!(self, Action::Bind { .. } | Action::Overlay { .. })
    }

    /// The image that comes into being when it is done, if one does.
    pub fn new_image(&self) -> Option<&str> {
        match self {
            Action::Create { image: name, .. } | Action::Overlay { name, .. } => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Action {
    /// The words of the scenario's line, after the actor.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Open { node, options } => open_line(f, node, options),
            Action::Close { node } => write!(f, "close {node}"),
            Action::Reopen { node, mode, access } => {
                write!(f, "reopen {node} {mode}")?;
                access_words(f, *access, mode.claim())
            }
            Action::Set { node, mode, pause_after } => {
                write!(f, "set {node} {mode}")?;
                pause_words(f, *pause_after)
            }
            Action::Inactivate { node } => write!(f, "inactivate {node}"),
            Action::Activate { node } => write!(f, "activate {node}"),
            Action::Read { node, at, len } => write!(f, "read {node} at={at} len={len}"),
            Action::Write { node, at, data } => write!(f, "write {node} at={at} data={data:?}"),
            Action::Seek { node, to } => write!(f, "seek {node} to={to}"),
            Action::Dup { node, copy } => write!(f, "dup {node} as={copy}"),
            Action::Send { node, to, copy } => write!(f, "send {node} to={to} as={copy}"),
            Action::Lock { node, kind, range, wait } => {
                write!(f, "lock {node} type={kind} {range}")?;
                if *wait { f.write_str(" wait=#true") } else { Ok(()) }
            }
            Action::Unlock { node, range } => write!(f, "unlock {node} {range}"),
            Action::Test { node, kind, range } => write!(f, "test {node} type={kind} {range}"),
            Action::Fork { child } => write!(f, "fork {child}"),
            Action::Thread { name } => write!(f, "thread {name}"),
            Action::Exec => f.write_str("exec"),
            Action::Exit => f.write_str("exit"),
            Action::Kill => f.write_str("kill"),
            Action::Stop => f.write_str("stop"),
            Action::Continue => f.write_str("continue"),
            Action::Signal => f.write_str("signal"),
            Action::Await => f.write_str("await"),
            Action::Create { image, size } => write!(f, "create {} size={size}", spelled(image)),
            Action::HardLink { name, to } => {
                write!(f, "hardlink {} to={}", spelled(name), spelled(to))
            }
            Action::Symlink { name, to } => {
                write!(f, "symlink {} to={}", spelled(name), spelled(to))
            }
            Action::Rename { image, to } => {
                write!(f, "rename {} to={}", spelled(image), spelled(to))
            }
            Action::Unlink { image } => write!(f, "unlink {}", spelled(image)),
            Action::Bind { name, to, read_only } => {
                write!(f, "bind {} to={}", spelled(name), spelled(to))?;
                if *read_only { f.write_str(" read-only=#true") } else { Ok(()) }
            }
            Action::Overlay { name, over } => {
                write!(f, "overlay {} over={}", spelled(name), spelled(over))
            }
        }
    }
}

/// A file's name, in quotes where the format wants them.
fn spelled(name: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '$');
    match name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(plain) {
        true => Cow::Borrowed(name),
        false => Cow::Owned(format!("{name:?}")),
    }
}

fn open_line(f: &mut fmt::Formatter<'_>, node: &str, options: &OpenOptions) -> fmt::Result {
    write!(f, "open {node} image={} {}", spelled(&options.image), options.mode)?;
    access_words(f, options.access, options.mode.claim())?;
    if let Some(backend) = options.backend {
        write!(f, " backend={backend}")?;
    }
    if let Some(locking) = options.locking {
        write!(f, " locking={}", locking.name())?;
    }
    if options.inactive {
        f.write_str(" inactive=#true")?;
    }
    if !options.cloexec {
        f.write_str(" cloexec=#false")?;
    }
    pause_words(f, options.pause_after)
}

/// Access is only worth a word when the claim does not imply it.
fn access_words(f: &mut fmt::Formatter<'_>, access: Access, claim: Claim) -> fmt::Result {
    if access == Access::needed_by(claim) {
        return Ok(());
    }
    write!(f, " access={}", access.name())
}

fn pause_words(f: &mut fmt::Formatter<'_>, pause_after: Option<u32>) -> fmt::Result {
    match pause_after {
        Some(calls) => write!(f, " pause-after={calls}"),
        None => Ok(()),
    }
}

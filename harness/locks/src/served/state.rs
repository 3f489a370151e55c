#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};

use crate::lock_table::FileKey;

/// The states of one kind that a client of NFSv4 has on a file (RFC 8881, 9.1), with one access and
/// one denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ServedState {
    /// The kind.
    pub kind: StateKind,
    /// What an open, or a delegation, allows to the client. `None` for other kinds.
    pub access: Option<ShareMode>,
    /// What an open denies to other clients. `None` for other kinds.
    pub deny: Option<ShareMode>,
    /// The number of such states.
    pub count: usize,
}

/// A kind of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[strum(serialize_all = "kebab-case")]
pub enum StateKind {
    /// The client has the file open.
    Open,
    /// An owner in the client has, or had, byte-range locks. The server does not show which: there can
    /// be several, or none (`nfs4_show_lock`).
    Lock,
    /// A delegation. The client opens and locks the file without a word to the server.
    Delegation,
    /// A layout of pNFS: the client reads and writes the data past the server.
    Layout,
}

impl StateKind {
    /// The kernel's word, in the order of [`StateKind`].
    const WORDS: [(&'static str, StateKind); 4] = [
        ("open", StateKind::Open),
        ("lock", StateKind::Lock),
        ("deleg", StateKind::Delegation),
        ("layout", StateKind::Layout),
    ];

    /// The word in reports.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Reading and writing, as an open of NFSv4 takes or denies them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ShareMode {
    /// Whether it includes reading.
    pub read: bool,
    /// Whether it includes writing.
    pub write: bool,
}

impl ShareMode {
    /// Parses `rw`, `r-`, `-w`, `--`, and `r` or `w` of a delegation.
    fn parse(word: &str) -> Option<ShareMode> {
        let known = !word.is_empty() && word.bytes().all(|letter| b"rw-".contains(&letter));
        known.then(|| ShareMode { read: word.contains('r'), write: word.contains('w') })
    }
}

/// One line of `states`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateLine {
    /// A state on a file.
    On(FileKey, ServedState),
    /// A state without an open file: a closed one, which NFSv4.0 keeps for a while, or one that the
    /// administrator has revoked. The client has nothing by it.
    Empty,
}

impl StateLine {
    /// Parses one line, without its end. `None` if it is no line of the kernel.
    ///
    /// The name of the file is text of a client, which the kernel prints as it is. The device and the
    /// inode number stand before it, so a name cannot replace them. A name with an end of line breaks
    /// its own line, which does not have the end of a state then.
    pub(super) fn parse(line: &str) -> Option<StateLine> {
        let line = line.strip_prefix("- 0x")?.strip_suffix(" }")?;
        let (id, mut rest) = line.split_once(": { type: ")?;
        if !id.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        if rest.ends_with(", admin-revoked") {
            return Some(StateLine::Empty);
        }
        let word = rest.split(',').next()?;
        let (_, kind) = StateKind::WORDS.into_iter().find(|(known, _)| *known == word)?;
        rest = rest.get(word.len()..)?;
        let mut share = |label: &str| {
            let after = rest.strip_prefix(label)?;
            let (word, after) = after.split_at(after.find(',').unwrap_or(after.len()));
            rest = after;
            ShareMode::parse(word)
        };
        let (access, deny) = (share(", access: "), share(", deny: "));
        if rest.is_empty()
            || [", closed, ", ", owner: \""].iter().any(|next| rest.starts_with(next))
        {
            return Some(StateLine::Empty);
        }
        let rest = rest.strip_prefix(", ")?;
        let (key, _) = rest.strip_prefix("superblock: \"")?.split_once('"')?;
        let state = ServedState { kind, access, deny, count: 1 };
        Some(StateLine::On(FileKey::parse(key)?, state))
    }
}

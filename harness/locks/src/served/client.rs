use std::collections::BTreeMap;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};

use super::{ServedState, StateKind};

/// The maximum number of characters of an address or a name that are kept. A name of NFSv4.1 can have
/// 1024 bytes (`NFS4_OPAQUE_LIMIT`), and the kernel prints some of them as four characters.
const LONGEST_NAME: usize = 128;

/// A client of NFSv4 that has states on a file, as the server lists it.
///
/// The name is text of the client. The kernel escapes what is not printable in it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ServedClient {
    /// Its folder in /proc/fs/nfsd/clients.
    pub id: u32,
    /// Its address and port, such as `10.0.0.2:812`. `None` if it could not be read, as with the
    /// fields below.
    pub address: Option<String>,
    /// The name that it gave itself. Linux takes its version of NFS and the name of the host.
    pub name: Option<String>,
    /// The minor version of NFSv4.
    pub minor_version: Option<u32>,
    /// Whether it is in contact with the server.
    pub status: Option<ClientStatus>,
    /// Its states on the file, without duplicates.
    pub states: Vec<ServedState>,
}

/// Whether a client is in contact with its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[strum(serialize_all = "kebab-case")]
pub enum ClientStatus {
    /// It renews its lease.
    Confirmed,
    /// It has not confirmed its identifier yet.
    Unconfirmed,
    /// It has not renewed its lease in time. The server keeps its states until another client or
    /// process asks for something that conflicts with them, at most for a day (since Linux 5.19).
    Courtesy,
    /// As [`Courtesy`](ClientStatus::Courtesy), and something conflicted: the server drops its states.
    Expirable,
}

impl ClientStatus {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Parses the kernel's word (`client_info_show`).
    fn parse(word: &str) -> Option<ClientStatus> {
        use ClientStatus::*;
        [Confirmed, Unconfirmed, Courtesy, Expirable].into_iter().find(|one| one.name() == word)
    }
}

impl ServedClient {
    /// A client with these states, of which nothing else is known.
    pub(super) fn new(id: u32, mut states: Vec<ServedState>) -> ServedClient {
        let mut counts: BTreeMap<ServedState, usize> = BTreeMap::new();
        for state in states.drain(..) {
            *counts.entry(ServedState { count: 1, ..state }).or_default() += state.count;
        }
        let states = counts.into_iter().map(|(state, count)| ServedState { count, ..state });
        let (address, name, minor_version, status) = Default::default();
        ServedClient { id, address, name, minor_version, status, states: states.collect() }
    }

    /// The same client with what its `info` tells. Unknown lines are left out.
    pub(super) fn with_info(self, info: &str) -> ServedClient {
        let value = |label: &str| {
            let mut lines = info.lines();
            lines.find_map(|line| line.strip_prefix(label)?.strip_prefix(": "))
        };
        let text = |label: &str| {
            let text = value(label)?.strip_prefix('"')?.strip_suffix('"')?;
            Some(shortened(text))
        };
        ServedClient {
            address: text("address"),
            name: text("name"),
            minor_version: value("minor version").and_then(|number| number.parse().ok()),
            status: value("status").and_then(ClientStatus::parse),
            ..self
        }
    }

    /// Returns whether it has a state of this kind.
    pub fn has(&self, kind: StateKind) -> bool {
        self.states.iter().any(|state| state.kind == kind)
    }

    /// Returns whether it has the file open for writing and has no lock: no lock state, and no
    /// delegation, under which it would keep its locks to itself.
    pub fn is_unlocked_writer(&self) -> bool {
        let writes = |state: &ServedState| {
            state.kind == StateKind::Open && state.access.is_some_and(|access| access.write)
        };
        self.states.iter().any(writes)
            && !self.has(StateKind::Lock)
            && !self.has(StateKind::Delegation)
    }

    /// Returns whether the server drops its states when another owner asks for a conflicting lock.
    pub fn is_expirable(&self) -> bool {
        matches!(self.status, Some(ClientStatus::Courtesy | ClientStatus::Expirable))
    }
}

/// The beginning of a stranger's name.
pub(super) fn shortened(text: &str) -> String {
    let mut shortened: String = text.chars().take(LONGEST_NAME).collect();
    if shortened.len() < text.len() {
        shortened.push('…');
    }
    shortened
}

//! The clients of the kernel's file servers, as a part of the document.

use imglock_core::Mode;
use imglock_locks::{FileServer, LockProtocol, ServedClient, ServedClients, ServedGap};
use serde::Serialize;

use super::locks::{ClaimView, LockView};

/// The clients of one server.
#[derive(Serialize)]
pub struct ServedView<'a> {
    server: FileServer,
    /// The locks of all clients together.
    locks: Vec<LockView>,
    /// Null where no lock byte is locked.
    claim: Option<ClaimView>,
    /// The modes of the locks, if they have one owner.
    modes: Vec<Mode>,
    /// Whether the byte-range locks are known to have one owner.
    one_owner: bool,
    /// Null where there is no lock.
    protocol: Option<LockProtocol>,
    clients: &'a [ServedClient],
    /// Hosts that can be such clients.
    hosts: &'a [String],
    /// Why clients are not known; null if all are.
    gap: Option<GapView>,
}

impl ServedView<'_> {
    /// The view of the clients of an image of `size` bytes.
    pub fn of(served: &ServedClients, size: u64) -> ServedView<'_> {
        ServedView {
            server: served.server,
            locks: served.locks.iter().map(|lock| LockView::of(lock, false)).collect(),
            claim: served.claim().map(ClaimView::of),
            modes: served.modes(),
            one_owner: served.is_one_owner(),
            protocol: served.is_held().then(|| served.protocol(size)),
            clients: &served.clients,
            hosts: &served.hosts,
            gap: served.gap.map(GapView::of),
        }
    }
}

#[derive(Serialize)]
struct GapView {
    reason: &'static str,
    errno: Option<String>,
    /// The clients whose states are not known to the end.
    clients: Option<usize>,
    meaning: String,
}

impl GapView {
    fn of(gap: ServedGap) -> GapView {
        let clients = match gap {
            ServedGap::Incomplete(clients) => Some(clients),
            _ => None,
        };
        let errno = gap.errno().map(|errno| errno.to_string());
        GapView { reason: gap.name(), errno, clients, meaning: gap.meaning() }
    }
}

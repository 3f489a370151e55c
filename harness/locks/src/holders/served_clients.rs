use std::collections::BTreeMap;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{LockProtocol, OwnedLock};
use crate::ask::NotAsked;
use crate::lock_table::{FileKey, LockClass};
use crate::served::{ClientList, FileServer, ServedClient, ServedGap, StateKind, monitored_hosts};
use imglock_core::{Claim, Mode, Reading};

/// The clients of one of the kernel's file servers that use an image.
///
/// The locks belong to the clients together: the server does not show which client has which lock.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ServedClients {
    /// The server.
    pub server: FileServer,
    /// The locks that its threads took, in the order of /proc/locks.
    pub locks: Vec<OwnedLock>,
    /// The clients that have a state on the image, as the server lists them.
    pub clients: Vec<ServedClient>,
    /// Hosts that can be such clients, by name: those that rpc.statd monitors for lockd. They can also
    /// have locks on other files, or be servers of this machine.
    pub hosts: Vec<String>,
    /// Why the clients are not known, or not all of them.
    pub gap: Option<ServedGap>,
}

impl ServedClients {
    /// The clients with locks, by server, and those that the NFS server lists for the file.
    pub(super) fn each(
        mut locks: BTreeMap<FileServer, Vec<OwnedLock>>,
        listed: &ClientList,
        key: FileKey,
    ) -> Vec<ServedClients> {
        let clients = listed.on(key);
        if !clients.is_empty() || listed.gap.is_some() {
            locks.entry(FileServer::Nfsd).or_default();
        }
        let of = |(server, locks)| ServedClients::of(server, locks, &clients, listed.gap);
        locks.into_iter().map(of).collect()
    }

    fn of(
        server: FileServer,
        locks: Vec<OwnedLock>,
        listed: &[ServedClient],
        gap: Option<ServedGap>,
    ) -> ServedClients {
        let (clients, hosts, gap) = match server {
            FileServer::Nfsd if listed.is_empty() => {
                (Vec::new(), Vec::new(), gap.or(Some(ServedGap::OtherList)))
            }
            FileServer::Nfsd => (listed.to_vec(), Vec::new(), gap),
            FileServer::Lockd => (Vec::new(), monitored_hosts(), Some(ServedGap::NoList)),
            FileServer::Ksmbd | FileServer::Kernel => {
                (Vec::new(), Vec::new(), Some(ServedGap::NoList))
            }
        };
        ServedClients { server, locks, clients, hosts, gap }
    }

    /// Returns whether the clients hold locks.
    pub fn is_held(&self) -> bool {
        !self.locks.is_empty()
    }

    /// The clients that can be owners of the locks: those with a lock state or a delegation.
    pub fn candidates(&self) -> impl Iterator<Item = &ServedClient> {
        let can = |client: &&ServedClient| {
            client.has(StateKind::Lock) || client.has(StateKind::Delegation)
        };
        self.clients.iter().filter(can)
    }

    /// The meaning of all byte-range locks together.
    pub fn reading(&self) -> Reading {
        OwnedLock::reading(&self.locks)
    }

    /// The permissions that the clients hold and share together, or `None` if no lock byte is locked.
    pub fn claim(&self) -> Option<Claim> {
        OwnedLock::claim(&self.locks)
    }

    /// The modes with this claim. Where [`is_one_owner`](ServedClients::is_one_owner) is false, several
    /// owners with other modes can have the same locks together.
    pub fn modes(&self) -> Vec<Mode> {
        OwnedLock::modes(&self.locks)
    }

    /// Returns whether the byte-range locks are known to belong to one owner: the list of clients is
    /// complete, and has one lock state.
    pub fn is_one_owner(&self) -> bool {
        let states = self.clients.iter().flat_map(|client| &client.states);
        let locks = states.filter(|state| state.kind == StateKind::Lock).map(|state| state.count);
        self.gap.is_none() && locks.sum::<usize>() == 1
    }

    /// The locking protocol that the locks follow, for an image of `size` bytes. A delegation beside
    /// other locks does not change it.
    pub fn protocol(&self, size: u64) -> LockProtocol {
        let mut locks = self.locks.clone();
        if locks.iter().any(|lock| lock.class.backend().is_some()) {
            locks.retain(|lock| lock.class != LockClass::Delegation);
        }
        LockProtocol::of(&locks, size)
    }

    /// The smallest number of owners that the byte-range locks can have: the locks of one owner do not
    /// overlap.
    pub fn least_owners(&self) -> usize {
        let locks = || self.locks.iter().filter(|lock| lock.class.backend().is_some());
        let on = |byte: i64| {
            locks().filter(|lock| (lock.range.first..=lock.range.last).contains(&byte)).count()
        };
        locks().map(|lock| on(lock.range.first)).max().unwrap_or(0)
    }

    /// Why the kernel must not be asked about locks.
    ///
    /// A client with a delegation keeps its locks to itself. If a client has lost contact, and a
    /// question conflicts with one of its locks, the server drops all that the client has
    /// (`posix_test_lock` in fs/locks.c, `nfsd4_lm_lock_expirable` in fs/nfsd/nfs4state.c).
    pub(super) fn prevents_question(&self) -> Option<NotAsked> {
        if self.locks.iter().any(|lock| lock.class == LockClass::Delegation) {
            return Some(NotAsked::Delegation);
        }
        let is_lost = |client: &ServedClient| client.is_expirable() && client.has(StateKind::Lock);
        let unseen =
            self.gap.is_some() && self.locks.iter().any(|lock| lock.class.backend().is_some());
        let may_expire = self.clients.iter().any(is_lost) || unseen;
        (self.server == FileServer::Nfsd && may_expire).then_some(NotAsked::Courtesy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::served::{ClientStatus, ServedState};
    use imglock_core::{ByteRange, Errno, LockType};

    fn lock(class: LockClass, first: i64, last: i64) -> OwnedLock {
        OwnedLock { class, kind: Some(LockType::Read), range: ByteRange::new(first, last) }
    }

    fn client(status: ClientStatus, kinds: &[StateKind]) -> ServedClient {
        let state =
            |kind: &StateKind| ServedState { kind: *kind, access: None, deny: None, count: 1 };
        ServedClient {
            id: 3,
            address: None,
            name: None,
            minor_version: Some(2),
            status: Some(status),
            states: kinds.iter().map(state).collect(),
        }
    }

    fn served(
        locks: &[OwnedLock],
        clients: &[ServedClient],
        gap: Option<ServedGap>,
    ) -> ServedClients {
        ServedClients {
            server: FileServer::Nfsd,
            locks: locks.to_vec(),
            clients: clients.to_vec(),
            hosts: Vec::new(),
            gap,
        }
    }

    const BYTE: fn() -> OwnedLock = || lock(LockClass::Posix, 100, 100);

    #[test]
    fn a_question_that_would_do_harm_is_not_asked() {
        use ClientStatus::{Confirmed, Courtesy, Expirable};
        let lost = |kind| client(Courtesy, &[kind]);
        let gap = Some(ServedGap::Unreadable(Errno::EACCES));
        let delegation = lock(LockClass::Delegation, 0, ByteRange::EOF);
        for (served, expected) in [
            (served(&[BYTE()], &[client(Confirmed, &[StateKind::Lock])], None), None),
            (served(&[BYTE()], &[lost(StateKind::Lock)], None), Some(NotAsked::Courtesy)),
            (
                served(&[BYTE()], &[client(Expirable, &[StateKind::Lock])], None),
                Some(NotAsked::Courtesy),
            ),
            // It has no lock that a question could meet.
            (served(&[], &[lost(StateKind::Open)], None), None),
            (served(&[BYTE()], &[], gap), Some(NotAsked::Courtesy)),
            (served(&[], &[], gap), None),
            (served(&[delegation], &[], gap), Some(NotAsked::Delegation)),
        ] {
            assert_eq!(served.prevents_question(), expected, "{served:?}");
        }
        let lockd = ServedClients {
            server: FileServer::Lockd,
            ..served(&[BYTE()], &[], Some(ServedGap::NoList))
        };
        assert_eq!(lockd.prevents_question(), None, "lockd drops no lock for a question");
    }

    #[test]
    fn locks_of_one_owner_do_not_overlap() {
        let of = |locks: &[OwnedLock]| served(locks, &[], None).least_owners();
        assert_eq!(of(&[]), 0);
        assert_eq!(of(&[lock(LockClass::Posix, 100, 101), lock(LockClass::Posix, 201, 201)]), 1);
        assert_eq!(of(&[lock(LockClass::Posix, 100, 101), lock(LockClass::Posix, 101, 101)]), 2);
        assert_eq!(of(&[BYTE(), lock(LockClass::Delegation, 0, ByteRange::EOF)]), 1);
    }

    #[test]
    fn each_server_has_an_entry_with_what_is_not_known() {
        let key = FileKey::new(0, 0x18, 2);
        let of = |servers: &[FileServer], gap| {
            let locks = servers.iter().map(|server| (*server, vec![BYTE()])).collect();
            let mut list = ClientList::default();
            list.gap = gap;
            let each = ServedClients::each(locks, &list, key);
            each.iter().map(|one| (one.server, one.is_held(), one.gap)).collect::<Vec<_>>()
        };
        let [nfsd, lockd] = [FileServer::Nfsd, FileServer::Lockd];
        let no_list = Some(ServedGap::NoList);
        assert_eq!(of(&[], None), []);
        assert_eq!(
            of(&[nfsd, lockd], None),
            [(nfsd, true, Some(ServedGap::OtherList)), (lockd, true, no_list)]
        );
        let gap = Some(ServedGap::NotMounted);
        assert_eq!(of(&[lockd], gap), [(nfsd, false, gap), (lockd, true, no_list)]);
    }
}

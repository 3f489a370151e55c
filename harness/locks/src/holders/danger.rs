use std::collections::BTreeSet;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::writers::independent_writers;
use super::{Explanation, LockProtocol, ServedClients, SurveyedImage};
use crate::lock_table::LockClass;
use crate::served::ServedClient;

/// A reason why it is not safe to open an image although the open would be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Danger {
    /// Several owners use kinds of locks that do not, or not fully, conflict with each other.
    TwoProtocols,
    /// A process holds a flock(2) lock, which does not conflict with QEMU's locks.
    FlockUnseen,
    /// A process, or a client of a file server, has the image open for writing and holds no lock on it.
    WriterUnlocked,
    /// A device, a mount, a swap area, a kernel target or a process can write to the image's bytes
    /// past its locks ([`DataUsers::users`](crate::DataUsers::users)).
    UserWithoutLock,
    /// A process has a deleted file open that had the name of the image, for writing or with a lock.
    EarlierFile,
    /// A process holds a lease, or a client of the NFS server a delegation: other openers wait until it
    /// is released.
    LeaseWaits,
    /// Holders in different processes hold `write`, as they share it with each other. This is right
    /// for a cluster file system and for guests that expect a shared disk.
    SeveralWriters,
}

impl Danger {
    /// An explanation for users, in one or two sentences.
    pub fn meaning(self) -> &'static str {
        match self {
            Danger::TwoProtocols => {
                "The holders use different kinds of locks, which do not exclude each other reliably: \
                 two programs may be writing to this image. Stop one of them."
            }
            Danger::FlockUnseen => {
                "flock(2) locks and QEMU's byte locks do not conflict on a local file system: \
                 QEMU would open the image beside this holder, and the image would be damaged if \
                 both write. Do not start QEMU."
            }
            Danger::WriterUnlocked => {
                "A process, or a client of a file server, has the image open for writing without a lock \
                 (locking=off, or a program other than QEMU). It excludes no other opener, so a granted open does not mean \
                 exclusive use."
            }
            Danger::UserWithoutLock => {
                "The bytes of this image can be written past its locks, for example through a loop \
                 device or a mount. No lock on the image excludes such a writer. End that use before \
                 you start QEMU."
            }
            Danger::EarlierFile => {
                "A process uses an earlier file of this name, which was deleted or replaced. It does not \
                 see this file, and its locks are on the other one: a second program would be granted \
                 this image, and what the process writes is lost when it exits."
            }
            Danger::LeaseWaits => {
                "A process holds a lease, or a client of the NFS server a delegation: an opener of the \
                 image waits until it is released, at most 45 seconds unless \
                 /proc/sys/fs/lease-break-time has another value. For a delegation, the lease time of \
                 the NFS server counts instead."
            }
            Danger::SeveralWriters => {
                "Several holders can write to this image at the same time. This is right only for \
                 a cluster file system, or for guests that expect a shared disk."
            }
        }
    }
}

impl SurveyedImage {
    /// Returns whether each process that has the image open may be the owner of hidden locks.
    fn may_be_hidden(&self) -> bool {
        let could_be = self.hidden.iter().flat_map(|hidden| &hidden.could_be);
        could_be.into_iter().any(|why| *why == Explanation::FileSystem)
    }

    /// The dangers of the current locks.
    pub fn dangers(&self) -> Vec<Danger> {
        let owned = self.holders.iter().flat_map(|holder| &holder.locks);
        let unexplained = self.unexplained.iter().map(|one| &one.lock);
        let served = self.served.iter().flat_map(|served| &served.locks);
        let classes: BTreeSet<LockClass> =
            owned.chain(unexplained).chain(served).map(|lock| lock.class).collect();
        let mut ways: BTreeSet<u8> =
            self.holders.iter().filter_map(|holder| way(holder.protocol(self.size))).collect();
        let served = self.served.iter().filter(|served| served.is_held());
        ways.extend(served.filter_map(|served| way(served.protocol(self.size))));
        if self.unexplained.iter().any(|one| one.lock.class == LockClass::Flock) {
            ways.extend(way(LockProtocol::Flock));
        }
        let leased =
            classes.contains(&LockClass::Lease) || classes.contains(&LockClass::Delegation);
        let all = [
            (ways.len() > 1, Danger::TwoProtocols),
            (classes.contains(&LockClass::Flock), Danger::FlockUnseen),
            (
                !self.may_be_hidden() && self.unlocked.iter().any(|one| one.writable)
                    || self.served.iter().any(has_unlocked_writer),
                Danger::WriterUnlocked,
            ),
            (self.users.can_write(), Danger::UserWithoutLock),
            (self.former.iter().any(|one| one.writable || one.locked), Danger::EarlierFile),
            (leased, Danger::LeaseWaits),
            (independent_writers(self) > 1, Danger::SeveralWriters),
        ];
        all.into_iter().filter(|(there, _)| *there).map(|(_, danger)| danger).collect()
    }
}

fn has_unlocked_writer(served: &ServedClients) -> bool {
    served.clients.iter().any(ServedClient::is_unlocked_writer)
}

/// Owners conflict reliably if they use the same kind of locks, which this number identifies.
fn way(protocol: LockProtocol) -> Option<u8> {
    match protocol {
        LockProtocol::Qemu => Some(0),
        LockProtocol::WholeFile | LockProtocol::WholeImage => Some(1),
        LockProtocol::Flock => Some(2),
        // Locks of unknown meaning, or of both kinds, which conflict with both.
        LockProtocol::Lease | LockProtocol::ByteRange | LockProtocol::Mixed => None,
    }
}

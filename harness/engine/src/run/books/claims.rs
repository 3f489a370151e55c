//! The claims on an image, of open nodes and of others.

use super::Books;
use super::pending::Orphan;
use imglock_core::Claim;

impl Books {
    /// Whether a node that acquired its claim on the image conflicts with
    /// `claim`. That node may be the one that makes `claim`.
    pub fn has_conflict(&self, image: usize, claim: Claim) -> bool {
        self.census.has_conflict(image, claim)
    }

    /// Whether a migration's source has released the image.
    pub fn is_given_up(&self, image: usize) -> bool {
        self.census.is_given_up(image)
    }

    /// The claims that paused steps attempt to acquire, each with its image.
    pub fn in_flight(&self) -> impl Iterator<Item = (usize, Claim)> {
        self.actors.names().filter_map(|actor| self.in_flight_by(actor))
    }

    /// The claims on an image whose nodes are closed, and whose descriptions
    /// may still be open.
    pub fn orphaned(&self, image: usize) -> impl Iterator<Item = Claim> {
        let tables = self.actors.tables();
        let kept =
            move |orphan: &&Orphan| orphan.image == image && tables[orphan.table].sharers > 0;
        self.orphans.iter().filter(kept).map(|orphan| orphan.claim)
    }
}

//! Steps that have begun and not ended, and what they leave behind.

use super::books::{Actor, Books};
use imglock_core::Action;
use imglock_core::Claim;

/// A step that is blocked or paused.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) action: Action,
    /// The image that it is about. Its name may come to mean another one
    /// meanwhile, and its node be closed by another thread.
    pub(super) image: Option<usize>,
}

/// What was locked through a descriptor that no node stands for any more: by an
/// actor that died half-way while others have its descriptor table, or on a
/// description that a waiting call has in use.
#[derive(Debug, Clone)]
pub(super) struct Orphan {
    pub(super) table: usize,
    pub(super) image: usize,
    pub(super) claim: Claim,
}

impl Books {
    /// The step of an actor that is blocked or paused.
    pub fn pending(&self, actor: &str) -> Option<&Action> {
        Some(&self.actors.get(actor)?.pending.as_ref()?.action)
    }

    /// The index of the image that a step of an actor is about: of one that is
    /// taken up, the image that it was about when it began.
    pub fn image_of(&self, actor: &str, action: &Action) -> Option<usize> {
        match action {
            Action::Await => self.actors.get(actor)?.pending.as_ref()?.image,
            Action::Open { options, .. } => self.image(&options.image),
            action => Some(self.node(actor, action.node()?)?.image),
        }
    }

    /// Every step that is blocked or paused, with its actor.
    pub fn all_pending(&self) -> impl Iterator<Item = (&str, &Action)> {
        self.actors
            .iter()
            .filter_map(|(name, actor)| Some((name.as_str(), &actor.pending.as_ref()?.action)))
    }

    /// What is attempted by those who are paused half-way: each image, with
    /// the claim.
    pub fn in_flight(&self) -> impl Iterator<Item = (usize, Claim)> {
        self.actors.keys().filter_map(|actor| self.in_flight_by(actor))
    }

    /// What one of them attempts.
    pub fn in_flight_by(&self, actor: &str) -> Option<(usize, Claim)> {
        let Pending { action, image } = self.actors.get(actor)?.pending.as_ref()?;
        match action {
            Action::Open { options, .. } => Some(((*image)?, options.mode.claim())),
            action => self.attempted(actor, action),
        }
    }

    /// The claims on an image whose nodes are gone, and whose descriptions may
    /// not be.
    pub fn orphaned(&self, image: usize) -> impl Iterator<Item = Claim> {
        let kept =
            move |orphan: &&Orphan| orphan.image == image && self.tables[orphan.table].sharers > 0;
        self.orphans.iter().filter(kept).map(|orphan| orphan.claim)
    }

    /// What is being opened by those who share the table `from` is a descriptor
    /// without a name in its copy `to`.
    pub(super) fn orphan_half_open(&mut self, from: usize, to: usize) {
        let half_open = self.actors.values().filter(|actor| actor.table == from);
        let orphans = half_open.filter_map(|actor| match actor.pending.as_ref()? {
            Pending { action: Action::Open { options, .. }, image } => {
                Some(Orphan { table: to, image: (*image)?, claim: options.mode.claim() })
            }
            _ => None,
        });
        let orphans: Vec<Orphan> = orphans.collect();
        self.orphans.extend(orphans);
    }

    /// A call that waits for a lock keeps the description of its node open.
    /// What was locked on it is its claim, and another one that was prepared.
    pub(super) fn orphan_if_in_use(&mut self, actor: &str, node: &str, prepared: Option<Claim>) {
        let Some(table) = self.actors.get(actor).map(|actor| actor.table) else { return };
        let waits = |one: &Actor| {
            let pending = one.pending.as_ref().and_then(|pending| pending.action.node());
            one.table == table && pending == Some(node)
        };
        if let Some(open) = self.tables[table].nodes.get(node)
            && self.actors.values().any(waits)
        {
            let (image, claims) = (open.image, [Some(open.claim_in_force()), prepared]);
            let orphans = claims.into_iter().flatten().map(|claim| Orphan { table, image, claim });
            self.orphans.extend(orphans);
        }
    }
}

//! Steps that have begun and not ended, and the claims they leave behind.

use super::books::{Actor, Books};
use imglock_core::{Action, Claim};

/// A step that is blocked or paused.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) action: Action,
    /// The image of the step. While the step is pending, the image's name may
    /// come to refer to another image, and another thread may close the node.
    pub(super) image: Option<usize>,
}

/// A claim locked through a descriptor that no node represents any more. Its
/// actor died in the middle of a step while other actors share the descriptor
/// table, or a waiting call still uses its description.
#[derive(Debug, Clone)]
pub(super) struct Orphan {
    pub(super) table: usize,
    pub(super) image: usize,
    pub(super) claim: Claim,
}

impl Books {
    /// The blocked or paused step of an actor.
    pub fn pending(&self, actor: &str) -> Option<&Action> {
        Some(&self.actors.get(actor)?.pending.as_ref()?.action)
    }

    /// The index of the image of an actor's step. For a resumed step this is
    /// the image it had when it began.
    pub fn image_of(&self, actor: &str, action: &Action) -> Option<usize> {
        match action {
            Action::Await => self.actors.get(actor)?.pending.as_ref()?.image,
            Action::Open { options, .. } => self.image(&options.image),
            action => Some(self.node(actor, action.node()?)?.image),
        }
    }

    /// Every blocked or paused step, with its actor.
    pub fn all_pending(&self) -> impl Iterator<Item = (&str, &Action)> {
        self.actors
            .iter()
            .filter_map(|(name, actor)| Some((name.as_str(), &actor.pending.as_ref()?.action)))
    }

    /// The claims that paused steps attempt to acquire, each with its image.
    pub fn in_flight(&self) -> impl Iterator<Item = (usize, Claim)> {
        self.actors.keys().filter_map(|actor| self.in_flight_by(actor))
    }

    /// The claim that an actor's paused step attempts to acquire, with its
    /// image.
    pub fn in_flight_by(&self, actor: &str) -> Option<(usize, Claim)> {
        let Pending { action, image } = self.actors.get(actor)?.pending.as_ref()?;
        match action {
            Action::Open { options, .. } => Some(((*image)?, options.mode.claim())),
            action => self.attempted(actor, action),
        }
    }

    /// The claims on an image whose nodes are closed, and whose descriptions
    /// may still be open.
    pub fn orphaned(&self, image: usize) -> impl Iterator<Item = Claim> {
        let kept =
            move |orphan: &&Orphan| orphan.image == image && self.tables[orphan.table].sharers > 0;
        self.orphans.iter().filter(kept).map(|orphan| orphan.claim)
    }

    /// Records orphans for a copied descriptor table: each open in progress in
    /// `from` leaves a descriptor without a node in its copy `to`.
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

    /// Records orphans for a closed node whose description a waiting call keeps
    /// open: its claim in force, and the claim that was prepared, if any.
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

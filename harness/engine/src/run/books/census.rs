//! Counts the nodes of each image by their claims.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::node::{Node, Role};
use imglock_core::Claim;

/// Counts of the nodes that acquired their claims. With them a check for
/// conflicts does not iterate over ten thousand nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Census(HashMap<usize, Counts>);

/// The counts of one image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Counts {
    claims: HashMap<Claim, usize>,
    /// Nodes that released the image to a migration's destination.
    given_up: usize,
}

impl Census {
    pub(super) fn add(&mut self, node: &Node) {
        if node.role == Role::Acquired {
            let counts = self.0.entry(node.image).or_default();
            *counts.claims.entry(node.claim_in_force()).or_default() += 1;
            counts.given_up += usize::from(node.gave_up);
        }
    }

    pub(super) fn remove(&mut self, node: &Node) {
        if node.role == Role::Acquired
            && let Entry::Occupied(mut image) = self.0.entry(node.image)
        {
            let counts = image.get_mut();
            counts.given_up = counts.given_up.saturating_sub(usize::from(node.gave_up));
            if let Entry::Occupied(mut count) = counts.claims.entry(node.claim_in_force()) {
                *count.get_mut() = count.get().saturating_sub(1);
                if *count.get() == 0 {
                    count.remove();
                }
            }
            if counts.claims.is_empty() {
                image.remove();
            }
        }
    }

    /// Whether a node that acquired its claim on the image conflicts with
    /// `claim`. It may be the one that `claim` is of.
    pub(super) fn has_conflict(&self, image: usize, claim: Claim) -> bool {
        let counts = self.0.get(&image);
        counts.is_some_and(|counts| counts.claims.keys().any(|other| claim.conflicts_with(*other)))
    }

    /// Whether a migration's source has given the image up.
    pub(super) fn is_given_up(&self, image: usize) -> bool {
        self.0.get(&image).is_some_and(|counts| counts.given_up > 0)
    }
}

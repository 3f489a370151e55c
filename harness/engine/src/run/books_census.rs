//! Counts the nodes of each image by their claims.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::books::{Books, Table};
use super::books_node::{Node, Role};
use imglock_core::{Action, Claim};

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
    fn add(&mut self, node: &Node) {
        if node.role == Role::Acquired {
            let counts = self.0.entry(node.image).or_default();
            *counts.claims.entry(node.claim_in_force()).or_default() += 1;
            counts.given_up += usize::from(node.gave_up);
        }
    }

    fn remove(&mut self, node: &Node) {
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
}

impl Books {
    /// Whether a node that acquired its claim on the image conflicts with
    /// `claim`. That node may be the one that makes `claim`.
    pub fn has_conflict(&self, image: usize, claim: Claim) -> bool {
        let counts = self.census.0.get(&image);
        counts.is_some_and(|counts| counts.claims.keys().any(|other| claim.conflicts_with(*other)))
    }

    /// Whether a migration's source has released the image.
    pub fn is_given_up(&self, image: usize) -> bool {
        self.census.0.get(&image).is_some_and(|counts| counts.given_up > 0)
    }

    /// The descriptor tables whose nodes an action may change.
    pub(super) fn tables_of(&self, actor: &str, action: &Action) -> Vec<usize> {
        let receiver = match action {
            Action::Send { to, .. } => Some(to.as_str()),
            _ => None,
        };
        let tables = [Some(actor), receiver].into_iter().flatten();
        let mut tables: Vec<usize> =
            tables.filter_map(|actor| self.actors.get(actor)).map(|actor| actor.table).collect();
        tables.dedup();
        tables
    }

    /// Removes the nodes of some tables from the counts.
    pub(super) fn uncount(&mut self, tables: &[usize]) {
        let counted = tables.iter().map(|table| &self.tables[*table]);
        counted.flat_map(visible).for_each(|node| self.census.remove(node));
    }

    /// Adds the nodes of some tables to the counts, as they are now.
    pub(super) fn count(&mut self, tables: impl IntoIterator<Item = usize>) {
        let counted = tables.into_iter().map(|table| &self.tables[table]);
        counted.flat_map(visible).for_each(|node| self.census.add(node));
    }

    /// The counts computed anew from all nodes.
    #[cfg(test)]
    pub(super) fn recounted(&self) -> Census {
        let mut anew = Books { census: Census::default(), ..self.clone() };
        anew.count(0..self.tables.len());
        anew.census
    }
}

/// The nodes of a table that [`Books::nodes`] returns.
fn visible(table: &Table) -> impl Iterator<Item = &Node> {
    table.nodes.values().filter(|_| table.sharers > 0)
}

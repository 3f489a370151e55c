//! The contract's check of the kernel's lock table: the lock bytes that each
//! owner must have, and the bytes it must not have.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::run::books::{Books, FullName, Node, Role};
use crate::run::breach::Breach;
use imglock_core::{
    Backend, Claim, HELD_BASE, Hazard, LockHolder, NodeName, Permission, Permissions, TableLock,
    UNSHARED_BASE, lock_bytes,
};

/// The owner of a lock: an open file description, or a process by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Description(usize),
    Process(String),
    /// The lock belongs to no open node: its descriptor is in the middle of an
    /// open, or something is wrong.
    Nobody,
}

type Bytes = BTreeMap<(usize, Owner), BTreeSet<i64>>;

/// Findings from earlier tables: names of nodes, each with its description.
#[derive(Debug, Default)]
pub(super) struct Sights {
    /// Openers that have lost their locks.
    lost: HashSet<(NodeName, usize)>,
    /// Copies of descriptors without the locks of their claim. Such a copy is
    /// no breach until it acquires a claim that it seems to have already.
    bare: HashSet<(NodeName, usize)>,
    /// The images on which the latest table showed leaked bytes.
    leaks: HashSet<usize>,
}

impl Sights {
    /// Whether a node lacks, or lacked, locks on one of the descriptions.
    pub(super) fn lacked(&self, name: FullName<'_>, descriptions: &[usize]) -> bool {
        descriptions.iter().any(|description| {
            let key = (name.to_name(), *description);
            self.lost.contains(&key) || self.bare.contains(&key)
        })
    }

    /// Whether bytes have leaked on an image.
    pub(super) fn has_leak(&self, image: usize) -> bool {
        self.leaks.contains(&image)
    }
}

/// Compares the table with the bytes that live openers must have. Each opener
/// that has lost its bytes is reported once.
pub(super) fn judge_table(books: &Books, table: &[TableLock], sights: &mut Sights) -> Vec<Breach> {
    let nodes: Vec<(FullName<'_>, &Node)> = books.nodes().collect();
    let bytes = lock_bytes_by_owner(&nodes, table);
    let mut breaches = missing(&nodes, &bytes, sights);
    sights.leaks.clear();
    for ((image, owner), bytes) in &bytes {
        if let Some(breach) = left_over(books, &nodes, *image, owner, bytes) {
            sights.leaks.extend((breach.hazard == Some(Hazard::LeakedLock)).then_some(*image));
            breaches.push(breach);
        }
    }
    breaches
}

fn lock_bytes_by_owner(nodes: &[(FullName<'_>, &Node)], table: &[TableLock]) -> Bytes {
    let mut bytes = Bytes::new();
    for lock in table.iter().filter(|lock| !lock.waiting) {
        let owner = match (lock.backend, lock.holders.first()) {
            (Backend::Posix, Some(holder)) => Owner::Process(holder.actor().to_owned()),
            (Backend::Ofd, Some(LockHolder::Node(name))) => nodes
                .iter()
                .find(|(node, _)| node.root == name.actor && node.node == name.node)
                .map_or(Owner::Nobody, |(_, node)| Owner::Description(node.description)),
            (Backend::Ofd, Some(LockHolder::Process(_))) | (_, None) => Owner::Nobody,
        };
        for base in [HELD_BASE, UNSHARED_BASE] {
            let of_base = Permission::ALL.iter().map(|p| base + i64::from(p.number()));
            let covered = of_base.filter(|b| lock.range.first <= *b && *b <= lock.range.last);
            bytes.entry((lock.image, owner.clone())).or_default().extend(covered);
        }
    }
    bytes.retain(|_, bytes| !bytes.is_empty());
    bytes
}

/// The owner of a node's locks.
fn owner_of(name: FullName<'_>, node: &Node) -> Option<Owner> {
    Some(match node.locks? {
        Backend::Ofd => Owner::Description(node.description),
        Backend::Posix => Owner::Process(name.root.to_owned()),
    })
}

fn missing(nodes: &[(FullName<'_>, &Node)], bytes: &Bytes, sights: &mut Sights) -> Vec<Breach> {
    let none = BTreeSet::new();
    let mut breaches = Vec::new();
    for (name, node) in nodes {
        let Some(owner) = owner_of(*name, node) else { continue };
        let key = (name.to_name(), node.description);
        let has = bytes.get(&(node.image, owner)).unwrap_or(&none);
        let gone: BTreeSet<i64> =
            lock_bytes(node.claim_in_force()).into_iter().filter(|b| !has.contains(b)).collect();
        if gone.is_empty() {
            continue;
        }
        let is_new = match node.role {
            Role::Acquired => sights.lost.insert(key),
            Role::Given | Role::Inherited => {
                sights.bare.insert(key);
                false
            }
        };
        if !is_new {
            continue;
        }
        breaches.push(Breach {
            hazard: Some(Hazard::LockLoss),
            expected: format!("{name} {}", node.claim_in_force()),
            actual: format!("missing from the kernel's lock table: {}", in_words(&gone)),
            message: format!("{name} is open and has lost its locks"),
        });
    }
    breaches
}

fn left_over(
    books: &Books,
    nodes: &[(FullName<'_>, &Node)],
    image: usize,
    owner: &Owner,
    bytes: &BTreeSet<i64>,
) -> Option<Breach> {
    let of_owner = || {
        nodes.iter().filter(|(name, node)| {
            node.image == image
                && match owner {
                    Owner::Description(description) => node.description == *description,
                    Owner::Process(process) => name.root == process,
                    Owner::Nobody => false,
                }
        })
    };
    if of_owner().any(|(_, node)| node.raw_locks) {
        return None;
    }
    let mut allowed: BTreeSet<i64> = of_owner()
        .filter(|(_, node)| node.role != Role::Inherited)
        .flat_map(|(_, node)| lock_bytes(node.claim_in_force()))
        .collect();
    for (_, claim) in books.in_flight().filter(|(on, _)| *on == image) {
        allowed.extend(lock_bytes(claim));
    }
    let extra: BTreeSet<i64> = bytes.difference(&allowed).copied().collect();
    if extra.is_empty() {
        return None;
    }
    let orphaned: BTreeSet<i64> = books.orphaned(image).flat_map(lock_bytes).collect();
    let heirs: Vec<String> = of_owner()
        .filter(|(_, node)| node.role == Role::Inherited)
        .map(|(name, _)| name.to_string())
        .collect();
    let who = match owner {
        _ if !heirs.is_empty() => {
            format!("{}, which only inherited the descriptor", heirs.join(" and "))
        }
        Owner::Process(process) => process.clone(),
        Owner::Description(_) => {
            of_owner().map(|(name, _)| name.to_string()).collect::<Vec<_>>().join(" and ")
        }
        Owner::Nobody => "a descriptor that belongs to no open node".to_owned(),
    };
    Some(Breach {
        // An heir or another copy keeps the description open after the opener.
        hazard: (of_owner().any(|(_, node)| node.copied) || extra.is_subset(&orphaned))
            .then_some(Hazard::LeakedLock),
        expected: "only live openers hold lock bytes".to_owned(),
        actual: format!("{who} {}", in_words(&extra)),
        message: format!("lock bytes outlive the opener that took them; they are kept by {who}"),
    })
}

/// The claim in words, such as `holds write; does not share resize`.
fn in_words(bytes: &BTreeSet<i64>) -> String {
    let of = |base: i64| -> Permissions {
        Permission::ALL
            .into_iter()
            .filter(|p| bytes.contains(&(base + i64::from(p.number()))))
            .collect()
    };
    Claim::new(of(HELD_BASE), of(UNSHARED_BASE).complement()).to_string()
}

use std::collections::BTreeSet;

use super::{Arrangement, OpenerProcesses};
use crate::process::Tried;
use imglock_core::{Backend, ByteRange, LockType};
use imglock_core::{Claim, lock_bytes};
use imglock_core::{LockHolder, NodeName, Outcome, TableLock};

/// The node that every opener with a process of its own has the image open as.
pub(super) const NODE: &str = "disk";

/// What a row of cases came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// A holder did not get what it had to, so nobody was tried beside it.
    NoRow {
        /// Which holder, from 0.
        holder: usize,
        /// What it got.
        outcome: Outcome,
    },
    /// All of them were tried.
    Row {
        /// What each try came to.
        tried: Vec<Tried>,
        /// The locks after the last try; `None` when the holders are where
        /// the tries are, and come and go with them.
        held: Option<Vec<TableLock>>,
        /// The locks after the last holder has closed the image.
        left: Vec<TableLock>,
    },
    /// No answer came.
    Silence {
        /// What became of it.
        why: String,
    },
}

/// What an opener with a process of its own is called.
pub(super) fn actor(number: usize) -> String {
    format!("vm{}", number + 1)
}

/// The locks that `holders` must have, as the kernel's table shows them when
/// each has a process of its own.
pub(super) fn locks_of(arrangement: Arrangement, holders: &[Claim]) -> Vec<TableLock> {
    debug_assert_eq!(arrangement.processes, OpenerProcesses::Several);
    let backend = arrangement.backend;
    let of_one = |(number, claim): (usize, &Claim)| {
        let owner = match backend {
            Backend::Ofd => NodeName::new(actor(number), NODE).into(),
            Backend::Posix => LockHolder::Process(actor(number)),
        };
        let holders = BTreeSet::from([owner]);
        let entry = move |range| TableLock {
            image: 0,
            backend,
            kind: LockType::Read,
            range,
            waiting: false,
            holders: holders.clone(),
        };
        ranges(*claim).into_iter().map(entry)
    };
    let mut locks: Vec<TableLock> = holders.iter().enumerate().flat_map(of_one).collect();
    locks.sort();
    locks
}

/// The lock bytes of a claim, neighbours joined as the kernel joins them.
pub(super) fn ranges(claim: Claim) -> Vec<ByteRange> {
    let mut ranges: Vec<ByteRange> = Vec::new();
    for byte in lock_bytes(claim) {
        match ranges.last_mut() {
            Some(last) if last.last + 1 == byte => last.last = byte,
            _ => ranges.push(ByteRange::new(byte, byte)),
        }
    }
    ranges
}

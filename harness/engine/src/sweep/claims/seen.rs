use std::collections::BTreeSet;

use super::{Arrangement, OpenerProcesses};
use crate::process::Tried;
use imglock_core::{
    Backend, ByteRange, Claim, LockHolder, LockType, NodeName, Outcome, TableLock, lock_bytes,
};

/// The name of the image's node in every opener with its own process.
pub(super) const NODE: &str = "disk";

/// The observed result of a row of cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// A holder did not get its claim, so no claim was tried beside it.
    NoRow {
        /// The holder, from 0.
        holder: usize,
        /// The holder's outcome.
        outcome: Outcome,
    },
    /// All claims were tried.
    Row {
        /// The outcome of each try.
        tried: Vec<Tried>,
        /// The locks after the last try; `None` if holders and tries share one
        /// process and open and close together.
        held: Option<Vec<TableLock>>,
        /// The locks after the last holder has closed the image.
        left: Vec<TableLock>,
    },
    /// A process gave no answer.
    Silence {
        /// What happened to the process.
        why: String,
    },
}

/// The name of an opener with its own process.
pub(super) fn actor(number: usize) -> String {
    format!("vm{}", number + 1)
}

/// The locks that `holders` must have, as the kernel's table shows them if each
/// holder has its own process.
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

/// The lock bytes of a claim. Neighbours are joined, as in the kernel.
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

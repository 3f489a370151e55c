use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::os::fd::RawFd;

use super::HolderOwner;
use super::scan::Descriptor;
use crate::lock_table::{AnyLine, LockClass};

/// An owner of locks, with the descriptors that show the locks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) owner: HolderOwner,
    pub(super) guessed: bool,
    /// (pid, descriptor), in ascending order.
    pub(super) members: Vec<(i32, RawFd)>,
    /// Its locks, in ascending order.
    pub(super) lines: Vec<AnyLine>,
}

/// Compares the open file descriptions of two descriptors. An error means that the result is
/// unknown.
pub(super) type Compare<'a> = &'a dyn Fn((i32, RawFd), (i32, RawFd)) -> Result<Ordering, ()>;

/// How often each lock appears in /proc/locks.
pub(super) type Counts = HashMap<AnyLine, usize>;

/// The owners of the locks that `descriptors` show.
///
/// Descriptors of one open file description show the same locks, so only those need to be compared.
/// If the kernel has such a lock only once, no comparison is needed.
pub(super) fn group(
    descriptors: &[Descriptor],
    counts: &Counts,
    compare: Compare<'_>,
) -> Vec<Group> {
    let mut alike: BTreeMap<Vec<AnyLine>, Vec<(i32, RawFd)>> = BTreeMap::new();
    let mut tables: BTreeMap<i32, (Vec<AnyLine>, Vec<RawFd>)> = BTreeMap::new();
    for Descriptor { pid, fd, lines, .. } in descriptors {
        let (posix, mut described): (Vec<AnyLine>, Vec<AnyLine>) =
            lines.iter().partition(|line| line.class == LockClass::Posix);
        if !described.is_empty() {
            described.sort_unstable();
            alike.entry(described).or_default().push((*pid, *fd));
        }
        if !posix.is_empty() {
            let (lines, fds) = tables.entry(*pid).or_default();
            lines.extend(posix);
            fds.push(*fd);
        }
    }
    let mut groups = Vec::new();
    for (lines, members) in alike {
        let count = lines.iter().filter_map(|line| counts.get(line)).min().copied().unwrap_or(0);
        groups.extend(by_description(members, count, compare).into_iter().map(
            |(members, guessed)| {
                let lines = lines.clone();
                Group { owner: HolderOwner::Description, guessed, members, lines }
            },
        ));
    }
    groups.extend(by_table(tables));
    for group in &mut groups {
        group.members.sort_unstable();
    }
    groups.sort_by(|a, b| a.members.cmp(&b.members));
    groups
}

/// Groups descriptors that show the same locks by their open file description.
fn by_description(
    members: Vec<(i32, RawFd)>,
    count: usize,
    compare: Compare<'_>,
) -> Vec<(Vec<(i32, RawFd)>, bool)> {
    if members.len() == 1 || count == 1 {
        return vec![(members, false)];
    }
    // Kept in the order of `compare`, so that thousands of descriptions can be distinguished.
    let mut described: Vec<Vec<(i32, RawFd)>> = Vec::new();
    for &member in &members {
        let mut failed = false;
        let place = described.binary_search_by(|group| {
            compare(group[0], member).unwrap_or_else(|()| {
                failed = true;
                Ordering::Equal
            })
        });
        match place {
            _ if failed => return guess(members, count),
            Ok(index) => described[index].push(member),
            Err(index) => described.insert(index, vec![member]),
        }
    }
    described.into_iter().map(|members| (members, false)).collect()
}

/// The result without kcmp(2): each descriptor is an owner if there are as many locks as
/// descriptors. Otherwise the grouping remains uncertain.
fn guess(members: Vec<(i32, RawFd)>, count: usize) -> Vec<(Vec<(i32, RawFd)>, bool)> {
    if count >= members.len() {
        members.into_iter().map(|member| (vec![member], true)).collect()
    } else {
        vec![(members, true)]
    }
}

/// Processes that share a descriptor table show the same POSIX locks, whose lines name the process
/// that set them.
fn by_table(tables: BTreeMap<i32, (Vec<AnyLine>, Vec<RawFd>)>) -> impl Iterator<Item = Group> {
    let mut alike: BTreeMap<Vec<AnyLine>, Vec<(i32, RawFd)>> = BTreeMap::new();
    for (pid, (mut lines, fds)) in tables {
        lines.sort_unstable();
        // A duplicate of the descriptor (dup) shows them again.
        lines.dedup();
        alike.entry(lines).or_default().extend(fds.into_iter().map(|fd| (pid, fd)));
    }
    alike.into_iter().map(|(lines, members)| Group {
        owner: HolderOwner::Table,
        guessed: false,
        members,
        lines,
    })
}

/// Subtracts the locks of `groups` from `counts`. Returns whether all of them were present.
pub(super) fn subtract(groups: &[Group], counts: &mut Counts) -> bool {
    let mut all = true;
    for line in groups.iter().flat_map(|group| &group.lines) {
        match counts.get_mut(line).filter(|left| **left > 0) {
            Some(left) => *left -= 1,
            None => all = false,
        }
    }
    all
}

#[cfg(test)]
mod tests;

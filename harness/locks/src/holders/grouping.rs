use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::os::fd::RawFd;

use super::HolderOwner;
use super::descriptor::Descriptor;
use super::task::Task;
use crate::lock_table::{AnyLine, LockClass};

/// An owner of locks, with the descriptors that show the locks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) owner: HolderOwner,
    pub(super) guessed: bool,
    /// In ascending order.
    pub(super) members: Vec<Member>,
    /// Its locks, in ascending order.
    pub(super) lines: Vec<AnyLine>,
}

/// A descriptor in the table of a task.
pub(super) type Member = (Task, RawFd);

/// How to tell owners apart that show the same locks. An error means that the result is unknown.
#[derive(Clone, Copy)]
pub(super) struct Compare<'a> {
    /// Compares the open file descriptions of two descriptors.
    pub(super) descriptions: &'a (dyn Fn(Member, Member) -> Result<Ordering, ()> + Sync),
    /// Compares the descriptor tables of two tasks.
    pub(super) tables: &'a (dyn Fn(Task, Task) -> Result<Ordering, ()> + Sync),
}

/// How often each lock appears in /proc/locks.
pub(super) type Counts = HashMap<AnyLine, usize>;

/// The owners of the locks that `descriptors` show.
///
/// Descriptors of one open file description show the same locks, and so do processes that share a
/// descriptor table. So only owners that show the same locks need to be compared.
/// If the kernel has such a lock only once, no comparison is needed.
pub(super) fn group(
    descriptors: &[Descriptor],
    counts: &Counts,
    compare: Compare<'_>,
) -> Vec<Group> {
    let mut alike: BTreeMap<Vec<AnyLine>, Vec<Member>> = BTreeMap::new();
    let mut tables: BTreeMap<Task, (Vec<AnyLine>, Vec<RawFd>)> = BTreeMap::new();
    for Descriptor { task, fd, lines, .. } in descriptors {
        let (posix, mut described): (Vec<AnyLine>, Vec<AnyLine>) =
            lines.iter().partition(|line| line.class == LockClass::Posix);
        if !described.is_empty() {
            described.sort_unstable();
            alike.entry(described).or_default().push((*task, *fd));
        }
        if !posix.is_empty() {
            let (lines, fds) = tables.entry(*task).or_default();
            lines.extend(posix);
            fds.push(*fd);
        }
    }
    let mut groups = Vec::new();
    for (lines, members) in alike {
        let same = |one: &Member, other: &Member| (compare.descriptions)(*one, *other);
        for (members, guessed) in owners(members, times(&lines, counts), same) {
            let (owner, lines) = (HolderOwner::Description, lines.clone());
            groups.push(Group { owner, guessed, members, lines });
        }
    }
    for (lines, tables) in alike_tables(tables) {
        let same = |one: &Table, other: &Table| (compare.tables)(one.0, other.0);
        for (tables, guessed) in owners(tables, times(&lines, counts), same) {
            let each = |(task, fds): Table| fds.into_iter().map(move |fd| (task, fd));
            let (owner, lines) = (HolderOwner::Table, lines.clone());
            let members = tables.into_iter().flat_map(each).collect();
            groups.push(Group { owner, guessed, members, lines });
        }
    }
    for group in &mut groups {
        group.members.sort_unstable();
    }
    groups.sort_by(|a, b| a.members.cmp(&b.members));
    groups
}

/// The descriptors that show POSIX locks in the table of a task.
type Table = (Task, Vec<RawFd>);

/// How many owners of all of these locks there can be.
fn times(lines: &[AnyLine], counts: &Counts) -> usize {
    lines.iter().filter_map(|line| counts.get(line)).min().copied().unwrap_or(0)
}

/// Divides members that show the same locks by their owner. `count` is the number of owners that the
/// kernel has. The second value is whether the result is a guess.
fn owners<T: Sync>(
    members: Vec<T>,
    count: usize,
    compare: impl Fn(&T, &T) -> Result<Ordering, ()> + Sync,
) -> Vec<(Vec<T>, bool)> {
    if members.len() == 1 || count == 1 {
        return vec![(members, false)];
    }
    let order = |one: usize, other: usize| compare(&members[one], &members[other]);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let Ok(owners) = sorted(0..members.len(), threads, &order) else {
        return guess(members, count);
    };
    let mut members: Vec<Option<T>> = members.into_iter().map(Some).collect();
    let mut of_owner =
        |places: Vec<usize>| places.iter().filter_map(|at| members[*at].take()).collect();
    owners.into_iter().map(|places| (of_owner(places), false)).collect()
}

/// So many places are worth a thread.
const FOR_A_THREAD: usize = 256;

/// The places in the order of their owners, which is that of `order`; those with one owner are one
/// entry. Thousands of owners can be told apart, since the order makes most comparisons unnecessary.
/// The work is divided between `threads` threads.
fn sorted(
    places: Range<usize>,
    threads: usize,
    order: &(impl Fn(usize, usize) -> Result<Ordering, ()> + Sync),
) -> Result<Vec<Vec<usize>>, ()> {
    if places.len() <= 1 {
        return Ok(places.map(|place| vec![place]).collect());
    }
    let middle = places.start + places.len() / 2;
    let (first, second) = (places.start..middle, middle..places.end);
    let (first, second) = if places.len() < FOR_A_THREAD || threads <= 1 {
        (sorted(first, 1, order), sorted(second, 1, order))
    } else {
        std::thread::scope(|scope| {
            let work = || sorted(first.clone(), threads / 2, order);
            let thread = std::thread::Builder::new().spawn_scoped(scope, work);
            let second = sorted(second, threads - threads / 2, order);
            // Where no thread can be started, this one does all of the work.
            let first = thread.map_or_else(|_| work(), |thread| thread.join().unwrap_or(Err(())));
            (first, second)
        })
    };
    merged(first?, second?, order)
}

fn merged(
    first: Vec<Vec<usize>>,
    second: Vec<Vec<usize>>,
    order: &impl Fn(usize, usize) -> Result<Ordering, ()>,
) -> Result<Vec<Vec<usize>>, ()> {
    let mut all = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter().peekable(), second.into_iter().peekable());
    while let (Some(one), Some(other)) = (first.peek(), second.peek()) {
        let order = order(one[0], other[0])?;
        let mut next = if order.is_le() { first.next() } else { second.next() }.unwrap_or_default();
        if order.is_eq() {
            next.extend(second.next().unwrap_or_default());
        }
        all.push(next);
    }
    all.extend(first.chain(second));
    Ok(all)
}

/// The result without kcmp(2): each member is an owner if there are as many locks as members.
/// Otherwise the grouping remains uncertain.
fn guess<T>(members: Vec<T>, count: usize) -> Vec<(Vec<T>, bool)> {
    if count >= members.len() {
        members.into_iter().map(|member| (vec![member], true)).collect()
    } else {
        vec![(members, true)]
    }
}

/// The tables that show the same POSIX locks, whose lines name the process that set them: those of
/// processes that share a table, and of threads with tables of their own.
fn alike_tables(
    tables: BTreeMap<Task, (Vec<AnyLine>, Vec<RawFd>)>,
) -> BTreeMap<Vec<AnyLine>, Vec<Table>> {
    let mut alike: BTreeMap<Vec<AnyLine>, Vec<Table>> = BTreeMap::new();
    for (task, (mut lines, fds)) in tables {
        lines.sort_unstable();
        // A duplicate of the descriptor (dup) shows them again.
        lines.dedup();
        alike.entry(lines).or_default().push((task, fds));
    }
    alike
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

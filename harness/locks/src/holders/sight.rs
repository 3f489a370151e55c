use std::collections::{BTreeMap, BTreeSet};

use super::descriptor::Found;
use super::facts::Facts;
use super::grouping::{Compare, Counts, Group, group, subtract};
use super::hidden::unexplained_by;
use super::target::Target;
use super::task::Task;
use super::waiters::waiters;
use super::{
    Explanation, FormerUser, HiddenHolder, Holder, HolderOwner, HolderProcess, OwnedLock,
    ServedClients, SurveyedImage, UnexplainedLock, UnlockedUser, Unseen, Waiter,
};
use crate::ask::{ForeignLock, Inquiry, NotAsked};
use crate::lock_table::{AnyLine, FileKey, LockClass};
use crate::raw::{compare_descriptions, compare_tables};
use crate::reach::Extent;
use crate::served::{ClientList, FileServer, StateKind};
use crate::users::DataUsers;
use imglock_core::{Access, LockType};

/// One file and what the pass found.
pub(super) struct Sight<'a> {
    pub(super) target: &'a Target,
    pub(super) key: FileKey,
    pub(super) found: &'a Found,
    pub(super) unseen: &'a Unseen,
    /// Tasks that show no descriptor.
    pub(super) bare: &'a [Task],
    /// The clients of the NFS server.
    pub(super) listed: &'a ClientList,
    pub(super) facts: &'a mut Facts,
    pub(super) settled: bool,
}

impl Sight<'_> {
    /// The image, with the locks of its file in /proc/locks.
    pub(super) fn image(&mut self, lines: &[AnyLine]) -> SurveyedImage {
        let (waiting, granted): (Vec<AnyLine>, Vec<AnyLine>) =
            lines.iter().partition(|line| line.waiting);
        let mut counts = Counts::new();
        let mut by_server: BTreeMap<FileServer, Vec<OwnedLock>> = BTreeMap::new();
        for line in granted {
            match self.facts.server(&line) {
                Some(server) => by_server.entry(server).or_default().push(owned(&line)),
                None => *counts.entry(line).or_default() += 1,
            }
        }
        let served = ServedClients::each(by_server, self.listed, self.key);
        let compare = Compare {
            descriptions: &|(one, fd), (other, other_fd)| {
                compare_descriptions((one.tid, fd), (other.tid, other_fd)).map_err(drop)
            },
            tables: &|one, other| compare_tables(one.tid, other.tid).map_err(drop),
        };
        let groups = group(&self.found.own, &counts, compare);
        // Locks on another file with the same name in /proc/locks.
        let mut twins = group(&self.found.twins, &counts, compare);
        twins.retain(|group| group.lines.iter().any(|line| line.file == self.key));
        self.settled &= subtract(&groups, &mut counts) & subtract(&twins, &mut counts);
        let mut holders: Vec<Holder> =
            groups.into_iter().filter_map(|group| self.holder(group)).collect();
        let mut left: Vec<AnyLine> =
            counts.into_iter().flat_map(|(line, left)| vec![line; left]).collect();
        left.sort_unstable();
        holders.extend(self.unseen_tables(&mut left));
        holders.sort_by_key(|holder| holder.processes.first().map(|process| process.pid));
        let mut unexplained: Vec<UnexplainedLock> =
            left.into_iter().map(|line| self.unexplained(line)).collect();
        let asked = self.ask(lines, &served);
        if let Ok(inquiry) = &asked {
            // Another file has the same name in /proc/locks.
            unexplained.retain(|one| !is_denied(inquiry, &one.lock));
        }
        let hidden = asked.as_ref().ok().and_then(|inquiry| self.hidden(inquiry, lines));
        let is_local = lines.iter().any(|line| line.class.backend().is_some());
        let waiters = waiters(&waiting, &self.found.own, self.facts);
        let unlocked = self.unlocked(&holders, &waiters);
        SurveyedImage {
            path: self.target.path.clone(),
            key: self.key,
            size: self.target.size,
            ambiguous: self.target.is_ambiguous(self.key),
            holders,
            waiters,
            unexplained,
            unlocked,
            served,
            asked,
            hidden,
            reach: self.target.reach.clone().with_visible_locks(is_local),
            users: DataUsers::default(),
            former: self.former(),
            replaced: self.target.replaced,
        }
    }

    /// The processes that have an earlier file of this name open.
    fn former(&mut self) -> Vec<FormerUser> {
        let mut users: BTreeMap<Task, FormerUser> = BTreeMap::new();
        for descriptor in &self.found.former {
            let Some(access) = descriptor.access else { continue };
            let (task, fds) = (descriptor.task, vec![descriptor.fd]);
            let user = match users.entry(task) {
                std::collections::btree_map::Entry::Occupied(user) => user.into_mut(),
                std::collections::btree_map::Entry::Vacant(place) => {
                    let Some(process) = self.facts.process(task, Vec::new()) else { continue };
                    place.insert(FormerUser { process, writable: false, locked: false })
                }
            };
            user.process.fds.extend(fds);
            user.writable |= access != Access::ReadOnly;
            user.locked |= !descriptor.lines.is_empty();
        }
        users.into_values().collect()
    }

    /// Asks the kernel, unless the holder of a lease or a client of the NFS server would notice, or
    /// the answer would not tell the locks of a client.
    fn ask(&self, lines: &[AnyLine], served: &[ServedClients]) -> Result<Inquiry, NotAsked> {
        if let Some(why) = served.iter().find_map(ServedClients::prevents_question) {
            return Err(why);
        }
        let granted = || lines.iter().filter(|line| !line.waiting);
        // A lease for reading stays when the file is opened for reading.
        let breaks = |line: &AnyLine| {
            matches!(line.class, LockClass::Lease | LockClass::Delegation)
                && line.kind != Some(LockType::Read)
        };
        if granted().any(breaks) {
            return Err(NotAsked::Lease);
        }
        let this = std::process::id().cast_signed();
        self.target
            .ask(granted().any(|line| line.class == LockClass::Posix && line.pid == Some(this)))
    }

    /// The owner of the locks that only the kernel's answers show.
    fn hidden(&mut self, inquiry: &Inquiry, lines: &[AnyLine]) -> Option<HiddenHolder> {
        let table: Vec<OwnedLock> = lines.iter().filter(|line| !line.waiting).map(owned).collect();
        let locks = unexplained_by(&table, inquiry);
        if locks.is_empty() {
            return None;
        }
        let beside = table.into_iter().filter(|lock| lock.class.backend().is_some()).collect();
        let could_be = [
            (self.target.may_hide, Explanation::FileSystem),
            (
                matches!(self.target.reach.extent, Extent::EveryHost | Extent::Unknown),
                Explanation::OtherHost,
            ),
            (true, Explanation::OtherNamespace),
        ];
        let could_be = could_be.into_iter().filter(|(can, _)| *can).map(|(_, why)| why).collect();
        let processes = self.named(&locks);
        Some(HiddenHolder { locks, beside, processes, could_be })
    }

    /// The processes that are named as owners and have the file open. A file server may name a
    /// process of another host, whose number means nothing here.
    fn named(&mut self, locks: &[ForeignLock]) -> Vec<HolderProcess> {
        let pids: BTreeSet<i32> = locks.iter().filter_map(|lock| lock.pid).collect();
        let open = |pid: &i32| self.found.own.iter().any(|descriptor| descriptor.task.pid == *pid);
        let pids: Vec<i32> = pids.into_iter().filter(open).collect();
        let fds = |pid: i32| {
            let its = self.found.own.iter().filter(|descriptor| descriptor.task.pid == pid);
            its.map(|descriptor| descriptor.fd).collect()
        };
        pids.into_iter().filter_map(|pid| self.facts.process(Task::main(pid), fds(pid))).collect()
    }

    fn holder(&mut self, group: Group) -> Option<Holder> {
        let Group { owner, guessed, members, lines } = group;
        let mut processes: Vec<HolderProcess> = Vec::new();
        for chunk in members.chunk_by(|a, b| a.0 == b.0) {
            let fds = chunk.iter().map(|(_, fd)| *fd).collect();
            match self.facts.process(chunk[0].0, fds) {
                Some(process) => processes.push(process),
                // The process has just exited, so this result is out of date.
                None => self.settled = false,
            }
        }
        let locks = lines.iter().map(owned).collect();
        (!processes.is_empty()).then_some(Holder { owner, guessed, processes, locks })
    }

    /// The owners of POSIX locks whose process could not be inspected: the kernel reports their pid.
    /// Their locks are removed from `left`.
    fn unseen_tables(&mut self, left: &mut Vec<AnyLine>) -> Vec<Holder> {
        let mut holders: Vec<Holder> = Vec::new();
        let facts = &mut *self.facts;
        left.retain(|line| {
            let known = (line.class == LockClass::Posix).then_some(line.pid).flatten();
            let Some(pid) = known else { return true };
            let same = |holder: &&mut Holder| holder.processes[0].pid == pid;
            if let Some(holder) = holders.iter_mut().find(same) {
                holder.locks.push(owned(line));
                return false;
            }
            let Some(process) = facts.process(Task::main(pid), Vec::new()) else { return true };
            let (owner, processes, locks) = (HolderOwner::Table, vec![process], vec![owned(line)]);
            holders.push(Holder { owner, guessed: false, processes, locks });
            false
        });
        holders
    }

    /// The other processes that have the file open.
    fn unlocked(&mut self, holders: &[Holder], waiters: &[Waiter]) -> Vec<UnlockedUser> {
        let holding = holders.iter().flat_map(|holder| &holder.processes);
        let waiting = waiters.iter().flat_map(|waiter| &waiter.processes);
        let known: BTreeSet<(i32, Option<i32>)> =
            holding.chain(waiting).map(|process| (process.pid, process.thread)).collect();
        let mut others: BTreeMap<Task, (Vec<i32>, bool)> = BTreeMap::new();
        for descriptor in &self.found.own {
            let task = descriptor.task;
            let is_known = known.contains(&(task.pid, task.thread()));
            let Some(access) = descriptor.access.filter(|_| !is_known) else {
                continue;
            };
            let (fds, writable) = others.entry(task).or_default();
            fds.push(descriptor.fd);
            *writable |= access != Access::ReadOnly;
        }
        let entry = |(task, (fds, writable))| {
            Some(UnlockedUser { process: self.facts.process(task, fds)?, writable })
        };
        others.into_iter().filter_map(entry).collect()
    }

    /// Returns whether a thread of nfsd that has ended can have taken a lock: its number is no process,
    /// and a client has locks on the file.
    fn may_be_served(&self, line: &AnyLine, has_process: bool) -> bool {
        let listed = self.listed.on(self.key);
        let locks = listed.iter().any(|client| client.has(StateKind::Lock));
        line.class == LockClass::Posix && !has_process && locks
    }

    fn unexplained(&mut self, line: AnyLine) -> UnexplainedLock {
        let process = line.pid.and_then(|pid| self.facts.process(Task::main(pid), Vec::new()));
        let likely = self.facts.exiting(self.bare);
        let unreadable = !self.unseen.processes.is_empty()
            || !self.unseen.descriptors.is_empty()
            || self.unseen.hidden;
        let could_be = [
            (!likely.is_empty(), Explanation::ExitingProcess),
            (unreadable, Explanation::UnreadableProcess),
            (self.target.is_ambiguous(self.key), Explanation::OtherFile),
            (line.class != LockClass::Posix, Explanation::InFlight),
            (line.class != LockClass::Posix, Explanation::IoUring),
            (!self.unseen.threads.is_empty(), Explanation::ThreadTable),
            (line.pid.is_none(), Explanation::OtherNamespace),
            (self.may_be_served(&line, process.is_some()), Explanation::ServedClient),
        ];
        let could_be = could_be.into_iter().filter(|(can, _)| *can).map(|(_, why)| why).collect();
        UnexplainedLock { lock: owned(&line), process, likely, could_be }
    }
}

/// Returns whether the kernel's answers rule out a lock that a table shows: it has gone, or it is on
/// another file.
pub(super) fn is_denied(inquiry: &Inquiry, lock: &OwnedLock) -> bool {
    let reported = || inquiry.reported().iter().any(|other| other.range.overlaps(lock.range));
    lock.class.backend().is_some() && inquiry.gap.is_none() && !reported()
}

fn owned(line: &AnyLine) -> OwnedLock {
    OwnedLock { class: line.class, kind: line.kind, range: line.range }
}

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::Path;

use super::descriptor::{Descriptor, Found};
use super::facts::Facts;
use super::grouping::{Compare, Counts, Group, group, subtract};
use super::hidden::unexplained_by;
use super::proc::Proc;
use super::scan::{Scan, scan};
use super::target::Target;
use super::task::Task;
use super::waiters::waiters;
use super::{
    Explanation, HiddenHolder, Holder, HolderOwner, HolderProcess, OwnedLock, ServedClients,
    Survey, SurveyError, SurveyedImage, UnexplainedLock, UnlockedUser, Unseen, Waiter,
};
use crate::ask::{ForeignLock, Inquiry, NotAsked};
use crate::lock_table::{AnyLine, FileKey, LockClass, lines_of};
use crate::raw::{compare_descriptions, compare_tables};
use crate::reach::{Extent, Mounts};
use crate::served::{ClientList, FileServer, StateKind};
use crate::users::{DataUsers, KnownFile, KnownOpener, users};
use imglock_core::{Access, LockType};

/// The maximum number of passes while locks change.
const MOST_LOOKS: usize = 5;

/// The maximum number of repetitions of a survey that did not settle.
const MOST_SURVEYS: usize = 10;

/// Finds every owner of a lock on the files at `paths`, in one pass over /proc, and asks the kernel
/// about the locks that /proc does not show (`F_OFD_GETLK`).
///
/// Symbolic links and hard links are followed. A deleted file is found by a link such as
/// /proc/PID/fd/N.
///
/// The survey acquires no lock. To ask, it opens the file for reading, in a thread with a descriptor
/// table of its own, so that no POSIX lock of this process is dropped. The tables and the kernel's
/// answers cannot be read at the same moment, so it repeats the pass, up to a limit, while they
/// disagree ([`Survey::settled`]).
///
/// # Errors
/// If a path does not lead to a regular file or a block device, or /proc cannot be read. A process
/// that cannot be inspected is not an error; it is counted in [`Survey::unseen`].
pub fn survey<P: AsRef<Path>>(paths: &[P]) -> Result<Survey, SurveyError> {
    let mut mounts = Mounts::default();
    let targets = paths
        .iter()
        .map(|path| {
            let path = path.as_ref();
            let target = Target::find(path, &mut mounts)
                .map_err(|source| SurveyError::Image { path: path.to_owned(), source })?;
            match target.not_an_image {
                Some(what) => Err(SurveyError::NotAnImage { path: path.to_owned(), what }),
                None => Ok(target),
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut last: Option<Survey> = None;
    let mut last_openers = Vec::new();
    for _ in 0..MOST_LOOKS {
        let (mut seen, openers) = look(&targets).map_err(SurveyError::Proc)?;
        let explained = seen.images.iter().all(is_explained);
        // A lock that remains unexplained is really there. A result that does not change is correct.
        let confirmed = last.as_ref().is_some_and(|last| last.images == seen.images);
        if (seen.settled && explained) || confirmed {
            seen.settled = true;
            return with_users(seen, &targets, openers);
        }
        last = Some(Survey { settled: false, ..seen });
        last_openers = openers;
    }
    match last {
        Some(seen) => with_users(seen, &targets, last_openers),
        None => Err(SurveyError::Proc(io::Error::other("no pass was made"))),
    }
}

/// Adds the users of each image's bytes, of which the survey itself has found the `openers`.
fn with_users(
    mut seen: Survey,
    targets: &[Target],
    openers: Vec<Vec<KnownOpener>>,
) -> Result<Survey, SurveyError> {
    let files = targets.iter().zip(&seen.images).zip(openers).map(|((target, image), openers)| {
        let identity = target.identity(image.key).map_err(SurveyError::Proc)?;
        Ok(KnownFile { identity, openers })
    });
    let files = files.collect::<Result<Vec<_>, SurveyError>>()?;
    for (image, users) in seen.images.iter_mut().zip(users(&files)) {
        image.users = users;
    }
    Ok(seen)
}

/// Like [`survey`], but repeats the survey, up to a limit, until it settles. Other processes on
/// the machine may change locks so often that one survey is not enough.
///
/// # Errors
/// As for [`survey`].
pub fn survey_settled<P: AsRef<Path>>(paths: &[P]) -> Result<Survey, SurveyError> {
    let mut seen = survey(paths)?;
    for _ in 0..MOST_SURVEYS {
        if seen.settled {
            break;
        }
        seen = survey(paths)?;
    }
    Ok(seen)
}

/// Returns whether tables and answers agree, and every lock has a known owner.
fn is_explained(image: &SurveyedImage) -> bool {
    let denied = image.asked.as_ref().is_ok_and(|inquiry| {
        let holders = image.holders.iter().flat_map(|holder| &holder.locks);
        holders.clone().any(|lock| is_denied(inquiry, lock))
    });
    image.unexplained.is_empty() && image.hidden.is_none() && !denied
}

/// Returns whether the kernel's answers rule out a lock that a table shows: it has gone, or it is on
/// another file.
fn is_denied(inquiry: &Inquiry, lock: &OwnedLock) -> bool {
    let complete = inquiry.whole && inquiry.failure().is_none();
    let reported = || inquiry.reported().iter().any(|other| other.range.overlaps(lock.range));
    lock.class.backend().is_some() && complete && !reported()
}

/// One pass, and the processes that have each file open.
fn look(targets: &[Target]) -> io::Result<(Survey, Vec<Vec<KnownOpener>>)> {
    let mut proc = Proc::open()?;
    let Scan { found, unseen, bare } = scan(targets, &mut proc)?;
    let keys: Vec<FileKey> =
        targets.iter().zip(&found).map(|(target, found)| key(target, found)).collect();
    let mut lines: HashMap<FileKey, Vec<AnyLine>> = HashMap::new();
    for line in lines_of(|file| keys.contains(&file))? {
        lines.entry(line.file).or_default().push(line);
    }
    let listed = ClientList::read(&keys);
    let mut facts = Facts::new(&mut proc);
    let mut survey = Survey { images: Vec::new(), unseen, nested: is_nested(), settled: true };
    for ((target, found), key) in targets.iter().zip(&found).zip(keys) {
        let lines = lines.get(&key).map_or(&[][..], Vec::as_slice);
        let (unseen, bare, listed) = (&survey.unseen, &bare[..], &listed);
        let facts = &mut facts;
        let mut sight = Sight { target, key, found, unseen, bare, listed, facts, settled: true };
        let image = sight.image(lines);
        survey.settled &= sight.settled;
        survey.images.push(image);
    }
    Ok((survey, found.iter().map(openers).collect()))
}

/// The processes with a descriptor that can read or write.
fn openers(found: &Found) -> Vec<KnownOpener> {
    let opener = |descriptor: &Descriptor| {
        let writable = descriptor.access? != Access::ReadOnly;
        Some(KnownOpener { pid: descriptor.task.pid, writable })
    };
    found.own.iter().filter_map(opener).collect()
}

/// The name of the file in /proc/locks. It is certain if the fdinfo of a descriptor shows one of
/// its locks.
fn key(target: &Target, found: &Found) -> FileKey {
    let shown = found.own.iter().flat_map(|descriptor| &descriptor.lines).next();
    shown.map_or(target.key, |line| line.file)
}

/// One file and what the pass found.
struct Sight<'a, 'p> {
    target: &'a Target,
    key: FileKey,
    found: &'a Found,
    unseen: &'a Unseen,
    /// Tasks that show no descriptor.
    bare: &'a [Task],
    /// The clients of the NFS server.
    listed: &'a ClientList,
    facts: &'a mut Facts<'p>,
    settled: bool,
}

impl Sight<'_, '_> {
    fn image(&mut self, lines: &[AnyLine]) -> SurveyedImage {
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
        }
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
            (self.target.reach.extent == Extent::EveryHost, Explanation::OtherHost),
            (
                self.target.reach.extent == Extent::Unknown && !self.target.may_hide,
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

/// The inode number of the initial pid namespace (`PROC_PID_INIT_INO`, include/linux/proc_ns.h).
const INITIAL_PID_NAMESPACE: &str = "pid:[4026531836]";

/// Returns whether this process is in a pid namespace below the initial one.
fn is_nested() -> bool {
    let namespace = std::fs::read_link("/proc/self/ns/pid");
    namespace.is_ok_and(|namespace| namespace.as_os_str() != INITIAL_PID_NAMESPACE)
}

fn owned(line: &AnyLine) -> OwnedLock {
    OwnedLock { class: line.class, kind: line.kind, range: line.range }
}

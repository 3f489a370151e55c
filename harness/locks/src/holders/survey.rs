use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use super::descriptor::Found;
use super::facts::Facts;
use super::grouping::{Compare, Counts, Group, group, subtract};
use super::pass::scan;
use super::scan::Scan;
use super::target::{Mounts, Target};
use super::task::Task;
use super::waiters::waiters;
use super::{
    Explanation, Holder, HolderOwner, HolderProcess, OwnedLock, Survey, SurveyedImage,
    UnexplainedLock, UnlockedUser, Unseen, Waiter,
};
use crate::lock_table::{AnyLine, FileKey, LockClass, lines_of};
use crate::raw::{compare_descriptions, compare_tables};
use imglock_core::{Access, ByteRange, LockType};

/// The maximum number of passes while locks change.
const MOST_LOOKS: usize = 5;

/// The maximum number of repetitions of a survey that did not settle.
const MOST_SURVEYS: usize = 10;

/// The reason why a survey failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SurveyError {
    /// The path does not lead to a file, or a directory in it cannot be searched.
    #[error("cannot look at {}: {source}", path.display())]
    Image {
        /// The path.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// /proc is missing or cannot be read.
    #[error("cannot read locks from /proc: {0}")]
    Proc(io::Error),
}

/// Finds every owner of a lock on the files at `paths`, in one pass over /proc.
///
/// Symbolic links and hard links are followed. A deleted file is found by a link such as
/// /proc/PID/fd/N.
///
/// The survey acquires no lock and does not affect other processes. Descriptors and /proc/locks
/// cannot be read at the same moment, so it repeats the pass, up to a limit, while the two
/// disagree ([`Survey::settled`]).
///
/// # Errors
/// If a path does not lead to a file, or /proc cannot be read. A process that cannot be inspected
/// is not an error; it is counted in [`Survey::unseen`].
pub fn survey<P: AsRef<Path>>(paths: &[P]) -> Result<Survey, SurveyError> {
    let mut mounts = Mounts::default();
    let targets = paths
        .iter()
        .map(|path| {
            let path = path.as_ref();
            Target::find(path, &mut mounts)
                .map_err(|source| SurveyError::Image { path: path.to_owned(), source })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut last: Option<Survey> = None;
    for _ in 0..MOST_LOOKS {
        let mut seen = look(&targets).map_err(SurveyError::Proc)?;
        let explained = seen.images.iter().all(|image| image.unexplained.is_empty());
        // A lock that remains unexplained is really there. A result that does not change is correct.
        let confirmed = last.as_ref().is_some_and(|last| last.images == seen.images);
        if (seen.settled && explained) || confirmed {
            seen.settled = true;
            return Ok(seen);
        }
        last = Some(Survey { settled: false, ..seen });
    }
    last.ok_or_else(|| SurveyError::Proc(io::Error::other("no pass was made")))
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

/// One pass.
fn look(targets: &[Target]) -> io::Result<Survey> {
    // The kernel makes the first reader of /proc/locks wait, so it is read beside the scan.
    let (scanned, table) = std::thread::scope(|scope| {
        let read = || lines_of(|file| targets.iter().any(|target| target.may_be(file)));
        let table = std::thread::Builder::new().spawn_scoped(scope, read);
        let scanned = scan(targets);
        let table = match table.map(|thread| thread.join()) {
            Ok(Ok(table)) => table,
            // Where no thread can be started, this one reads the table.
            Err(_) | Ok(Err(_)) => read(),
        };
        (scanned, table)
    });
    let Scan { found, unseen, bare, mut facts } = scanned?;
    let keys: Vec<FileKey> =
        targets.iter().zip(&found).map(|(target, found)| key(target, found)).collect();
    let mut lines: HashMap<FileKey, Vec<AnyLine>> = HashMap::new();
    let known = targets.iter().zip(&keys).all(|(target, key)| target.may_be(*key));
    let table = if known { table? } else { lines_of(|file| keys.contains(&file))? };
    for line in table {
        lines.entry(line.file).or_default().push(line);
    }
    let mut survey = Survey { images: Vec::new(), unseen, settled: true };
    for ((target, found), key) in targets.iter().zip(&found).zip(keys) {
        let lines = lines.get(&key).map_or(&[][..], Vec::as_slice);
        let (unseen, bare, facts) = (&survey.unseen, &bare[..], &mut facts);
        let mut sight = Sight { target, key, found, unseen, bare, facts, settled: true };
        let image = sight.image(lines);
        survey.settled &= sight.settled;
        survey.images.push(image);
    }
    Ok(survey)
}

/// The name of the file in /proc/locks. It is certain if the fdinfo of a descriptor shows one of
/// its locks.
fn key(target: &Target, found: &Found) -> FileKey {
    let shown = found.own.iter().flat_map(|descriptor| &descriptor.lines).next();
    shown.map_or(target.key, |line| line.file)
}

/// One file and what the pass found.
struct Sight<'a> {
    target: &'a Target,
    key: FileKey,
    found: &'a Found,
    unseen: &'a Unseen,
    /// Tasks that show no descriptor.
    bare: &'a [Task],
    facts: &'a mut Facts,
    settled: bool,
}

impl Sight<'_> {
    fn image(&mut self, lines: &[AnyLine]) -> SurveyedImage {
        let (waiting, granted): (Vec<AnyLine>, Vec<AnyLine>) =
            lines.iter().partition(|line| line.waiting);
        let mut counts = Counts::new();
        for line in granted {
            *counts.entry(line).or_default() += 1;
        }
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
        if lines.is_empty() && holders.is_empty() {
            unexplained.extend(self.target.hidden_locks().into_iter().map(hidden));
        }
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
        }
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
        ];
        let could_be = could_be.into_iter().filter(|(can, _)| *can).map(|(_, why)| why).collect();
        UnexplainedLock { lock: owned(&line), process, likely, could_be }
    }
}

/// A lock that the file system reported in a test, with an unknown owner.
fn hidden((kind, range): (LockType, ByteRange)) -> UnexplainedLock {
    let lock = OwnedLock { class: LockClass::Ofd, kind: Some(kind), range };
    UnexplainedLock {
        lock,
        process: None,
        likely: Vec::new(),
        could_be: vec![Explanation::FileSystem],
    }
}

fn owned(line: &AnyLine) -> OwnedLock {
    OwnedLock { class: line.class, kind: line.kind, range: line.range }
}

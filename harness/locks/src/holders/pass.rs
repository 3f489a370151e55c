use std::collections::BTreeMap;
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, RawFd};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use nix::errno::Errno as NixErrno;
use rustix::fs::{Statx, readlinkat};
use rustix::io::Errno;

use super::UnseenReason;
use super::credentials::{Ourselves, Refused};
use super::descriptor::{Descriptor, DescriptorInfo, is_file, look};
use super::devices::MountDevices;
use super::proc::{Proc, each_number};
use super::scan::Scan;
use super::stat::Stat;
use super::target::{DELETED, StatKey, Target, stat_key};
use super::task::Task;
use crate::raw::compare_tables;

/// The number of processes that a thread inspects at a time.
const BATCH: usize = 64;

/// More threads than this are of no use: the kernel's work on /proc does not scale so far.
const MOST_THREADS: usize = 8;

/// Inspects every descriptor in every descriptor table for which it has permission.
///
/// A process that exits during the scan holds nothing. Nearly all of the time is the kernel's, so the
/// processes are divided between threads.
///
/// # Errors
/// If /proc cannot be read, or this process lacks a descriptor or memory for it.
pub(super) fn scan(targets: &[Target]) -> io::Result<Scan> {
    let mut whole = Scan::nothing(targets)?;
    let pids = whole.facts.proc().pids()?;
    // The init process of a namespace lives as long as any other process in it.
    whole.unseen.hidden = !pids.contains(&1);
    let batches: Vec<&[i32]> = pids.chunks(BATCH).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut pass = Pass::new(targets, Scan::nothing(targets)?);
        while let Some(batch) = batches.get(next.fetch_add(1, Relaxed)) {
            batch.iter().try_for_each(|pid| pass.process(*pid))?;
        }
        Ok(pass.scan)
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let others = cores.min(MOST_THREADS).min(batches.len()).saturating_sub(1);
    std::thread::scope(|scope| {
        let start = |_| std::thread::Builder::new().spawn_scoped(scope, work).ok();
        // Where no thread can be started, this one does all of the work.
        let threads: Vec<_> = (0..others).map_while(start).collect();
        let ours = work();
        let failed = |_| Err(io::Error::other("a thread of the survey panicked"));
        let theirs = threads.into_iter().map(|thread| thread.join().unwrap_or_else(failed));
        std::iter::once(ours).chain(theirs).try_for_each(|part| {
            whole.add(part?);
            Ok::<(), io::Error>(())
        })
    })?;
    whole.sort();
    Ok(whole)
}

/// A thread's part of a pass over /proc.
struct Pass<'a> {
    targets: &'a [Target],
    scan: Scan,
    /// Read when a process first refuses. The inner `None` means that it cannot be read.
    ourselves: Option<Option<Ourselves>>,
    devices: MountDevices,
}

/// What a look at a descriptor table showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// The table has this many descriptors.
    Listed(usize),
    Refused(Refused),
    /// The task has exited.
    Gone,
}

impl<'a> Pass<'a> {
    /// A part that adds to `scan`.
    fn new(targets: &'a [Target], scan: Scan) -> Pass<'a> {
        Pass { targets, scan, ourselves: None, devices: MountDevices::default() }
    }

    fn proc(&mut self) -> &mut Proc {
        self.scan.facts.proc()
    }

    /// Inspects every descriptor table of a process.
    fn process(&mut self, pid: i32) -> io::Result<()> {
        let main = Task::main(pid);
        match self.table(main)? {
            Look::Gone => return Ok(()),
            Look::Listed(0) => self.scan.bare.push(main),
            Look::Listed(_) => {}
            Look::Refused(refused) => match Stat::of(main, self.proc()) {
                // The kernel shows nobody's list of a task that has exited, but root's.
                Ok(stat) if stat.has_exited() || stat.is_exiting() => self.scan.bare.push(main),
                Ok(stat) if stat.is_kernel_thread() => return Ok(()),
                Ok(_) => {
                    let reason = self.why(main, refused);
                    count(&mut self.scan.unseen.processes, reason);
                    return Ok(());
                }
                Err(Errno::ACCESS | Errno::PERM) => {
                    self.scan.unseen.hidden = true;
                    return Ok(());
                }
                Err(errno) => return fatal(errno),
            },
        }
        self.threads(main)
    }

    /// Looks at the tables of threads that do not share the table of the main thread.
    fn threads(&mut self, main: Task) -> io::Result<()> {
        let threads = match self.proc().threads(main.pid) {
            Ok(threads) => threads,
            Err(Errno::ACCESS | Errno::PERM) => return Ok(()),
            Err(errno) => return fatal(errno),
        };
        // A thread of each table that is known.
        let mut tables = vec![main.tid];
        for tid in threads.into_iter().filter(|tid| *tid != main.tid) {
            let task = Task { tid, ..main };
            let known = tables.iter().try_fold(false, |known, other| {
                compare_tables(*other, tid).map(|order| known || order.is_eq())
            });
            match known {
                Ok(true) | Err(NixErrno::ESRCH) => continue,
                Ok(false) => {
                    tables.push(tid);
                    self.thread(task)?;
                }
                // Without kcmp(2), only its descriptors tell a table from that of another thread.
                Err(_) => {
                    let before = self.marks();
                    self.thread(task)?;
                    self.drop_copies(&before);
                }
            }
        }
        Ok(())
    }

    fn thread(&mut self, task: Task) -> io::Result<()> {
        match self.table(task)? {
            Look::Gone | Look::Listed(1..) => {}
            Look::Listed(0) => self.scan.bare.push(task),
            Look::Refused(refused) => match Stat::of(task, self.proc()) {
                Ok(stat) if stat.has_exited() || stat.is_exiting() => self.scan.bare.push(task),
                Ok(_) | Err(Errno::ACCESS | Errno::PERM) => {
                    let reason = self.why(task, refused);
                    count(&mut self.scan.unseen.threads, reason);
                }
                Err(errno) => return fatal(errno),
            },
        }
        Ok(())
    }

    /// Adds the descriptors of the targets in the table of a task.
    fn table(&mut self, task: Task) -> io::Result<Look> {
        let directory = match self.proc().descriptors(task) {
            Ok(directory) => directory,
            Err(Errno::ACCESS | Errno::PERM) => return Ok(Look::Refused(Refused::List)),
            Err(errno) => return fatal(errno).map(|()| Look::Gone),
        };
        let mut listed = 0;
        // Whether the task is known to permit a look at its descriptors.
        let mut permitted = false;
        let looked = each_number(&directory, |fd, name| {
            listed += 1;
            match look(&directory, name) {
                Ok(status) if status.stx_ino != 0 => {
                    permitted = true;
                    if status.stx_nlink == 0 {
                        self.deleted(&directory, name, (task, fd), &status)
                            .map_err(Stop::Failed)?;
                    }
                    self.descriptor(task, fd, stat_key(&status)).map_err(Stop::Failed)
                }
                // Some file systems tell only the device to a user without access (FUSE without
                // `allow_other`).
                Ok(status) => {
                    permitted = true;
                    let device = (status.stx_dev_major, status.stx_dev_minor);
                    let could_be = |target: &Target| target.stat.device == device;
                    if self.targets.iter().any(could_be) {
                        self.unclear(task, fd, Errno::ACCESS).map_err(Stop::Failed)?;
                    }
                    Ok(())
                }
                Err(errno @ (Errno::ACCESS | Errno::PERM)) => {
                    // The task refuses all of its links, a file system only those of its own files.
                    if !permitted {
                        match readlinkat(&directory, name, Vec::new()) {
                            Ok(_) => permitted = true,
                            Err(Errno::ACCESS | Errno::PERM) => return Err(Stop::Refused),
                            Err(_) => return Ok(()),
                        }
                    }
                    self.unclear(task, fd, errno).map_err(Stop::Failed)
                }
                // It was closed meanwhile.
                Err(Errno::NOENT | Errno::SRCH) => Ok(()),
                Err(errno) => {
                    fatal(errno).map_err(Stop::Failed)?;
                    self.unclear(task, fd, errno).map_err(Stop::Failed)
                }
            }
        });
        match looked {
            Ok(()) => Ok(Look::Listed(listed)),
            Err(Stop::Refused) => Ok(Look::Refused(Refused::Links)),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// Adds a descriptor if it has the inode number of a target. fdinfo is read for very few.
    fn descriptor(&mut self, task: Task, fd: RawFd, stat: StatKey) -> io::Result<()> {
        if !self.targets.iter().any(|target| target.stat.inode == stat.inode) {
            return Ok(());
        }
        let info = match self.info(task, fd)? {
            Ok(info) => info,
            Err(errno) => {
                self.count_descriptor(errno);
                return Ok(());
            }
        };
        if self.targets.iter().any(|target| target.stat == stat) {
            self.scan.facts.learn(task);
        }
        for (target, found) in self.targets.iter().zip(&mut self.scan.found) {
            if target.stat.inode == stat.inode {
                let list = if target.stat == stat { &mut found.own } else { &mut found.twins };
                let DescriptorInfo { lines, access, .. } = &info;
                list.push(Descriptor { task, fd, lines: lines.clone(), access: *access });
            }
        }
        Ok(())
    }

    /// Adds the descriptor of a deleted file if the file had the name of a target.
    fn deleted(
        &mut self,
        directory: impl AsFd,
        link: &CStr,
        (task, fd): (Task, RawFd),
        status: &Statx,
    ) -> io::Result<()> {
        let stat = stat_key(status);
        // A file that takes the place of another one is on the same file system.
        let could_be = |target: &Target| target.stat.device == stat.device && target.stat != stat;
        if !self.targets.iter().any(could_be) {
            return Ok(());
        }
        let Ok(name) = readlinkat(directory, link, Vec::new()) else { return Ok(()) };
        let Some(name) = name.to_bytes().strip_suffix(DELETED) else { return Ok(()) };
        let named = |target: &Target| could_be(target) && target.name.as_deref() == Some(name);
        let Some(at) = self.targets.iter().position(named) else { return Ok(()) };
        if let Ok(DescriptorInfo { lines, access, .. }) = self.info(task, fd)? {
            self.scan.facts.learn(task);
            self.scan.found[at].former.push(Descriptor { task, fd, lines, access });
        }
        Ok(())
    }

    /// Decides by fdinfo what stat(2) of a descriptor would have told.
    fn unclear(&mut self, task: Task, fd: RawFd, errno: Errno) -> io::Result<()> {
        let info = match self.info(task, fd)? {
            Ok(info) => info,
            Err(_) => {
                self.count_descriptor(errno);
                return Ok(());
            }
        };
        // It was closed meanwhile.
        let Some(mount) = info.mount else { return Ok(()) };
        let device = self.devices.find(mount, task, self.scan.facts.proc());
        let mut could_be = false;
        for (target, found) in self.targets.iter().zip(&mut self.scan.found) {
            match is_file(target.key, device, info.inode) {
                Some(false) => {}
                Some(true) if !target.is_ambiguous(target.key) => {
                    let DescriptorInfo { lines, access, .. } = &info;
                    let (lines, access) = (lines.clone(), *access);
                    found.own.push(Descriptor { task, fd, lines, access });
                }
                _ => could_be = true,
            }
        }
        if could_be {
            self.count_descriptor(errno);
        }
        Ok(())
    }

    /// The fdinfo of a descriptor, without content if it was closed meanwhile, or the error if the
    /// kernel does not show it.
    fn info(&mut self, task: Task, fd: RawFd) -> io::Result<Result<DescriptorInfo, Errno>> {
        match self.proc().record(format_args!("{task}/fdinfo/{fd}")) {
            Ok(text) => Ok(Ok(DescriptorInfo::parse(text))),
            Err(Errno::NOENT | Errno::SRCH) => Ok(Ok(DescriptorInfo::parse(b""))),
            Err(errno) => fatal(errno).map(|()| Err(errno)),
        }
    }

    fn count_descriptor(&mut self, errno: Errno) {
        let errno = imglock_core::Errno::from_raw(errno.raw_os_error());
        *self.scan.unseen.descriptors.entry(errno.to_string()).or_default() += 1;
    }

    /// `None` if the task has exited meanwhile.
    fn why(&mut self, task: Task, refused: Refused) -> Option<UnseenReason> {
        let proc = self.scan.facts.proc();
        let ourselves = self.ourselves.get_or_insert_with(|| Ourselves::read(proc));
        let Some(ourselves) = ourselves else { return Some(UnseenReason::Undetermined) };
        let (reason, missing) = ourselves.why(task, refused, proc)?;
        self.scan.unseen.needs.extend(missing);
        Some(reason)
    }

    /// The number of descriptors found so far, for each target.
    fn marks(&self) -> Vec<(usize, usize)> {
        self.scan.found.iter().map(|found| (found.own.len(), found.twins.len())).collect()
    }

    /// Drops the descriptors behind the marks that another thread of the process showed, too.
    fn drop_copies(&mut self, marks: &[(usize, usize)]) {
        for (found, &(own, twins)) in self.scan.found.iter_mut().zip(marks) {
            drop_copies(&mut found.own, own);
            drop_copies(&mut found.twins, twins);
        }
    }
}

fn drop_copies(list: &mut Vec<Descriptor>, mark: usize) {
    for new in list.split_off(mark) {
        let alike = |known: &Descriptor| known.fd == new.fd && known.lines == new.lines;
        let mut of_process = list.iter().rev().take_while(|known| known.task.pid == new.task.pid);
        if !of_process.any(alike) {
            list.push(new);
        }
    }
}

/// The reason to stop looking at a table.
enum Stop {
    Refused,
    Failed(io::Error),
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Stop {
        Stop::Failed(errno.into())
    }
}

/// Returns an error if this process is at fault. For any other reason, a task of which a file cannot
/// be opened has exited.
fn fatal(errno: Errno) -> io::Result<()> {
    match errno {
        Errno::MFILE | Errno::NFILE | Errno::NOMEM => Err(errno.into()),
        _ => Ok(()),
    }
}

fn count(counts: &mut BTreeMap<UnseenReason, usize>, reason: Option<UnseenReason>) {
    if let Some(reason) = reason {
        *counts.entry(reason).or_default() += 1;
    }
}

#[cfg(test)]
mod tests;

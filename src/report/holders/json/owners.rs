//! Owners of locks and users, as parts of the document.

use imglock_core::{Claim, Mode};
use imglock_locks::{
    Explanation, FileServer, FormerUser, HiddenHolder, Holder, HolderOwner, HolderProcess,
    LockProtocol, UnexplainedLock, UnlockedUser, Waiter,
};
use serde::Serialize;

use super::locks::{ClaimView, ForeignView, LockView};
use crate::report::holders::since;

/// The views of all of these.
pub(super) fn each<'a, T, U>(all: &'a [T], one: impl Fn(&'a T) -> U) -> Vec<U> {
    all.iter().map(one).collect()
}

#[derive(Serialize)]
pub(super) struct HolderView<'a> {
    owner: HolderOwner,
    /// Whether it is a guess that these processes share one owner.
    guessed: bool,
    processes: Vec<ProcessView<'a>>,
    locks: Vec<LockView>,
    /// Null where no lock byte is locked.
    claim: Option<ClaimView>,
    modes: Vec<Mode>,
    protocol: LockProtocol,
}

impl HolderView<'_> {
    pub(super) fn of(holder: &Holder, size: u64) -> HolderView<'_> {
        HolderView {
            owner: holder.owner,
            guessed: holder.guessed,
            processes: each(&holder.processes, ProcessView::of),
            locks: each(&holder.locks, |one| LockView::of(one, false)),
            claim: holder.claim().map(ClaimView::of),
            modes: holder.modes(),
            protocol: holder.protocol(size),
        }
    }
}

#[derive(Serialize)]
pub(super) struct ProcessView<'a> {
    pid: i32,
    /// Null for the main thread's table of descriptors.
    thread: Option<i32>,
    ppid: Option<i32>,
    uid: Option<u32>,
    user: Option<&'a str>,
    command: &'a [String],
    comm: &'a str,
    /// UTC, to the second.
    started: Option<String>,
    orphan: bool,
    fds: &'a [i32],
}

impl ProcessView<'_> {
    pub(super) fn of(process: &HolderProcess) -> ProcessView<'_> {
        ProcessView {
            pid: process.pid,
            thread: process.thread,
            ppid: process.ppid,
            uid: process.uid,
            user: process.user.as_deref(),
            command: &process.command,
            comm: &process.comm,
            started: process.started.map(since::iso),
            orphan: process.orphan,
            fds: &process.fds,
        }
    }
}

#[derive(Serialize)]
pub(super) struct WaiterView<'a> {
    lock: LockView,
    processes: Vec<ProcessView<'a>>,
    /// Whether exactly these processes wait for exactly this lock.
    certain: bool,
    /// The file server whose client waits; null for a process.
    server: Option<FileServer>,
}

impl WaiterView<'_> {
    pub(super) fn of(waiter: &Waiter) -> WaiterView<'_> {
        WaiterView {
            lock: LockView::of(&waiter.lock, true),
            processes: each(&waiter.processes, ProcessView::of),
            certain: waiter.certain,
            server: waiter.server,
        }
    }
}

#[derive(Serialize)]
pub(super) struct UnexplainedView<'a> {
    lock: LockView,
    /// The process that set it, if the kernel names it.
    process: Option<ProcessView<'a>>,
    /// Exiting processes, which most likely hold it.
    likely: Vec<ProcessView<'a>>,
    could_be: &'a [Explanation],
}

impl UnexplainedView<'_> {
    pub(super) fn of(one: &UnexplainedLock) -> UnexplainedView<'_> {
        UnexplainedView {
            lock: LockView::of(&one.lock, false),
            process: one.process.as_ref().map(ProcessView::of),
            likely: each(&one.likely, ProcessView::of),
            could_be: &one.could_be,
        }
    }
}

/// A holder that only the kernel's answers show.
#[derive(Serialize)]
pub(super) struct HiddenView<'a> {
    locks: Vec<ForeignView>,
    /// Null where no lock byte is locked.
    claim: Option<ClaimView>,
    /// The modes with the fewest permissions that explain the locks.
    modes: Vec<Mode>,
    processes: Vec<ProcessView<'a>>,
    could_be: &'a [Explanation],
}

impl HiddenView<'_> {
    pub(super) fn of(hidden: &HiddenHolder) -> HiddenView<'_> {
        let claim = hidden.reading().claim();
        HiddenView {
            locks: each(&hidden.locks, ForeignView::of),
            claim: (claim != Claim::NOTHING).then(|| ClaimView::of(claim)),
            modes: hidden.modes(),
            processes: each(&hidden.processes, ProcessView::of),
            could_be: &hidden.could_be,
        }
    }
}

#[derive(Serialize)]
pub(super) struct FormerView<'a> {
    process: ProcessView<'a>,
    writable: bool,
    /// Whether it holds a lock on that file.
    locked: bool,
}

#[derive(Serialize)]
pub(super) struct UnlockedView<'a> {
    process: ProcessView<'a>,
    writable: bool,
}

impl UnlockedView<'_> {
    pub(super) fn of(user: &UnlockedUser) -> UnlockedView<'_> {
        UnlockedView { process: ProcessView::of(&user.process), writable: user.writable }
    }
}

impl FormerView<'_> {
    pub(super) fn of(user: &FormerUser) -> FormerView<'_> {
        let FormerUser { process, writable, locked } = user;
        FormerView { process: ProcessView::of(process), writable: *writable, locked: *locked }
    }
}

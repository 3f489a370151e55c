use std::borrow::Cow;
use std::io::{self, Write};

use imglock_harness::holders::{
    Danger, Explanation, Holder, OwnedLock, Owner, Process, Protocol, Survey, SurveyedImage,
    Unexplained, Unlocked, Waiter, answer,
};
use imglock_harness::image::{Mode, Permissions};
use imglock_harness::lock::{ByteRange, LockType};
use imglock_harness::lock_table::LockClass;
use jiff::Zoned;
use serde::Serialize;

use super::changes::{Change, Fact};
use super::since;

/// The version of the document; it rises when a reader could be broken.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    /// Whether the locks stood still while they were read.
    settled: bool,
    images: Vec<Image<'a>>,
}

#[derive(Serialize)]
struct Image<'a> {
    path: Cow<'a, str>,
    /// The kernel's name of the file, as in /proc/locks.
    key: String,
    /// In bytes.
    size: u64,
    /// Whether anybody has a lock.
    held: bool,
    holders: Vec<HolderEntry<'a>>,
    waiters: Vec<WaiterEntry<'a>>,
    unexplained: Vec<UnexplainedEntry<'a>>,
    unlocked: Vec<UnlockedEntry<'a>>,
    /// How many processes could not be looked into.
    unreadable: usize,
    dangers: Vec<Danger>,
    answers: Vec<AnswerEntry>,
}

#[derive(Serialize)]
struct HolderEntry<'a> {
    owner: Owner,
    /// Whether it is a guess that these processes share one owner.
    guessed: bool,
    processes: Vec<ProcessEntry<'a>>,
    locks: Vec<LockEntry>,
    /// Null where no lock byte is locked.
    claim: Option<ClaimEntry>,
    modes: Vec<Mode>,
    protocol: Protocol,
}

#[derive(Serialize)]
struct ProcessEntry<'a> {
    pid: i32,
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

#[derive(Serialize)]
struct LockEntry {
    r#type: LockClass,
    /// Null for a lease that its holder was told to give up.
    kind: Option<LockType>,
    first: i64,
    /// Null for the end of the file, however far it grows.
    last: Option<i64>,
    waiting: bool,
}

#[derive(Serialize)]
struct ClaimEntry {
    held: Permissions,
    unshared: Permissions,
}

#[derive(Serialize)]
struct WaiterEntry<'a> {
    lock: LockEntry,
    processes: Vec<ProcessEntry<'a>>,
    /// Whether it is just these who wait for just this.
    certain: bool,
}

#[derive(Serialize)]
struct UnexplainedEntry<'a> {
    lock: LockEntry,
    /// Who set it, where the kernel says so.
    process: Option<ProcessEntry<'a>>,
    could_be: &'a [Explanation],
}

#[derive(Serialize)]
struct UnlockedEntry<'a> {
    process: ProcessEntry<'a>,
    /// Whether it can write to the image.
    writable: bool,
}

#[derive(Serialize)]
struct AnswerEntry {
    mode: Mode,
    granted: bool,
    /// QEMU's words; null when granted.
    message: Option<String>,
    /// The pids in the way.
    by: Vec<i32>,
    /// Whether a lock is in the way whose owner was not found.
    by_unknown: bool,
}

/// One change of `--watch`.
#[derive(Serialize)]
struct ChangeEntry<'a> {
    schema: u32,
    /// UTC.
    at: String,
    path: Cow<'a, str>,
    /// `came` or `went`.
    change: &'static str,
    #[serde(flatten)]
    fact: FactEntry<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum FactEntry<'a> {
    Holder(HolderEntry<'a>),
    Waiter(WaiterEntry<'a>),
    Unexplained(UnexplainedEntry<'a>),
}

/// The whole picture, laid out to be read.
///
/// # Errors
/// When `out` cannot be written.
pub fn document(survey: &Survey, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Document::of(survey))?;
    writeln!(out)
}

/// The whole picture in one line.
///
/// # Errors
/// When `out` cannot be written.
pub fn line(survey: &Survey, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Document::of(survey))?;
    writeln!(out)
}

/// One change in one line.
///
/// # Errors
/// When `out` cannot be written.
pub fn change(change: &Change<'_>, now: &Zoned, out: &mut dyn Write) -> io::Result<()> {
    let fact = match change.fact {
        Fact::Holder(holder) => FactEntry::Holder(HolderEntry::of(holder, change.image.size)),
        Fact::Waiter(waiter) => FactEntry::Waiter(WaiterEntry::of(waiter)),
        Fact::Unexplained(one) => FactEntry::Unexplained(UnexplainedEntry::of(one)),
    };
    let entry = ChangeEntry {
        schema: SCHEMA,
        at: now.timestamp().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        path: change.image.path.to_string_lossy(),
        change: if change.came { "came" } else { "went" },
        fact,
    };
    serde_json::to_writer(&mut *out, &entry)?;
    writeln!(out)
}

impl<'a> Document<'a> {
    fn of(survey: &'a Survey) -> Document<'a> {
        let images = survey.images.iter().map(|image| Image::of(image, survey.unreadable));
        Document { schema: SCHEMA, settled: survey.settled, images: images.collect() }
    }
}

impl<'a> Image<'a> {
    fn of(image: &'a SurveyedImage, unreadable: usize) -> Image<'a> {
        Image {
            path: image.path.to_string_lossy(),
            key: image.key.to_string(),
            size: image.size,
            held: image.is_held(),
            holders: image.holders.iter().map(|one| HolderEntry::of(one, image.size)).collect(),
            waiters: image.waiters.iter().map(WaiterEntry::of).collect(),
            unexplained: image.unexplained.iter().map(UnexplainedEntry::of).collect(),
            unlocked: image.unlocked.iter().map(UnlockedEntry::of).collect(),
            unreadable,
            dangers: image.dangers(),
            answers: Mode::ALL.iter().map(|mode| AnswerEntry::of(image, *mode)).collect(),
        }
    }
}

impl<'a> HolderEntry<'a> {
    fn of(holder: &'a Holder, size: u64) -> HolderEntry<'a> {
        let claim = holder.claim();
        HolderEntry {
            owner: holder.owner,
            guessed: holder.guessed,
            processes: holder.processes.iter().map(ProcessEntry::of).collect(),
            locks: holder.locks.iter().map(|lock| LockEntry::of(lock, false)).collect(),
            claim: claim.map(|claim| ClaimEntry { held: claim.held, unshared: claim.unshared() }),
            modes: holder.modes(),
            protocol: holder.protocol(size),
        }
    }
}

impl<'a> ProcessEntry<'a> {
    fn of(process: &'a Process) -> ProcessEntry<'a> {
        ProcessEntry {
            pid: process.pid,
            ppid: process.ppid,
            uid: process.uid,
            user: process.user.as_deref(),
            command: &process.command,
            comm: &process.comm,
            started: process.started.and_then(since::iso),
            orphan: process.orphan,
            fds: &process.fds,
        }
    }
}

impl LockEntry {
    fn of(lock: &OwnedLock, waiting: bool) -> LockEntry {
        LockEntry {
            r#type: lock.class,
            kind: lock.kind,
            first: lock.range.first,
            last: Some(lock.range.last).filter(|last| *last != ByteRange::EOF),
            waiting,
        }
    }
}

impl<'a> WaiterEntry<'a> {
    fn of(waiter: &'a Waiter) -> WaiterEntry<'a> {
        WaiterEntry {
            lock: LockEntry::of(&waiter.lock, true),
            processes: waiter.processes.iter().map(ProcessEntry::of).collect(),
            certain: waiter.certain,
        }
    }
}

impl<'a> UnexplainedEntry<'a> {
    fn of(one: &'a Unexplained) -> UnexplainedEntry<'a> {
        UnexplainedEntry {
            lock: LockEntry::of(&one.lock, false),
            process: one.process.as_ref().map(ProcessEntry::of),
            could_be: &one.could_be,
        }
    }
}

impl<'a> UnlockedEntry<'a> {
    fn of(one: &'a Unlocked) -> UnlockedEntry<'a> {
        UnlockedEntry { process: ProcessEntry::of(&one.process), writable: one.writable }
    }
}

impl AnswerEntry {
    fn of(image: &SurveyedImage, mode: Mode) -> AnswerEntry {
        let answer = answer(image, mode.claim());
        AnswerEntry {
            mode,
            granted: answer.is_granted(),
            message: answer.obstacle.map(|obstacle| obstacle.to_string()),
            by: answer.pids(image),
            by_unknown: !answer.unexplained.is_empty(),
        }
    }
}

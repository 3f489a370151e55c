use std::borrow::Cow;
use std::io::{self, Write};

use imglock_core::{Backend, Claim, Errno, Mode};
use imglock_locks::{
    Danger, DataUser, Explanation, Extent, FileServer, Forecast, HiddenHolder, Holder, HolderOwner,
    HolderProcess, ImageState, Inquiry, InquiryGap, LockProtocol, NotAsked, Survey, SurveyedImage,
    UnexplainedLock, UnlockedUser, Unseen, UserGap, Waiter, would_grant,
};
use serde::Serialize;

use super::chain::{ChainView, Chains, RoleView};
use super::changes::{Change, Fact, Moved};
use super::locks_json::{ClaimView, ForeignView, LockView};
use super::served_json::ServedView;
use super::since::{self, Clock};
use crate::report::document;

/// The version of the documents; it rises when a program that reads them could break.
const SCHEMA: u32 = 2;

/// Writes the survey as a document that is laid out to be read.
pub fn document(survey: &Survey, chains: &Chains, out: &mut dyn Write) -> io::Result<()> {
    document::write(&Document::of(survey, chains), out)
}

/// Writes the survey as a document in one line.
pub fn line(survey: &Survey, chains: &Chains, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Document::of(survey, chains))?;
    writeln!(out)
}

/// Writes a change as a document in one line.
pub fn change(change: &Change<'_>, clock: &Clock, out: &mut dyn Write) -> io::Result<()> {
    let event = Event {
        schema: SCHEMA,
        at: time(clock),
        path: change.image.path.to_string_lossy(),
        key: change.image.key.to_string(),
        change: if change.came { "came" } else { "went" },
        fact: match change.fact {
            Fact::Holder(one) => Named::Holder(HolderView::of(one, change.image.size)),
            Fact::Waiter(one) => Named::Waiter(WaiterView::of(one)),
            Fact::Unexplained(one) => Named::Unexplained(UnexplainedView::of(one)),
            Fact::Hidden(one) => Named::Hidden(HiddenView::of(one)),
            Fact::Served(one) => Named::Served(ServedView::of(one, change.image.size)),
        },
    };
    serde_json::to_writer(&mut *out, &event)?;
    writeln!(out)
}

/// Writes that a path leads elsewhere now, as a document in one line.
pub fn path_change(moved: &Moved<'_>, clock: &Clock, out: &mut dyn Write) -> io::Result<()> {
    let event = PathEvent {
        schema: SCHEMA,
        at: time(clock),
        path: moved.before.path.to_string_lossy(),
        key: moved.before.key.to_string(),
        change: if moved.now.is_some() { "another-file" } else { "no-file" },
        now: moved.now.map(|now| ImageView::of(now)),
    };
    serde_json::to_writer(&mut *out, &event)?;
    writeln!(out)
}

/// UTC.
fn time(clock: &Clock) -> String {
    clock.now.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[derive(Serialize)]
struct PathEvent<'a> {
    schema: u32,
    at: String,
    path: Cow<'a, str>,
    /// The file to which it led.
    key: String,
    change: &'static str,
    /// The file to which it leads now.
    now: Option<ImageView<'a>>,
}

#[derive(Serialize)]
struct Event<'a> {
    schema: u32,
    at: String,
    path: Cow<'a, str>,
    /// The kernel's name of the file: two files can have had the same path.
    key: String,
    change: &'static str,
    #[serde(flatten)]
    fact: Named<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Named<'a> {
    Holder(HolderView<'a>),
    Waiter(WaiterView<'a>),
    Unexplained(UnexplainedView<'a>),
    Hidden(HiddenView<'a>),
    Served(ServedView<'a>),
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    /// Whether the locks stood still while they were read.
    settled: bool,
    /// Whether processes outside this pid namespace may have locks that are not shown.
    nested: bool,
    /// What could not be looked at: counts by reason.
    unreadable: &'a Unseen,
    images: Vec<ImageView<'a>>,
}

impl<'a> Document<'a> {
    fn of(survey: &'a Survey, chains: &'a Chains) -> Document<'a> {
        let view = |(number, image)| ImageView {
            place: chains.role_view(number),
            chain: chains.view(survey, number),
            ..ImageView::of(image)
        };
        Document {
            schema: SCHEMA,
            settled: survey.settled,
            nested: survey.nested,
            unreadable: &survey.unseen,
            images: survey.images.iter().enumerate().map(view).collect(),
        }
    }
}

fn each<'a, T, U>(all: &'a [T], one: impl Fn(&'a T) -> U) -> Vec<U> {
    all.iter().map(one).collect()
}

#[derive(Serialize)]
struct ImageView<'a> {
    path: Cow<'a, str>,
    #[serde(flatten)]
    place: Option<RoleView<'a>>,
    /// The kernel's name of the file, as in /proc/locks.
    key: String,
    /// In bytes.
    size: u64,
    state: ImageState,
    held: bool,
    reach: ReachView<'a>,
    asked: AskedView,
    holders: Vec<HolderView<'a>>,
    waiters: Vec<WaiterView<'a>>,
    unexplained: Vec<UnexplainedView<'a>>,
    hidden: Option<HiddenView<'a>>,
    unlocked: Vec<UnlockedView<'a>>,
    /// The processes that have an earlier file of this name open.
    former: Vec<FormerView<'a>>,
    /// Clients of the kernel's file servers.
    served: Vec<ServedView<'a>>,
    /// Users of the same bytes past the locks of this file.
    users: &'a [DataUser],
    stands_on: &'a [String],
    /// What could not be asked about users.
    not_asked: &'a [UserGap],
    dangers: Vec<Danger>,
    answers: Vec<AnswerView>,
    /// Null for the files below an image that the user named.
    chain: Option<ChainView<'a>>,
}

impl ImageView<'_> {
    fn of(image: &SurveyedImage) -> ImageView<'_> {
        ImageView {
            path: image.path.to_string_lossy(),
            place: None,
            key: image.key.to_string(),
            size: image.size,
            state: image.state(),
            held: image.is_held(),
            reach: ReachView {
                extent: image.reach.extent,
                file_system: &image.reach.file_system,
                source: image.reach.source.as_deref(),
                because: image.reach.because.as_deref(),
            },
            asked: AskedView::of(&image.asked),
            holders: each(&image.holders, |one| HolderView::of(one, image.size)),
            waiters: each(&image.waiters, WaiterView::of),
            unexplained: each(&image.unexplained, UnexplainedView::of),
            hidden: image.hidden.as_ref().map(HiddenView::of),
            unlocked: each(&image.unlocked, |UnlockedUser { process, writable }| UnlockedView {
                process: ProcessView::of(process),
                writable: *writable,
            }),
            former: each(&image.former, |one| FormerView {
                process: ProcessView::of(&one.process),
                writable: one.writable,
                locked: one.locked,
            }),
            served: each(&image.served, |one| ServedView::of(one, image.size)),
            users: &image.users.users,
            stands_on: &image.users.stands_on,
            not_asked: &image.users.gaps,
            dangers: image.dangers(),
            answers: each(Mode::ALL, |mode| AnswerView::of(image, *mode)),
            chain: None,
        }
    }
}

#[derive(Serialize)]
struct ReachView<'a> {
    extent: Extent,
    file_system: &'a str,
    source: Option<&'a str>,
    because: Option<&'a str>,
}

#[derive(Serialize)]
struct AskedView {
    /// Whether every question had an answer.
    complete: bool,
    /// The kind of lock that was asked for; null if no question was asked.
    backend: Option<Backend>,
    /// The errno of the first question that failed, or of open(2).
    errno: Option<String>,
    /// Why there can be locks that no answer reports, or why no question was asked.
    gap: Option<&'static str>,
}

impl AskedView {
    fn of(asked: &Result<Inquiry, NotAsked>) -> AskedView {
        let name = |errno: Errno| errno.to_string();
        match asked {
            Ok(inquiry) => AskedView {
                complete: inquiry.gap.is_none(),
                backend: Some(inquiry.backend),
                errno: match inquiry.gap {
                    Some(InquiryGap::Failed(errno)) => Some(name(errno)),
                    _ => None,
                },
                gap: inquiry.gap.map(InquiryGap::name),
            },
            Err(why) => AskedView {
                complete: false,
                backend: None,
                errno: why.errno().map(name),
                gap: Some(why.name()),
            },
        }
    }
}

#[derive(Serialize)]
struct HolderView<'a> {
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
    fn of(holder: &Holder, size: u64) -> HolderView<'_> {
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
struct ProcessView<'a> {
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
    fn of(process: &HolderProcess) -> ProcessView<'_> {
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
struct WaiterView<'a> {
    lock: LockView,
    processes: Vec<ProcessView<'a>>,
    /// Whether exactly these processes wait for exactly this lock.
    certain: bool,
    /// The file server whose client waits; null for a process.
    server: Option<FileServer>,
}

impl WaiterView<'_> {
    fn of(waiter: &Waiter) -> WaiterView<'_> {
        WaiterView {
            lock: LockView::of(&waiter.lock, true),
            processes: each(&waiter.processes, ProcessView::of),
            certain: waiter.certain,
            server: waiter.server,
        }
    }
}

#[derive(Serialize)]
struct UnexplainedView<'a> {
    lock: LockView,
    /// The process that set it, if the kernel names it.
    process: Option<ProcessView<'a>>,
    /// Exiting processes, which most likely hold it.
    likely: Vec<ProcessView<'a>>,
    could_be: &'a [Explanation],
}

impl UnexplainedView<'_> {
    fn of(one: &UnexplainedLock) -> UnexplainedView<'_> {
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
struct HiddenView<'a> {
    locks: Vec<ForeignView>,
    /// Null where no lock byte is locked.
    claim: Option<ClaimView>,
    /// The modes with the fewest permissions that explain the locks.
    modes: Vec<Mode>,
    processes: Vec<ProcessView<'a>>,
    could_be: &'a [Explanation],
}

impl HiddenView<'_> {
    fn of(hidden: &HiddenHolder) -> HiddenView<'_> {
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
struct FormerView<'a> {
    process: ProcessView<'a>,
    writable: bool,
    /// Whether it holds a lock on that file.
    locked: bool,
}

#[derive(Serialize)]
struct UnlockedView<'a> {
    process: ProcessView<'a>,
    writable: bool,
}

#[derive(Serialize)]
struct AnswerView {
    mode: Mode,
    /// `granted`, `refused`, `fails` or `unknown`.
    answer: &'static str,
    granted: bool,
    /// QEMU's words; null when QEMU would report nothing.
    message: Option<String>,
    /// The pids of conflicting holders.
    by: Vec<i32>,
    /// Whether an owner conflicts that this host cannot name.
    by_unknown: bool,
    /// The servers of conflicting clients, as in `served`.
    by_servers: Vec<FileServer>,
}

impl AnswerView {
    fn of(image: &SurveyedImage, mode: Mode) -> AnswerView {
        let answer = would_grant(image, mode.claim());
        AnswerView {
            mode,
            answer: match answer.forecast {
                Forecast::Granted => "granted",
                Forecast::Refused(_) => "refused",
                Forecast::Fails(_) => "fails",
                Forecast::Unknown(_) => "unknown",
            },
            granted: answer.is_granted(),
            message: answer.forecast.message(),
            by: answer.pids(image),
            by_unknown: answer.by_unknown(),
            by_servers: answer.servers(image),
        }
    }
}

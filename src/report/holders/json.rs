use std::io::{self, Write};

use imglock_core::{ByteRange, Mode};
use imglock_locks::{
    Holder, HolderProcess, OwnedLock, Survey, SurveyedImage, UnexplainedLock, UnlockedUser, Waiter,
    would_grant,
};
use serde_json::{Value, json};

use super::changes::{Change, Fact};
use super::since::{self, Clock};
use crate::report::document;

/// The version of the documents; it rises when a program that reads them could break.
const SCHEMA: u32 = 1;

/// Writes the survey as a document that is laid out to be read.
pub fn document(survey: &Survey, out: &mut dyn Write) -> io::Result<()> {
    document::write(&whole(survey), out)
}

/// Writes the survey as a document in one line.
pub fn line(survey: &Survey, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", whole(survey))
}

/// Writes a change as a document in one line.
pub fn change(change: &Change<'_>, clock: &Clock, out: &mut dyn Write) -> io::Result<()> {
    let mut entry = json!({
        "schema": SCHEMA,
        // UTC.
        "at": clock.now.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        "path": change.image.path.to_string_lossy(),
        "change": if change.came { "came" } else { "went" },
    });
    let (name, fact) = match change.fact {
        Fact::Holder(one) => ("holder", holder(one, change.image.size)),
        Fact::Waiter(one) => ("waiter", waiter(one)),
        Fact::Unexplained(one) => ("unexplained", unexplained(one)),
    };
    entry[name] = fact;
    writeln!(out, "{entry}")
}

fn whole(survey: &Survey) -> Value {
    json!({
        "schema": SCHEMA,
        // Whether the locks stood still while they were read.
        "settled": survey.settled,
        "images": each(&survey.images, |one| image(one, survey.unreadable)),
    })
}

fn each<T>(all: &[T], one: impl Fn(&T) -> Value) -> Vec<Value> {
    all.iter().map(one).collect()
}

fn image(image: &SurveyedImage, unreadable: usize) -> Value {
    json!({
        "path": image.path.to_string_lossy(),
        // The kernel's name of the file, as in /proc/locks.
        "key": image.key.to_string(),
        // In bytes.
        "size": image.size,
        "held": image.is_held(),
        "holders": each(&image.holders, |one| holder(one, image.size)),
        "waiters": each(&image.waiters, waiter),
        "unexplained": each(&image.unexplained, unexplained),
        "unlocked": each(&image.unlocked, |UnlockedUser { process: one, writable }| {
            json!({ "process": process(one), "writable": writable })
        }),
        // Users of the same bytes past the locks of this file.
        "users": image.users.users,
        "stands_on": image.users.stands_on,
        "not_asked": image.users.gaps,
        // How many processes could not be inspected.
        "unreadable": unreadable,
        "dangers": image.dangers(),
        "answers": each(Mode::ALL, |mode| answer_for(image, *mode)),
    })
}

fn holder(holder: &Holder, size: u64) -> Value {
    let claim =
        |claim: imglock_core::Claim| json!({ "held": claim.held, "unshared": claim.unshared() });
    json!({
        "owner": holder.owner,
        // Whether it is a guess that these processes share one owner.
        "guessed": holder.guessed,
        "processes": each(&holder.processes, process),
        "locks": each(&holder.locks, |one| lock(one, false)),
        // Null where no lock byte is locked.
        "claim": holder.claim().map(claim),
        "modes": holder.modes(),
        "protocol": holder.protocol(size),
    })
}

fn process(process: &HolderProcess) -> Value {
    json!({
        "pid": process.pid,
        "ppid": process.ppid,
        "uid": process.uid,
        "user": process.user,
        "command": process.command,
        "comm": process.comm,
        // UTC, to the second.
        "started": process.started.map(since::iso),
        "orphan": process.orphan,
        "fds": process.fds,
    })
}

fn lock(lock: &OwnedLock, waiting: bool) -> Value {
    json!({
        "type": lock.class,
        // Null for a lease that is being released.
        "kind": lock.kind,
        "first": lock.range.first,
        // Null for the end of the file, however far it grows.
        "last": Some(lock.range.last).filter(|last| *last != ByteRange::EOF),
        "waiting": waiting,
    })
}

fn waiter(waiter: &Waiter) -> Value {
    json!({
        "lock": lock(&waiter.lock, true),
        "processes": each(&waiter.processes, process),
        // Whether exactly these processes wait for exactly this lock.
        "certain": waiter.certain,
    })
}

fn unexplained(one: &UnexplainedLock) -> Value {
    json!({
        "lock": lock(&one.lock, false),
        // The process that set it, if the kernel names it.
        "process": one.process.as_ref().map(process),
        "could_be": one.could_be,
    })
}

fn answer_for(image: &SurveyedImage, mode: Mode) -> Value {
    let answer = would_grant(image, mode.claim());
    json!({
        "mode": mode,
        "granted": answer.is_granted(),
        // QEMU's words; null when granted.
        "message": answer.obstacle.map(|obstacle| obstacle.to_string()),
        // The pids of conflicting holders, and whether an unknown one conflicts.
        "by": answer.pids(image),
        "by_unknown": !answer.unexplained.is_empty(),
    })
}

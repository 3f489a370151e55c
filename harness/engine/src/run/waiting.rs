//! Steps that wait in the kernel. The `->` lines of /proc/locks show the wait;
//! it is never guessed from elapsed time.

use std::time::{Duration, Instant};

use super::books::Books;
use super::cast::{Cast, StepFailure};
use crate::process::{ReceiveError, Request};
use crate::subject::Performed;
use imglock_core::{Action, LockType, Outcome};
use imglock_locks::{FileKey, LockLine, waiting_lines};

/// The wait for a reply between two readings of /proc/locks.
const GLANCE: Duration = Duration::from_micros(200);

/// Sends a waiting lock request and finds out whether it blocks.
pub(super) fn lock(
    cast: &mut Cast,
    books: &Books,
    actor: &str,
    action: &Action,
    request: &Request,
    predicted: Option<&Outcome>,
) -> Result<Performed, StepFailure> {
    let file = file_of(cast, books, actor, action)?;
    let before = waiting_lines(file)?;
    cast.channel(actor)?.send(request)?;
    reply_or_line(cast, actor, file, predicted, |now| {
        now.iter().any(|line| count(now, line) > count(&before, line))
    })
}

/// Resumes a step that was blocked or paused.
pub(super) fn take_up(
    cast: &mut Cast,
    books: &Books,
    actor: &str,
    predicted: Option<&Outcome>,
) -> Result<Performed, StepFailure> {
    let pending = books
        .pending(actor)
        .ok_or_else(|| StepFailure::harness("the actor has no pending step"))?;
    let Action::Lock { kind, .. } = pending else {
        return Ok(cast.call(actor, &Request::Resume)?.into());
    };
    let file = file_of(cast, books, actor, &Action::Await)?;
    let pid = cast.pid(actor);
    reply_or_line(cast, actor, file, predicted, |now| still_waits(now, *kind, pid))
}

/// Sends SIGSTOP, SIGCONT or the interrupting signal. A stop removes a waiting
/// lock from the kernel's queue, so the harness waits for both effects.
pub(super) fn signal(
    cast: &mut Cast,
    books: &Books,
    actor: &str,
    action: &Action,
) -> Result<Performed, StepFailure> {
    let process = cast.handle(actor)?;
    match action {
        Action::Stop => {
            process.stop()?;
            await_stopped(cast, actor)?;
        }
        Action::Continue => {
            process.resume()?;
            if let Some(Action::Lock { kind, .. }) = books.pending(actor) {
                let file = file_of(cast, books, actor, &Action::Await)?;
                await_requeued(cast, actor, file, *kind)?;
            }
        }
        Action::Signal => process.interrupt()?,
        other => return Err(StepFailure::harness(format!("`{other}` is no signal"))),
    }
    Ok(Outcome::Done.into())
}

/// Waits for the reply, or until `blocked` accepts the waiting locks on `file`.
/// Where the model predicts a reply, a waiting line may belong to a lock that
/// is leaving the queue. Then only the deadline makes `blocked` the outcome.
fn reply_or_line(
    cast: &mut Cast,
    actor: &str,
    file: FileKey,
    predicted: Option<&Outcome>,
    blocked: impl Fn(&[LockLine]) -> bool,
) -> Result<Performed, StepFailure> {
    let deadline = cast.deadline();
    let expects_reply = predicted.is_some_and(|outcome| *outcome != Outcome::Blocked);
    loop {
        let until = if expects_reply { deadline } else { deadline.min(Instant::now() + GLANCE) };
        let stop = cast.stop.clone();
        let channel = cast.channel(actor)?;
        match channel.wait(until, &stop) {
            Ok(()) => {
                let reply: crate::process::Reply = channel.receive()?;
                return Ok(reply.into());
            }
            Err(ReceiveError::Timeout) => {}
            Err(error) => return Err(error.into()),
        }
        if blocked(&waiting_lines(file)?) {
            return Ok(Outcome::Blocked.into());
        }
        if Instant::now() >= deadline {
            return Err(StepFailure::TimedOut);
        }
    }
}

fn await_stopped(cast: &mut Cast, actor: &str) -> Result<(), StepFailure> {
    let pid = cast.pid(actor).ok_or(StepFailure::Died)?;
    let deadline = cast.deadline();
    loop {
        let stat = procfs::process::Process::new(pid)
            .and_then(|process| process.stat())
            .map_err(|error| StepFailure::harness(error.to_string()))?;
        if stat.state == 'T' {
            return Ok(());
        }
        glance(cast, deadline)?;
    }
}

/// After SIGCONT the kernel restarts the call: it is granted or queued again.
fn await_requeued(
    cast: &mut Cast,
    actor: &str,
    file: FileKey,
    kind: LockType,
) -> Result<(), StepFailure> {
    let deadline = cast.deadline();
    let pid = cast.pid(actor);
    loop {
        let (now, stop) = (Instant::now(), cast.stop.clone());
        if cast.channel(actor)?.wait(now, &stop).is_ok()
            || still_waits(&waiting_lines(file)?, kind, pid)
        {
            return Ok(());
        }
        glance(cast, deadline)?;
    }
}

/// Waits briefly, unless the run is stopped or the deadline passes.
pub(super) fn glance(cast: &Cast, deadline: Instant) -> Result<(), StepFailure> {
    if Instant::now() >= deadline {
        return Err(StepFailure::TimedOut);
    }
    match cast.stop.wait(Instant::now() + GLANCE) {
        Err(ReceiveError::Timeout) => Ok(()),
        Err(error) => Err(error.into()),
        Ok(()) => Err(StepFailure::Stopped),
    }
}

/// Whether the lock still waits. The table shows no pid for a waiting OFD lock,
/// so its type must identify it.
fn still_waits(lines: &[LockLine], kind: LockType, pid: Option<i32>) -> bool {
    lines.iter().any(|line| line.kind == kind && (line.pid.is_none() || line.pid == pid))
}

fn count(lines: &[LockLine], line: &LockLine) -> usize {
    lines.iter().filter(|other| *other == line).count()
}

fn file_of(
    cast: &Cast,
    books: &Books,
    actor: &str,
    action: &Action,
) -> Result<FileKey, StepFailure> {
    books
        .image_of(actor, action)
        .and_then(|image| cast.key(image))
        .ok_or_else(|| StepFailure::harness("the node of a waiting lock is not open"))
}

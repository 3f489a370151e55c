//! A block for each holder, waiter, and process without a lock.

use std::io;

use imglock_core::{Permissions, Reading};
use imglock_locks::{
    FormerUser, HiddenHolder, Holder, HolderProcess, SurveyedImage, UnexplainedLock, Waiter,
};
use unicode_width::UnicodeWidthStr;

use super::{Clock, since, words};
use crate::phrase::{either, list, printable, quoted};
use crate::report::page::Page;
use crate::report::palette::{CAREFUL, FAINT, STRONG};
use crate::report::permissions::or_nothing;
use crate::report::wrap::wrapped;

/// The columns before a label, and those of a label.
const INDENT: usize = 4;
const LABEL: usize = 12;
/// A longer command is cut off; JSON has all of it.
const MOST_LINES: usize = 4;
/// How many processes without a lock are shown.
const MOST_UNLOCKED: usize = 8;

/// Writes a holder: its mode, claim and locks, and its processes.
pub fn holder(
    image: &SurveyedImage,
    holder: &Holder,
    clock: &Clock,
    page: &mut Page<'_>,
) -> io::Result<()> {
    heading(&list(words::names(&holder.processes)), page)?;
    row("mode", &words::mode(holder), page)?;
    if let Some(one) = holder.claim() {
        claim(one.held, one.unshared(), page)?;
    }
    row("locks", &words::protocol(holder, image.size), page)?;
    match &holder.processes[..] {
        [one] => process(one, clock, page),
        many => {
            row("shared", &sharing(holder), page)?;
            many.iter().try_for_each(|one| {
                writeln!(page, "\n    {}", words::process(one))?;
                process(one, clock, page)
            })
        }
    }
}

pub fn heading(text: &str, page: &mut Page<'_>) -> io::Result<()> {
    writeln!(page, "\n  {STRONG}{text}{STRONG:#}")
}

pub fn claim(held: Permissions, unshared: Permissions, page: &mut Page<'_>) -> io::Result<()> {
    row("holds", &or_nothing(held), page)?;
    row("not shared", &or_nothing(unshared), page)
}

fn process(process: &HolderProcess, clock: &Clock, page: &mut Page<'_>) -> io::Result<()> {
    let fds: Vec<String> = process.fds.iter().map(i32::to_string).collect();
    let through = match &fds[..] {
        [] => "an unknown descriptor".to_owned(),
        [one] => format!("descriptor {one}"),
        many => format!("descriptors {}", list(many)),
    };
    row("through", &through, page)?;
    row("user", &words::user(process), page)?;
    if let Some(since) = process.started.map(|time| since::since(time, clock)) {
        row("since", &since, page)?;
    }
    if process.orphan {
        let parent = printable(process.parent.as_deref().unwrap_or("another process"));
        let ppid = process.ppid.map_or(String::new(), |ppid| format!(" (pid {ppid})"));
        let what = "a daemon, or a forgotten child";
        let words = format!("{CAREFUL}exited{CAREFUL:#}: {what}; now {parent}{ppid}");
        row("parent", &words, page)?;
    }
    row("command", &command(process), page)
}

/// Writes a block for each waiting request.
pub fn waiters(waiters: &[Waiter], page: &mut Page<'_>) -> io::Result<()> {
    waiters.iter().try_for_each(|waiter| {
        heading(&waiting(waiter), page)?;
        row("wants", &words::lock(&waiter.lock), page)?;
        waiter
            .processes
            .iter()
            .try_for_each(|one| row("command", &format!("pid {}: {}", one.pid, command(one)), page))
    })
}

/// Writes the processes that have the image open without a lock in the kernel.
pub fn unlocked(image: &SurveyedImage, page: &mut Page<'_>) -> io::Result<()> {
    let unlocked = &image.unlocked;
    if unlocked.is_empty() {
        return Ok(());
    }
    heading(
        match &image.hidden {
            None => "open without a lock",
            Some(_) => "open, perhaps by the holder that this host cannot name",
        },
        page,
    )?;
    for one in unlocked.iter().take(MOST_UNLOCKED) {
        let access = if one.writable { "to write" } else { "to read" };
        let name = words::process(&one.process);
        row(access, &format!("{name}: {}", command(&one.process)), page)?;
    }
    match unlocked.len().saturating_sub(MOST_UNLOCKED) {
        0 => Ok(()),
        more => row("", &format!("and {more} more; --json lists them"), page),
    }
}

/// Writes the processes that have an earlier file of this name open.
pub fn former(users: &[FormerUser], page: &mut Page<'_>) -> io::Result<()> {
    if users.is_empty() {
        return Ok(());
    }
    heading("an earlier file of this name, deleted or replaced, is open", page)?;
    for one in users.iter().take(MOST_UNLOCKED) {
        let access = match (one.locked, one.writable) {
            (true, _) => "with locks",
            (false, true) => "to write",
            (false, false) => "to read",
        };
        let name = words::process(&one.process);
        row(access, &format!("{name}: {}", command(&one.process)), page)?;
        if let Some(fd) = one.process.fds.first() {
            let thread = one.process.thread.map_or(String::new(), |tid| format!("/task/{tid}"));
            let link = format!("/proc/{}{thread}/fd/{fd}", one.process.pid);
            row("", &format!("`imglock holders {link}` shows its locks"), page)?;
        }
    }
    match users.len().saturating_sub(MOST_UNLOCKED) {
        0 => Ok(()),
        more => row("", &format!("and {more} more; --json lists them"), page),
    }
}

/// Writes the locks of unknown owners as one block.
pub fn unexplained<'a>(
    locks: impl IntoIterator<Item = &'a UnexplainedLock>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let locks: Vec<&UnexplainedLock> = locks.into_iter().collect();
    if locks.is_empty() {
        return Ok(());
    }
    heading("an unknown holder", page)?;
    let mut reading = Reading::default();
    for one in locks.iter().filter(|one| one.lock.class.backend().is_some()) {
        if let Some(kind) = one.lock.kind {
            reading.add(kind, one.lock.range);
        }
    }
    if !(reading.held | reading.unshared).is_empty() {
        claim(reading.held, reading.unshared, page)?;
    }
    let all: Vec<String> = locks.iter().map(|one| words::lock(&one.lock)).collect();
    row("locks", &all.join(", "), page)?;
    let mut setters: Vec<&HolderProcess> =
        locks.iter().filter_map(|one| one.process.as_ref()).collect();
    setters.dedup_by_key(|process| process.pid);
    for process in setters {
        let words = format!("{}, which may have passed it on", words::process(process));
        row("set by", &words, page)?;
    }
    let mut likely: Vec<&HolderProcess> = locks.iter().flat_map(|one| &one.likely).collect();
    likely.sort_by_key(|process| (process.pid, process.thread));
    likely.dedup();
    if !likely.is_empty() {
        let names = likely.into_iter().map(words::process);
        let words = format!("{}, which is exiting and still in the kernel", either(names));
        row("most likely", &words, page)?;
    }
    let mut could_be: Vec<_> = locks.iter().flat_map(|one| &one.could_be).collect();
    could_be.sort_unstable();
    could_be.dedup();
    row("can be", &either(could_be.into_iter().map(|why| why.meaning())), page)
}

/// Writes the owners of locks that only the kernel's answers show.
pub fn hidden(hidden: &HiddenHolder, page: &mut Page<'_>) -> io::Result<()> {
    heading("a holder that this host cannot name", page)?;
    let modes = hidden.modes();
    row(
        "mode",
        &match &modes[..] {
            [] => "no mode explains these locks; there can be several holders".to_owned(),
            names => format!("at least {}", either(names.iter().map(|mode| mode.name()))),
        },
        page,
    )?;
    let reading = hidden.reading();
    if !(reading.held | reading.unshared).is_empty() {
        claim(reading.held, reading.unshared, page)?;
    }
    row("locks", &format!("{}, as the kernel answers", words::foreign(&hidden.locks)), page)?;
    for process in &hidden.processes {
        row("named", &format!("{}: {}", words::process(process), command(process)), page)?;
    }
    row("can be", &either(hidden.could_be.iter().map(|why| why.meaning())), page)
}

/// Writes a label and its words, wrapped; a word that is wider than the page is broken.
pub fn row(label: &str, text: &str, page: &mut Page<'_>) -> io::Result<()> {
    let room = page.width.saturating_sub(INDENT + LABEL).max(24);
    let lines = wrapped(text, room, "");
    for (number, line) in lines.iter().take(MOST_LINES).enumerate() {
        let label = if number == 0 { label } else { "" };
        let mut line = line.clone();
        if number + 1 == MOST_LINES && lines.len() > MOST_LINES {
            while line.width() + 2 > room {
                line.pop();
            }
            line.push_str(" …");
        }
        writeln!(page, "{:INDENT$}{FAINT}{label:LABEL$}{FAINT:#}{line}", "")?;
    }
    Ok(())
}

fn sharing(holder: &Holder) -> String {
    let number = holder.processes.len();
    match holder.guessed {
        true => format!("{number} processes have such a lock; which of them share one is unknown"),
        false => {
            format!("the lock stays until all {number} processes have closed the file or exited")
        }
    }
}

fn waiting(waiter: &Waiter) -> String {
    if let Some(server) = waiter.server {
        return format!("{} waits", server.client());
    }
    match (&words::names(&waiter.processes)[..], waiter.certain) {
        ([], _) => "an unknown process waits; the kernel does not name it".to_owned(),
        ([one], false) => format!("{one} waits, or a process that is not visible"),
        (names, _) => format!("{} waits", either(names)),
    }
}

/// The command line as a shell takes it; a process that has erased it is known by its name.
fn command(process: &HolderProcess) -> String {
    match &process.command[..] {
        [] => format!("[{}]", printable(&process.comm)),
        given => {
            let words = given.iter().map(|word| printable(&quoted(word)));
            words.collect::<Vec<_>>().join(" ")
        }
    }
}

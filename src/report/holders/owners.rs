//! One block a holder.

use std::io::{self, Write};

use imglock_harness::holders::{Holder, Process, SurveyedImage, Unexplained, Waiter};
use imglock_harness::image::Reading;
use unicode_width::UnicodeWidthStr;

use super::text::{Text, wrap};
use super::{since, words};
use crate::phrase::{printable, quoted};
use crate::report::palette::{CAREFUL, FAINT, STRONG};

/// How far the labels are indented, and how wide they are.
const INDENT: usize = 4;
const LABEL: usize = 12;
/// More lines of a command than these are cut off; JSON has all of it.
const MOST_LINES: usize = 4;
/// As many of those who lock nothing are shown.
const MOST_UNLOCKED: usize = 8;

impl Text<'_> {
    /// Who it is, what they hold, and since when they are there.
    pub(super) fn holder(
        &self,
        image: &SurveyedImage,
        holder: &Holder,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let names: Vec<String> = holder.processes.iter().map(words::process).collect();
        writeln!(out, "\n  {STRONG}{}{STRONG:#}", words::and(&names))?;
        self.row("mode", &words::mode(holder), out)?;
        if let Some(claim) = holder.claim() {
            self.row("holds", &words::permissions(claim.held), out)?;
            self.row("not shared", &words::permissions(claim.unshared()), out)?;
        }
        self.row("locks", &words::protocol(holder, image.size), out)?;
        match &holder.processes[..] {
            [one] => self.process(one, out),
            many => {
                self.row("shared", &sharing(holder), out)?;
                for process in many {
                    writeln!(out, "\n    {}", words::process(process))?;
                    self.process(process, out)?;
                }
                Ok(())
            }
        }
    }

    fn process(&self, process: &Process, out: &mut dyn Write) -> io::Result<()> {
        let fds: Vec<String> = process.fds.iter().map(i32::to_string).collect();
        match &fds[..] {
            [] => self.row("through", "a descriptor that could not be seen", out)?,
            [one] => self.row("through", &format!("descriptor {one}"), out)?,
            many => self.row("through", &format!("descriptors {}", words::and(many)), out)?,
        }
        self.row("user", &words::user(process), out)?;
        if let Some(since) = process.started.and_then(|time| since::since(time, self.now)) {
            self.row("since", &since, out)?;
        }
        if process.orphan {
            let parent = printable(process.parent.as_deref().unwrap_or("another process"));
            let ppid = process.ppid.map_or(String::new(), |ppid| format!(" (pid {ppid})"));
            let words = format!(
                "{CAREFUL}ended{CAREFUL:#}: a daemon, or a forgotten child; now {parent}{ppid}"
            );
            self.row("parent", &words, out)?;
        }
        self.row("command", &command(process), out)
    }

    /// Who waits, a line each.
    pub(super) fn waiters(&self, waiters: &[Waiter], out: &mut dyn Write) -> io::Result<()> {
        for waiter in waiters {
            writeln!(out, "\n  {STRONG}{}{STRONG:#}", waiting(waiter))?;
            self.row("wants", &words::lock(&waiter.lock), out)?;
            for process in &waiter.processes {
                let command = format!("pid {}: {}", process.pid, command(process));
                self.row("command", &command, out)?;
            }
        }
        Ok(())
    }

    /// Who has it open and locks nothing that the kernel knows of.
    pub(super) fn unlocked(&self, image: &SurveyedImage, out: &mut dyn Write) -> io::Result<()> {
        let unlocked = &image.unlocked;
        if unlocked.is_empty() {
            return Ok(());
        }
        let head = match image.hides_a_holder() {
            false => "open without a lock",
            true => "open, and perhaps that somebody",
        };
        writeln!(out, "\n  {STRONG}{head}{STRONG:#}")?;
        for one in unlocked.iter().take(MOST_UNLOCKED) {
            let access = if one.writable { "to write" } else { "to read" };
            let name = words::process(&one.process);
            self.row(access, &format!("{name}: {}", command(&one.process)), out)?;
        }
        match unlocked.len().saturating_sub(MOST_UNLOCKED) {
            0 => Ok(()),
            more => self.row("", &format!("and {more} more; --json names them"), out),
        }
    }

    /// Locks whose owner was not found, taken together.
    pub(super) fn unexplained(&self, locks: &[Unexplained], out: &mut dyn Write) -> io::Result<()> {
        if locks.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n  {STRONG}somebody who could not be found{STRONG:#}")?;
        let mut reading = Reading::default();
        for one in locks.iter().filter(|one| one.lock.class.backend().is_some()) {
            if let Some(kind) = one.lock.kind {
                reading.add(kind, one.lock.range);
            }
        }
        if !(reading.held | reading.unshared).is_empty() {
            self.row("holds", &words::permissions(reading.held), out)?;
            self.row("not shared", &words::permissions(reading.unshared), out)?;
        }
        let all: Vec<String> = locks.iter().map(|one| words::lock(&one.lock)).collect();
        self.row("locks", &all.join(", "), out)?;
        let mut setters: Vec<&Process> =
            locks.iter().filter_map(|one| one.process.as_ref()).collect();
        setters.dedup_by_key(|process| process.pid);
        for process in setters {
            let words = format!("{}, who may have passed it on", words::process(process));
            self.row("set by", &words, out)?;
        }
        let mut could_be: Vec<_> = locks.iter().flat_map(|one| &one.could_be).collect();
        could_be.sort_unstable();
        could_be.dedup();
        let could_be: Vec<&str> = could_be.into_iter().map(|why| why.meaning()).collect();
        self.row("can be", &words::either(&could_be), out)
    }

    /// A label and its words, wrapped.
    fn row(&self, label: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let room = self.width.saturating_sub(INDENT + LABEL).max(24);
        let mut lines = wrap(text, room);
        if lines.len() > MOST_LINES {
            lines.truncate(MOST_LINES);
            if let Some(last) = lines.last_mut() {
                while last.width() + 2 > room {
                    last.pop();
                }
                last.push_str(" …");
            }
        }
        for (number, line) in lines.iter().enumerate() {
            let label = if number == 0 { label } else { "" };
            writeln!(out, "    {FAINT}{label:LABEL$}{FAINT:#}{line}")?;
        }
        Ok(())
    }
}

fn sharing(holder: &Holder) -> String {
    let number = holder.processes.len();
    if holder.guessed {
        format!(
            "{number} processes have such a lock; who shares one with whom could not be found out"
        )
    } else {
        format!("the lock stays until all {number} processes have closed the file or ended")
    }
}

fn waiting(waiter: &Waiter) -> String {
    let names: Vec<String> = waiter.processes.iter().map(words::process).collect();
    match (&names[..], waiter.certain) {
        ([], _) => "somebody waits; the kernel does not say who".to_owned(),
        ([one], true) => format!("{one} waits"),
        ([one], false) => format!("{one} waits, or somebody who could not be seen"),
        (many, _) => format!("{} waits", words::either(many)),
    }
}

/// As it could be typed; a process that has erased it is known by its name.
fn command(process: &Process) -> String {
    match &process.command[..] {
        [] => format!("[{}]", printable(&process.comm)),
        given => {
            let words = given.iter().map(|word| printable(&quoted(word)));
            words.collect::<Vec<_>>().join(" ")
        }
    }
}

use std::io::{self, Write};

use imglock_locks::{
    FileServer, HiddenHolder, Holder, ImageState, ServedClients, Survey, SurveyedImage,
    UnexplainedLock, Waiter,
};

use super::since::Clock;
use super::{served, words};
use crate::phrase::{list, printable};
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD};

/// One thing that came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<'a> {
    /// Its image.
    pub image: &'a SurveyedImage,
    /// Whether it came.
    pub came: bool,
    /// The thing.
    pub fact: Fact<'a>,
}

/// A thing that can come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact<'a> {
    /// An owner with its locks.
    Holder(&'a Holder),
    /// A waiting request.
    Waiter(&'a Waiter),
    /// A lock of an unknown owner.
    Unexplained(&'a UnexplainedLock),
    /// The owners of locks that only the kernel's answers show.
    Hidden(&'a HiddenHolder),
    /// The locks of the clients of a file server.
    Served(&'a ServedClients),
}

/// A path that leads elsewhere now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved<'a> {
    /// The file to which it led.
    pub before: &'a SurveyedImage,
    /// The file to which it leads now, if it is an image.
    pub now: Option<&'a SurveyedImage>,
}

/// What went and what came between two surveys of the same images. An owner
/// whose locks or processes changed goes and comes. An image that the first survey does not have is
/// left out.
pub fn between<'a>(before: &'a Survey, after: &'a Survey) -> Vec<Change<'a>> {
    let images = before.images.iter().zip(&after.images);
    images
        .flat_map(|(before, after)| {
            missing(before, after, false).chain(missing(after, before, true))
        })
        .collect()
}

/// The facts of `here` that `there` does not have.
fn missing<'a>(
    here: &'a SurveyedImage,
    there: &'a SurveyedImage,
    came: bool,
) -> impl Iterator<Item = Change<'a>> {
    let mut others: Vec<Fact<'_>> = facts(there).collect();
    facts(here).filter_map(move |fact| match others.iter().position(|other| same(&fact, other)) {
        Some(index) => {
            others.swap_remove(index);
            None
        }
        None => Some(Change { image: here, came, fact }),
    })
}

fn facts(image: &SurveyedImage) -> impl Iterator<Item = Fact<'_>> {
    let holders = image.holders.iter().map(Fact::Holder);
    let waiters = image.waiters.iter().map(Fact::Waiter);
    let unexplained = image.unexplained.iter().map(Fact::Unexplained);
    let served = image.served.iter().filter(|served| served.is_held()).map(Fact::Served);
    let known = holders.chain(waiters).chain(unexplained).chain(served);
    known.chain(image.hidden.iter().map(Fact::Hidden))
}

/// Whether it is still the same: a copied descriptor, a new parent or another
/// command line make no difference.
fn same(one: &Fact<'_>, other: &Fact<'_>) -> bool {
    match (one, other) {
        (Fact::Holder(one), Fact::Holder(other)) => {
            let [ours, theirs] = [one, other]
                .map(|it| it.processes.iter().map(|process| (process.pid, process.started)));
            one.owner == other.owner && one.locks == other.locks && ours.eq(theirs)
        }
        (Fact::Waiter(one), Fact::Waiter(other)) => {
            let [ours, theirs] =
                [one, other].map(|it| it.processes.iter().map(|process| process.pid));
            one.lock == other.lock && ours.eq(theirs)
        }
        (Fact::Unexplained(one), Fact::Unexplained(other)) => one.lock == other.lock,
        (Fact::Hidden(one), Fact::Hidden(other)) => one.locks == other.locks,
        (Fact::Served(one), Fact::Served(other)) => {
            one.server == other.server && one.locks == other.locks
        }
        _ => false,
    }
}

/// Writes `23:01:12 + pid 812 qemu-io  rw (ofd)`.
pub fn line(
    change: &Change<'_>,
    clock: &Clock,
    many_images: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Change { image, came, fact } = change;
    let (style, sign) = match (fact, came) {
        (Fact::Waiter(_), true) => (CAREFUL, '+'),
        (Fact::Waiter(_), false) => (CAREFUL, '-'),
        (_, true) => (BAD, '+'),
        (_, false) => (GOOD, '-'),
    };
    let (time, words) = (clock.format(clock.now, "%H:%M:%S"), in_words(image, *fact));
    let earlier = if image.replaced { ", the earlier file" } else { "" };
    let path = match many_images {
        true => format!("  {FAINT}{}{earlier}{FAINT:#}", printable(&image.path.to_string_lossy())),
        false => String::new(),
    };
    writeln!(out, "{FAINT}{time}{FAINT:#} {style}{sign}{style:#} {words}{path}")
}

/// Writes `23:01:12 ! disk.img is another file now`.
pub fn moved(moved: &Moved<'_>, clock: &Clock, out: &mut dyn Write) -> io::Result<()> {
    let time = clock.format(clock.now, "%H:%M:%S");
    let path = printable(&moved.before.path.to_string_lossy());
    let words = match moved.now {
        None => "leads to no image now; the file that it led to is still watched".to_owned(),
        Some(now) => {
            let state = match now.state() {
                ImageState::Locked => "which is locked",
                ImageState::InUse => "which is in use without a lock",
                ImageState::Free => "which is not locked",
                ImageState::Unknown => "on which no lock is visible",
            };
            format!("is another file now, {state}; both files are watched")
        }
    };
    writeln!(out, "{FAINT}{time}{FAINT:#} {CAREFUL}!{CAREFUL:#} {path} {words}")
}

/// `pid 812 qemu-io  rw (ofd)`.
fn in_words(image: &SurveyedImage, fact: Fact<'_>) -> String {
    match fact {
        Fact::Holder(holder) => {
            let mode = words::short_mode(holder, image.size);
            format!(
                "{}  {mode} ({})",
                list(words::names(&holder.processes)),
                words::classes(&holder.locks)
            )
        }
        Fact::Waiter(waiter) => {
            let names = match &waiter.processes[..] {
                [] if waiter.server.is_some() => {
                    waiter.server.map_or("", FileServer::client).to_owned()
                }
                [] => "an unknown process".to_owned(),
                some => list(words::names(some)),
            };
            format!("{names}  waits for {}", words::lock(&waiter.lock))
        }
        Fact::Served(one) => {
            let locks: Vec<String> = one.locks.iter().map(words::lock).collect();
            format!("{}  {}", served::name(one), locks.join(", "))
        }
        Fact::Unexplained(one) => format!("an unknown holder  {}", words::lock(&one.lock)),
        Fact::Hidden(one) => {
            format!("a holder that this host cannot name  {}", words::foreign(&one.locks))
        }
    }
}

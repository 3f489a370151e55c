use std::io::{self, Write};
use std::path::Path;

use imglock_harness::holders::{Holder, Survey, SurveyedImage, Unexplained, Waiter};
use jiff::Zoned;

use super::words;
use crate::phrase::printable;
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD};

/// One thing that has come, or gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<'a> {
    /// The image it is about.
    pub image: &'a SurveyedImage,
    /// Whether it has come.
    pub came: bool,
    /// What.
    pub fact: Fact<'a>,
}

/// What can come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact<'a> {
    /// An owner with its locks.
    Holder(&'a Holder),
    /// Somebody who waits.
    Waiter(&'a Waiter),
    /// A lock whose owner was not found.
    Unexplained(&'a Unexplained),
}

/// What went and what came between two surveys of the same images. An owner
/// whose locks changed, or who shares them with others than before, goes and
/// comes.
pub fn between<'a>(before: &'a Survey, after: &'a Survey) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    for (before, after) in before.images.iter().zip(&after.images) {
        changes.extend(missing(before, after, false));
        changes.extend(missing(after, before, true));
    }
    changes
}

/// What `here` has and `there` has not.
fn missing<'a>(
    here: &'a SurveyedImage,
    there: &SurveyedImage,
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
    holders.chain(waiters).chain(image.unexplained.iter().map(Fact::Unexplained))
}

/// Whether it is the same thing still: a copied descriptor, a new parent or
/// another command line make no difference.
fn same(one: &Fact<'_>, other: &Fact<'_>) -> bool {
    match (one, other) {
        (Fact::Holder(one), Fact::Holder(other)) => {
            one.owner == other.owner
                && one.locks == other.locks
                && one
                    .processes
                    .iter()
                    .map(|process| (process.pid, process.started))
                    .eq(other.processes.iter().map(|process| (process.pid, process.started)))
        }
        (Fact::Waiter(one), Fact::Waiter(other)) => {
            one.lock == other.lock
                && one
                    .processes
                    .iter()
                    .map(|process| process.pid)
                    .eq(other.processes.iter().map(|process| process.pid))
        }
        (Fact::Unexplained(one), Fact::Unexplained(other)) => one.lock == other.lock,
        _ => false,
    }
}

/// `23:01:12 + pid 812 qemu-io  rw (ofd)`.
///
/// # Errors
/// When `out` cannot be written.
pub fn line(
    change: &Change<'_>,
    now: &Zoned,
    many_images: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (style, sign) = if change.came { (BAD, '+') } else { (GOOD, '-') };
    let style = match change.fact {
        Fact::Waiter(_) => CAREFUL,
        _ => style,
    };
    let time = now.strftime("%H:%M:%S");
    let image = image_name(&change.image.path, many_images);
    writeln!(
        out,
        "{FAINT}{time}{FAINT:#} {style}{sign}{style:#} {}{image}",
        in_words(change.image, change.fact)
    )
}

fn image_name(path: &Path, many_images: bool) -> String {
    let path = printable(&path.to_string_lossy());
    if many_images { format!("  {FAINT}{path}{FAINT:#}") } else { String::new() }
}

/// `pid 812 qemu-io  rw (ofd)`.
fn in_words(image: &SurveyedImage, fact: Fact<'_>) -> String {
    let names = |processes: &[imglock_harness::holders::Process]| {
        words::and(&processes.iter().map(words::process).collect::<Vec<_>>())
    };
    match fact {
        Fact::Holder(holder) => {
            let classes: Vec<&str> =
                holder.classes().into_iter().map(|class| class.name()).collect();
            let mode = words::short_mode(holder, image.size);
            format!("{}  {mode} ({})", names(&holder.processes), classes.join(", "))
        }
        Fact::Waiter(waiter) => {
            let who = match &waiter.processes[..] {
                [] => "somebody".to_owned(),
                some => names(some),
            };
            format!("{who}  waits for {}", words::lock(&waiter.lock))
        }
        Fact::Unexplained(one) => {
            format!("somebody who could not be found  {}", words::lock(&one.lock))
        }
    }
}

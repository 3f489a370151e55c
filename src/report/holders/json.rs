//! The document for programs.

mod image;
mod locks;
mod owners;
mod served;

use std::borrow::Cow;
use std::io::{self, Write};

use imglock_locks::{Survey, Unseen};
use serde::Serialize;

use self::image::ImageView;
use self::owners::{HiddenView, HolderView, UnexplainedView, WaiterView};
use self::served::ServedView;
use super::chain::Chains;
use super::changes::{Change, Fact, Moved};
use super::since::Clock;
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
        now: moved.now.map(ImageView::of),
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
        let view = |(number, image)| {
            ImageView::of(image).in_chain(chains.role_view(number), chains.view(survey, number))
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

//! The steps of a drill as they are written, whatever the format.

use imglock_core::Outcome;
use imglock_qemu::{DrillAccount, DrillAct, DrillEntry, HeldMode, ImageLocks};

use super::words;
use crate::phrase::{printable, quoted};

/// One step of a drill.
pub struct Step<'a> {
    /// From 1 on.
    pub number: usize,
    /// The process, and what it does.
    pub actor: &'a str,
    pub title: &'a str,
    /// The command line, as a shell takes it.
    pub command: Option<String>,
    /// The QMP messages, and the lines printed to standard error.
    pub messages: Vec<String>,
    pub printed: Vec<String>,
    /// What a second QEMU was answered, and whether it was granted the image.
    pub answer: Option<(String, bool)>,
    /// The end of a process that ended.
    pub fate: Option<String>,
    /// The images whose locks changed, a line for each of their holders.
    pub changes: Vec<(&'a str, String)>,
}

/// The steps of `account`, in order.
pub fn steps(account: &DrillAccount) -> impl Iterator<Item = Step<'_>> {
    let entries = &account.entries;
    entries.iter().enumerate().map(move |(index, entry)| {
        let before = index.checked_sub(1).map_or(&[][..], |before| &entries[before].locks);
        let DrillEntry { actor, title, act, messages, printed, .. } = entry;
        Step {
            number: index + 1,
            actor,
            title,
            command: command(act),
            messages: messages.iter().map(ToString::to_string).collect(),
            printed: printed.iter().map(|line| printable(line)).collect(),
            answer: match act {
                DrillAct::Prove(outcome) => {
                    Some((words::answer(outcome), *outcome == Outcome::Granted))
                }
                _ => None,
            },
            fate: fate(act),
            changes: changes(before, entry),
        }
    })
}

fn command(act: &DrillAct) -> Option<String> {
    let (DrillAct::Start(words) | DrillAct::Run { command: words, .. }) = act else { return None };
    Some(words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "))
}

fn fate(act: &DrillAct) -> Option<String> {
    match act {
        DrillAct::Kill => Some("SIGKILL".to_owned()),
        DrillAct::Signal(signal) => Some(signal.clone()),
        DrillAct::End(0) => Some("exited".to_owned()),
        DrillAct::End(status) => Some(format!("exited with status {status}")),
        _ => None,
    }
}

/// The images whose locks an entry changed, with all their locks.
fn changes<'a>(before: &[ImageLocks], entry: &'a DrillEntry) -> Vec<(&'a str, String)> {
    let was = |image: &str| before.iter().find(|one| one.image == image);
    let changed = entry.locks.iter().filter(|now| match was(&now.image) {
        Some(then) => then.holdings != now.holdings,
        None => !now.holdings.is_empty(),
    });
    changed.flat_map(|now| holdings(now).into_iter().map(|line| (&*now.image, line))).collect()
}

fn holdings(locks: &ImageLocks) -> Vec<String> {
    match (&locks.holdings[..], &locks.unlocked[..]) {
        ([], []) => vec!["no lock".to_owned()],
        ([], names) => vec![format!("no lock; open without a lock: {}", names.join(", "))],
        (holdings, _) => holdings.iter().map(holding).collect(),
    }
}

fn holding(holding: &HeldMode) -> String {
    let actors = holding.actors.join(" and ");
    let through = if holding.actors.len() == 1 { "" } else { ", through one descriptor:" };
    format!("{actors}{through} {}", words::claim(holding.claim))
}

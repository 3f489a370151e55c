//! What is said of locks and proofs, whatever the format.

use imglock_harness::drill::{Act, Cell, Effect, Entry, Holding, ImageLocks};
use imglock_harness::image::{Claim, Permissions};
use imglock_harness::lock::Backend;
use imglock_harness::step::Outcome;

use super::Narrative;
use crate::phrase::quoted;

/// Why the run took POSIX locks.
pub const DENIED: &str = "a seccomp filter answers F_OFD_SETLK with EINVAL, as a kernel or file \
                          system without OFD locks does";

/// Which locks QEMU took, and why.
pub fn conditions(narrative: &Narrative<'_>) -> String {
    let variant = narrative.told.account.variant;
    match variant.backend {
        Backend::Ofd => format!("OFD locks; file nodes {}", variant.node),
        Backend::Posix => {
            format!("fallback to POSIX locks ({DENIED}); file nodes {}", variant.node)
        }
    }
}

/// Which QEMU, on what.
pub fn place(narrative: &Narrative<'_>) -> String {
    let environment = &narrative.environment;
    format!(
        "{}, Linux {}, {}",
        narrative.told.account.program, environment.kernel, environment.file_system
    )
}

/// A command line, as a shell takes it.
pub fn command(act: &Act) -> Option<String> {
    match act {
        Act::Start(words) | Act::Run { command: words, .. } => {
            Some(words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "))
        }
        Act::Tell
        | Act::Await
        | Act::Kill
        | Act::Note
        | Act::Signal(_)
        | Act::End(_)
        | Act::Prove(_) => None,
    }
}

/// The images whose locks an entry changed, each with all that is there now.
pub fn changes(before: &[ImageLocks], entry: &Entry) -> Vec<(String, Vec<String>)> {
    let was = |image: &str| before.iter().find(|one| one.image == image);
    let changed = entry.locks.iter().filter(|now| match was(&now.image) {
        Some(then) => then.holdings != now.holdings,
        None => !now.holdings.is_empty(),
    });
    changed.map(|now| (now.image.clone(), holdings(now))).collect()
}

fn holdings(locks: &ImageLocks) -> Vec<String> {
    if locks.holdings.is_empty() {
        let open = match &locks.unlocked[..] {
            [] => String::new(),
            names => format!("; open without one: {}", names.join(", ")),
        };
        return vec![format!("nobody has a lock{open}")];
    }
    locks.holdings.iter().map(holding).collect()
}

fn holding(holding: &Holding) -> String {
    let actors = holding.actors.join(" and ");
    match holding.actors.len() {
        1 => format!("{actors} {}", claim(holding.claim)),
        _ => format!("{actors}, by one descriptor: {}", claim(holding.claim)),
    }
}

/// `holds consistent-read, write; does not share write`.
pub fn claim(claim: Claim) -> String {
    let mut parts = Vec::new();
    if !claim.held.is_empty() {
        parts.push(format!("holds {}", list(claim.held)));
    }
    if !claim.unshared().is_empty() {
        parts.push(format!("does not share {}", list(claim.unshared())));
    }
    if parts.is_empty() { "holds nothing".to_owned() } else { parts.join("; ") }
}

fn list(permissions: Permissions) -> String {
    permissions.each().map(|one| one.name()).collect::<Vec<_>>().join(", ")
}

/// What a second QEMU was told.
pub fn answer(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Granted => "it is let in".to_owned(),
        Outcome::Refused(refusal) => format!("it is refused: {}", refusal.qemu_message()),
        other => format!("it gets {other}"),
    }
}

/// What became of a process, where that is not in what it said.
pub fn fate(act: &Act) -> Option<String> {
    match act {
        Act::Kill => Some("SIGKILL".to_owned()),
        Act::Signal(signal) => Some(signal.clone()),
        Act::End(0) => Some("it has ended".to_owned()),
        Act::End(status) => Some(format!("it has ended with status {status}")),
        _ => None,
    }
}

/// A proof, in one sentence.
pub fn proof(cell: &Cell) -> String {
    let Cell { place, actor, measured, second, outcome, .. } = cell;
    let second = match outcome {
        Outcome::Granted => format!("a second QEMU was let in ({second})"),
        Outcome::Refused(refusal) => {
            format!("a second QEMU ({second}) was refused: {}", refusal.qemu_message())
        }
        other => format!("a second QEMU ({second}) got {other}"),
    };
    format!("{place}: {actor} {}; {second}", claim(*measured))
}

/// The word for what became of locks.
pub fn effect(effect: Option<Effect>) -> &'static str {
    match effect {
        Some(Effect::Keeps) => "KEPT",
        Some(Effect::Loses) => "LOST",
        Some(Effect::Weakens) => "WEAK",
        Some(Effect::Open) => "OPEN",
        None => "UNCLEAR",
    }
}

/// What the same commands did with OFD locks.
pub fn control(narrative: &Narrative<'_>) -> Option<String> {
    let control = narrative.control?;
    let kept = control.account.cells.iter().all(|cell| cell.effect == Some(Effect::Keeps));
    Some(match kept {
        true => "With OFD locks the same commands lose nothing: the second QEMU is refused each \
                 time."
            .to_owned(),
        false => {
            let cells = control
                .account
                .cells
                .iter()
                .map(|cell| format!("{} {}", cell.place, effect(cell.effect).to_lowercase()));
            format!(
                "With OFD locks the same commands give: {}.",
                cells.collect::<Vec<_>>().join(", ")
            )
        }
    })
}

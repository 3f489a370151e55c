//! Conditions, claims and proofs in words, whatever the format.

use imglock_core::{Backend, Claim, Outcome, Verdict};
use imglock_qemu::{DrillCell, DrillResult, LockEffect};

use super::Narrative;
use crate::report::permissions::clauses;

/// Why the run took POSIX locks.
const DENIED: &str = "a seccomp filter answers F_OFD_SETLK with EINVAL, as a kernel or file system \
                      without OFD locks does";

/// Which locks QEMU took, and why.
pub fn conditions(narrative: &Narrative<'_>) -> String {
    let variant = narrative.told.account.variant;
    let locks = match variant.backend {
        Backend::Ofd => "OFD locks".to_owned(),
        Backend::Posix => format!("fallback to POSIX locks ({DENIED})"),
    };
    format!("{locks}; file nodes {}", variant.node)
}

/// `holds consistent-read, write; does not share write`.
pub fn claim(claim: Claim) -> String {
    match clauses([("holds", claim.held), ("does not share", claim.unshared())]) {
        clauses if clauses.is_empty() => "holds nothing".to_owned(),
        clauses => clauses.join("; "),
    }
}

/// The answer to a second QEMU.
pub fn answer(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Granted => "granted".to_owned(),
        Outcome::Refused(refusal) => format!("refused: {}", refusal.qemu_message()),
        other => format!("result: {other}"),
    }
}

/// A proof, in one sentence.
pub fn proof(cell: &DrillCell) -> String {
    let DrillCell { place, actor, measured, second, outcome, .. } = cell;
    let answer = match outcome {
        Outcome::Granted => "was granted the image".to_owned(),
        Outcome::Refused(_) => format!("was {}", answer(outcome)),
        other => format!("got {other}"),
    };
    format!("{place}: {actor} {}; a second QEMU ({second}) {answer}", claim(*measured))
}

/// The word for the effect on locks.
pub fn effect(effect: Option<LockEffect>) -> &'static str {
    match effect {
        Some(LockEffect::Keeps) => "KEPT",
        Some(LockEffect::Loses) => "LOST",
        Some(LockEffect::Weakens) => "WEAK",
        Some(LockEffect::Open) => "OPEN",
        None => "UNCLEAR",
    }
}

/// The effect of the same commands with OFD locks.
pub fn control(narrative: &Narrative<'_>) -> Option<String> {
    let cells = &narrative.control?.account.cells;
    if cells.iter().all(|cell| cell.effect == Some(LockEffect::Keeps)) {
        let kept = "With OFD locks the same commands lose nothing: the second QEMU is refused each \
                    time.";
        return Some(kept.to_owned());
    }
    let cells =
        cells.iter().map(|cell| format!("{} {}", cell.place, effect(cell.effect).to_lowercase()));
    let cells: Vec<String> = cells.collect();
    Some(format!("With OFD locks the same commands give: {}.", cells.join(", ")))
}

/// The runs that did not pass.
pub fn failures<'n>(narrative: &Narrative<'n>) -> impl Iterator<Item = &'n DrillResult> {
    let results = [narrative.told].into_iter().chain(narrative.control);
    results.filter(|result| result.verdict != Verdict::Passed)
}

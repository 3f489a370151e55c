use imglock_core::{Permissions, Refusal, Side};
use imglock_scenario::{
    HistoryEvent, HistoryEventKind, HistoryFinding, HistoryMatter, OpenAnswer, OpenerRole, Opening,
    claim_conflict,
};

use super::Names;
use crate::report::permissions::or_nothing;

/// A finding about the image with this index, in one sentence.
pub fn sentence(matter: &HistoryMatter, image: usize, names: &Names<'_>) -> String {
    let image = names.image(image);
    let name = |stay: &Opening| names.opener(stay.opener);
    match matter {
        HistoryMatter::TwoHolders { first, second } => {
            format!("{} and {} held {image} at the same time", name(first), name(second))
        }
        HistoryMatter::SameOwner { first, second } => format!(
            "{} and {} of {} held {image} at the same time",
            name(first),
            name(second),
            names.process(first.opener)
        ),
        HistoryMatter::LockLoss { loser, closer, other } => format!(
            "{} was granted {image} beside {}, which may have lost its locks when {} of the same \
             process {}",
            name(other),
            name(loser),
            name(closer),
            if closer.granted_ns().is_some() { "closed" } else { "was refused" }
        ),
        HistoryMatter::Unjustified { refused, .. } => {
            let over = refusal(refused).map_or(String::new(), |refusal| format!(" ({refusal})"));
            let others = others(refused);
            format!("{} was refused {image}{over}, although {others}", name(refused))
        }
        HistoryMatter::Suspect { suspect, refused } => {
            let died =
                if suspect.end.is_some() { "died without an answer" } else { "has no answer" };
            match refused {
                Some(refused) => format!(
                    "{} {died} and may have held {image}; no other opener explains the refusal of {}",
                    name(suspect),
                    name(refused)
                ),
                None => format!("{} {died} and may still hold {image}", name(suspect)),
            }
        }
        HistoryMatter::NeverReleased { holder } => {
            format!("{} was granted {image} and never released it", name(holder))
        }
    }
}

/// The remark beside an event, if it needs one.
pub fn remark(event: &HistoryEvent, finding: &HistoryFinding, names: &Names<'_>) -> Option<String> {
    let certain = finding.is_certain;
    match event.role {
        OpenerRole::Proof | OpenerRole::Context => None,
        OpenerRole::Suspect => Some("no answer and no close follow".to_owned()),
        OpenerRole::Loss => Some("its process may have lost all locks here".to_owned()),
        OpenerRole::Gone { apart_ns } => Some(format!("ended {apart_ns} ns before")),
        OpenerRole::Came { apart_ns } => Some(format!("began {apart_ns} ns after")),
        OpenerRole::Point => Some(match &finding.matter {
            HistoryMatter::TwoHolders { first, second }
            | HistoryMatter::SameOwner { first, second }
            | HistoryMatter::LockLoss { loser: first, other: second, .. } => {
                let may = if certain { "" } else { "may " };
                format!("both {may}hold it: {}", why(first, second, names))
            }
            HistoryMatter::Unjustified { refused, .. } => {
                let perhaps = if certain { "" } else { "perhaps " };
                format!("{perhaps}{}", others(refused))
            }
            HistoryMatter::Suspect { .. } => "no other opener is a cause".to_owned(),
            HistoryMatter::NeverReleased { .. } => "no close and no death follows".to_owned(),
        }),
    }
}

/// Why no other opener justifies the refusal.
fn others(refused: &Opening) -> String {
    match refusal(refused) {
        Some(Refusal { side: Side::Wanted, permission }) => {
            format!("every other opener shared {permission}")
        }
        Some(Refusal { side: Side::Unshared, permission }) => {
            format!("no other opener held {permission}")
        }
        None => "no other opener conflicted".to_owned(),
    }
}

fn refusal(stay: &Opening) -> Option<Refusal> {
    match stay.answer {
        Some((_, OpenAnswer::Refused(over))) => over,
        _ => None,
    }
}

fn why(first: &Opening, second: &Opening, names: &Names<'_>) -> String {
    let (holder, other, permission) = match claim_conflict(first.claim, second.claim) {
        Some(Refusal { side: Side::Unshared, permission }) => (first, second, permission),
        Some(Refusal { side: Side::Wanted, permission }) => (second, first, permission),
        None => return "their claims conflict".to_owned(),
    };
    let [holder, other] = [holder, other].map(|stay| names.opener(stay.opener));
    format!("{holder} holds {permission}, which {other} does not share")
}

/// What an opener did, one line or several.
pub fn event(kind: HistoryEventKind, names: &Names<'_>) -> Vec<String> {
    match kind {
        HistoryEventKind::Open(claim) => match names.mode(claim) {
            Some(mode) => vec![format!("open {mode}")],
            None => {
                let holds = format!("  holds {}", permissions(claim.held));
                let shares = format!("  shares {}", permissions(claim.shared));
                vec!["open".to_owned(), holds, shares]
            }
        },
        HistoryEventKind::Refused(Some(refusal)) => vec![format!("refused {refusal}")],
        other => vec![other.name().to_owned()],
    }
}

fn permissions(set: Permissions) -> String {
    if set.is_all() { "all".to_owned() } else { or_nothing(set) }
}

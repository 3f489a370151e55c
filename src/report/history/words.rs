use imglock_harness::history::{Answer, Event, EventKind, Finding, Matter, Role, Stay, conflict};
use imglock_harness::image::{Permissions, Refusal, Side};

use super::Names;

/// What was found, in one sentence.
pub fn sentence(finding: &Finding, names: &Names<'_>) -> String {
    let image = names.image(finding.image);
    let who = |stay: &Stay| names.who(stay);
    match &finding.matter {
        Matter::TwoHolders { first, second } => {
            format!("{} and {} had {image} at the same time", who(first), who(second))
        }
        Matter::SameOwner { first, second } => format!(
            "{} and {} of one process, {}, had {image} at the same time",
            who(first),
            who(second),
            names.process(first.opener)
        ),
        Matter::LockLoss { loser, closer, other } => format!(
            "{} was let in beside {}, whose locks may have gone when {} {}",
            who(other),
            who(loser),
            who(closer),
            if closer.granted_ns().is_some() { "closed" } else { "was refused" }
        ),
        Matter::Unjustified { refused, .. } => format!(
            "{} was refused {image}{}, and nobody {} was there",
            who(refused),
            over(refused),
            offender(refused)
        ),
        Matter::NeverReleased { holder } => {
            format!("{} was granted {image} and never let go of it", who(holder))
        }
    }
}

/// What is to be said beside an event.
pub fn remark(event: &Event, finding: &Finding, names: &Names<'_>) -> Option<String> {
    let may = |words: &str, perhaps: &str| match finding.is_certain {
        true => words.to_owned(),
        false => perhaps.to_owned(),
    };
    match event.role {
        Role::Proof | Role::Context => None,
        Role::Loss => Some("its process may have lost all locks with it".to_owned()),
        Role::Gone { apart_ns } => Some(format!("had gone {apart_ns} ns before")),
        Role::Came { apart_ns } => Some(format!("came {apart_ns} ns after")),
        Role::Point => Some(match &finding.matter {
            Matter::TwoHolders { first, second }
            | Matter::SameOwner { first, second }
            | Matter::LockLoss { loser: first, other: second, .. } => {
                let both = may("both have it", "both may have it");
                format!("{both}: {}", why(first, second, names))
            }
            Matter::Unjustified { refused, .. } => {
                let was = may("was", "may have been");
                format!("nobody {} {was} there", offender(refused))
            }
            Matter::NeverReleased { .. } => "nothing says that it closed or died".to_owned(),
        }),
    }
}

/// ` over write`, where that is known.
fn over(refused: &Stay) -> String {
    refusal(refused).map_or_else(String::new, |refusal| format!(" over {refusal}"))
}

/// Who would have been in the way.
fn offender(refused: &Stay) -> String {
    match refusal(refused) {
        Some(Refusal { side: Side::Wanted, permission }) => {
            format!("who does not share {permission}")
        }
        Some(Refusal { side: Side::Unshared, permission }) => format!("who holds {permission}"),
        None => "whose claim conflicts".to_owned(),
    }
}

fn refusal(stay: &Stay) -> Option<Refusal> {
    match stay.answer {
        Some((_, Answer::Refused(over))) => over,
        _ => None,
    }
}

fn why(first: &Stay, second: &Stay, names: &Names<'_>) -> String {
    let (holder, other, permission) = match conflict(first.claim, second.claim) {
        Some(Refusal { side: Side::Unshared, permission }) => (first, second, permission),
        Some(Refusal { side: Side::Wanted, permission }) => (second, first, permission),
        None => return "their claims conflict".to_owned(),
    };
    format!("{} holds {permission}, which {} does not share", names.who(holder), names.who(other))
}

/// What an opener did, in as many lines as that takes.
pub fn event(kind: EventKind, names: &Names<'_>) -> Vec<String> {
    match kind {
        EventKind::Open(claim) => match names.mode(claim) {
            Some(mode) => vec![format!("open {mode}")],
            None => {
                let holds = format!("  holds {}", permissions(claim.held));
                let shares = format!("  shares {}", permissions(claim.shared));
                vec!["open".to_owned(), holds, shares]
            }
        },
        EventKind::Refused(Some(refusal)) => vec![format!("refused {refusal}")],
        other => vec![other.name().to_owned()],
    }
}

fn permissions(set: Permissions) -> String {
    match set {
        set if set.is_empty() => "nothing".to_owned(),
        set if set.is_all() => "all".to_owned(),
        set => set.to_string(),
    }
}

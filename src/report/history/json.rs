use std::io::{self, Write};

use imglock_scenario::{
    History, HistoryEvent, HistoryEventKind, HistoryFinding, HistoryJudgement, HistoryVerdict,
    OpenerRole, Shown, Suspected,
};
use serde_json::{Value, json};

use super::{Names, sentence};
use crate::report::document;

/// Writes the verdict, the events that prove it, and the hazards as one JSON document.
pub fn document(
    history: &History,
    judgement: &HistoryJudgement,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (verdict, finding) = match &judgement.verdict {
        HistoryVerdict::Valid => ("valid", None),
        HistoryVerdict::Unknown(finding) => ("unknown", Some(finding)),
        HistoryVerdict::Invalid(finding) => ("invalid", Some(finding)),
    };
    let names = Names::of(history);
    let reason = |finding: &HistoryFinding| sentence(&finding.matter, finding.image, &names);
    let hazard = |Shown { hazard, count, first }: &Shown| {
        json!({
            "hazard": hazard,
            // How many openings show it; the rest is about the first of them.
            "count": count,
            "reason": reason(first),
            "evidence": evidence(history, first),
        })
    };
    let suspected = |Suspected { refusals, first }: &Suspected| {
        json!({
            // How many refusals only such openers can have caused.
            "refusals": refusals,
            "reason": reason(first),
            "evidence": evidence(history, first),
        })
    };
    let counts = judgement.counts;
    let document = json!({
        "schema": 1,
        "verdict": verdict,
        // Null where it is valid.
        "reason": finding.map(reason),
        "evidence": finding.map(|finding| evidence(history, finding)),
        // How many openings contradict the contract, and how many may.
        "contradictions": judgement.contradictions,
        "unclear": judgement.unclear,
        "hazards": judgement.hazards.iter().map(hazard).collect::<Vec<_>>(),
        // Openers without an answer that may have held the image; null if there is none.
        "suspected": judgement.suspected.as_ref().map(suspected),
        "header": history.header,
        "openings": counts.openings,
        "granted": counts.granted,
        "refused": counts.refused,
        "unanswered": counts.openings - counts.granted - counts.refused,
        "openers": history.openers.len(),
        "images": history.images.len(),
        "first_ns": counts.span_ns.map(|(first, _)| first),
        "last_ns": counts.span_ns.map(|(_, last)| last),
    });
    document::write(&document, out)
}

fn evidence(history: &History, finding: &HistoryFinding) -> Value {
    let image = history.images.get(finding.image);
    let events = finding.matter.events();
    json!({
        "kind": finding.matter.name(),
        // Null where the history has one image and does not name it.
        "image": image.and_then(|image| image.name.as_deref()),
        "events": events.iter().map(|event| entry(history, event)).collect::<Vec<_>>(),
    })
}

/// An event as a line of a history, and its role in the evidence.
fn entry(history: &History, event: &HistoryEvent) -> Value {
    let opener = history.openers.get(event.opener);
    let mut entry = json!({
        "at_ns": event.at_ns,
        "opener": opener.map_or("", |opener| &opener.name),
        "process": opener.map_or("", |opener| &opener.process),
        "event": event.kind.name(),
    });
    match event.kind {
        HistoryEventKind::Open(claim) => {
            entry["held"] = json!(claim.held);
            entry["shared"] = json!(claim.shared);
        }
        HistoryEventKind::Refused(Some(refusal)) => {
            entry["permission"] = json!(refusal.permission);
            entry["side"] = json!(refusal.side);
        }
        _ => {}
    }
    // An opener that would justify a refusal, and how long before or after.
    let (role, apart_ns) = match event.role {
        OpenerRole::Proof => ("proof", None),
        OpenerRole::Point => ("point", None),
        OpenerRole::Loss => ("loss", None),
        OpenerRole::Context => ("context", None),
        OpenerRole::Suspect => ("suspect", None),
        OpenerRole::Gone { apart_ns } => ("gone", Some(apart_ns)),
        OpenerRole::Came { apart_ns } => ("came", Some(apart_ns)),
    };
    entry["role"] = json!(role);
    if let Some(apart_ns) = apart_ns {
        entry["apart_ns"] = json!(apart_ns);
    }
    entry
}

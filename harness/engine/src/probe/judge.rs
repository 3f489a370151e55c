//! Derives the answer about a property from a run.

use super::data::{ProbeAnswer, ProbeEvidence, ProbeStanding, ProbeTrial};
use super::property::Property;
use crate::run::{Event, EventKind, Judge, ScenarioResult, StepEvent};
use imglock_core::{Backend, Errno, LockHolder, Outcome, TableLock};

/// Judges a run of the property's story, which has `lines` lines.
pub(super) fn trial(property: Property, lines: usize, result: &ScenarioResult) -> ProbeTrial {
    let answer = answer(property, lines, result);
    let evidence = result.trace.events.iter().map(evidence).collect();
    ProbeTrial { standing: standing(property, result.backend, &answer), answer, evidence }
}

/// A property that was not tried.
pub(super) fn untried(why: impl Into<String>) -> ProbeTrial {
    let answer = ProbeAnswer::not_tried(why);
    ProbeTrial { answer, standing: ProbeStanding::NotTried, evidence: Vec::new() }
}

fn standing(property: Property, backend: Backend, answer: &ProbeAnswer) -> ProbeStanding {
    match answer {
        ProbeAnswer::NotTried { .. } => ProbeStanding::NotTried,
        answer if *answer == ProbeAnswer::of(property.must_be(backend)) => ProbeStanding::Holds,
        _ => ProbeStanding::Broken,
    }
}

fn answer(property: Property, lines: usize, result: &ScenarioResult) -> ProbeAnswer {
    let Some((last, before)) = result.trace.events.split_last() else {
        return ProbeAnswer::NoAnswer { why: result.reason.clone() };
    };
    if let Some(answer) = before.iter().find_map(hindrance) {
        return answer;
    }
    // If a run stops before its last line, the harness stopped it.
    if before.len() + 1 < lines || is_unanswered(last) {
        return ProbeAnswer::NoAnswer { why: result.reason.clone() };
    }
    let must = property.must_be(result.backend);
    match &last.kind {
        EventKind::Held { .. } => {
            let differs = |finding: &crate::run::Finding| {
                finding.judge == Judge::Scenario && finding.event == Some(before.len())
            };
            ProbeAnswer::of(must != result.findings.iter().any(differs))
        }
        EventKind::Step(step) if step.outcome == step.expected => ProbeAnswer::of(must),
        EventKind::Step(step) => errno(step).unwrap_or(ProbeAnswer::of(!must)),
    }
}

fn is_unanswered(event: &Event) -> bool {
    matches!(&event.kind, EventKind::Step(step) if step.outcome.is_none())
}

/// The answer that a step before the last one forces, if it did not have the
/// outcome that the question needs.
fn hindrance(event: &Event) -> Option<ProbeAnswer> {
    let EventKind::Step(step) = &event.kind else { return None };
    match (&step.expected, &step.outcome) {
        (Some(expected), Some(outcome)) if expected == outcome => None,
        (None, Some(Outcome::Granted | Outcome::Done)) => None,
        // The run ends at this step.
        (_, None) => None,
        (_, Some(Outcome::Failed(error))) if step.action.is_hosts() => {
            Some(ProbeAnswer::not_tried(format!("`{}` gave {error}", event.text)))
        }
        _ => Some(errno(step).unwrap_or_else(|| unmet(event, step))),
    }
}

/// The question needs a lock that excludes other processes, and this one does
/// not.
fn unmet(event: &Event, step: &StepEvent) -> ProbeAnswer {
    let outcome = step.outcome.as_ref().map_or_else(String::new, Outcome::to_string);
    ProbeAnswer::not_tried(format!("the earlier step `{}` gave {outcome}", event.text))
}

/// The errno of a call that failed, unless a conflicting lock is the reason.
fn errno(step: &StepEvent) -> Option<ProbeAnswer> {
    match step.outcome.as_ref()? {
        Outcome::Failed(error) | Outcome::LockByte { error, .. } if *error != Errno::EAGAIN => {
            Some(ProbeAnswer::Errno { errno: error.to_string() })
        }
        _ => None,
    }
}

fn evidence(event: &Event) -> ProbeEvidence {
    let (outcome, expected) = match &event.kind {
        EventKind::Step(step) => (
            step.outcome.as_ref().map_or("no answer".to_owned(), Outcome::to_string),
            step.expected.as_ref().map(Outcome::to_string),
        ),
        EventKind::Held { stated } => {
            let table = event.table.iter().flatten().map(shown).collect();
            (listed(table), Some(listed(stated.clone())))
        }
    };
    ProbeEvidence { step: event.text.clone(), outcome, expected }
}

/// In the words of a `held` statement.
fn shown(lock: &TableLock) -> String {
    let holder = lock.holders.first().map_or_else(|| "?".to_owned(), LockHolder::to_string);
    format!("{holder} has {} {} (image {})", lock.kind, lock.range, lock.image)
}

fn listed(lines: Vec<String>) -> String {
    if lines.is_empty() { "nothing".to_owned() } else { lines.join("; ") }
}

#[cfg(test)]
mod tests;

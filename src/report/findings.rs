//! The judges' findings on a run, in words.

use imglock_core::Verdict;
use imglock_engine::{Event, EventKind, Finding, Judge, ScenarioResult, Trace};

use super::{action, standing};

/// A failure that a judge found, as terminal and page show it.
#[derive(Debug)]
pub struct Objection<'r> {
    /// The judge.
    pub judge: Judge,
    /// The event, or the run as a whole.
    pub place: String,
    /// The finding in one sentence.
    pub message: &'r str,
    /// The expected and the actual state, and the hazard; each with its name.
    pub details: Vec<(&'static str, String)>,
}

/// Every failure that the judges found, in order.
pub fn objections(result: &ScenarioResult) -> impl Iterator<Item = Objection<'_>> {
    failures(result).map(|finding| {
        let event = finding.event.and_then(|index| result.trace.events.get(index));
        let hazard = finding.hazard.map(|hazard| format!("{hazard}: {}", hazard.meaning()));
        let details = [
            ("expected", finding.expected.clone()),
            ("actual", finding.actual.clone()),
            ("hazard", hazard.unwrap_or_default()),
        ];
        Objection {
            judge: finding.judge,
            place: event
                .map_or_else(|| "the run as a whole".to_owned(), |one| line(&result.trace, one)),
            message: &finding.message,
            details: details.into_iter().filter(|(_, text)| !text.is_empty()).collect(),
        }
    })
}

/// The reason of a result, unless an objection has the same words.
pub fn reason(result: &ScenarioResult) -> Option<String> {
    let reason = standing::reason(result);
    let again = failures(result).any(|finding| finding.message == reason);
    (!reason.is_empty() && !again).then_some(reason)
}

/// An event by its line: `line 13: vm2 open disk mode=rw`.
pub fn line(trace: &Trace, event: &Event) -> String {
    format!("line {}: {}", event.line, action::in_trace(trace, &event.text))
}

/// The findings that make the run fail.
pub fn failures(result: &ScenarioResult) -> impl Iterator<Item = &Finding> {
    result.findings.iter().filter(|finding| finding.is_failure())
}

/// The events at fault: those of failures, and a step without an answer.
pub fn faults(result: &ScenarioResult) -> Vec<usize> {
    let found = failures(result).filter_map(|finding| finding.event);
    let unanswered =
        result.trace.events.iter().position(
            |event| matches!(&event.kind, EventKind::Step(step) if step.outcome.is_none()),
        );
    let unanswered = unanswered.filter(|_| result.verdict == Verdict::TimedOut);
    let mut faults: Vec<usize> = found.chain(unanswered).collect();
    faults.sort_unstable();
    faults.dedup();
    faults
}

/// The event that a report is about: the first one at fault, or the last one.
pub fn decisive(result: &ScenarioResult) -> usize {
    let last = result.trace.events.len().saturating_sub(1);
    faults(result).first().copied().unwrap_or(last)
}

/// A finding as a remark on its step: the hazard's name, and the event.
pub fn sentence(finding: &Finding, loss: bool) -> String {
    let hazard = finding.hazard.map_or(String::new(), |hazard| format!("{hazard}: "));
    // Advice for the scenario's author follows after a semicolon.
    let event = finding.message.split("; if it is meant to").next().unwrap_or_default();
    let silent = if loss { ", without notification" } else { "" };
    format!("{hazard}{event}{silent}")
}

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::subject::Message;
use imglock_core::{Action, Outcome, TableLock};

/// The events of one run, in order, as plain data. Reports, drawings and
/// comparisons are made from it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Trace {
    /// The processes that took part, in order of their start.
    pub processes: Vec<ProcessEntry>,
    /// The names of the images, by their index in [`TableLock::image`].
    pub images: Vec<String>,
    /// The events, in order.
    pub events: Vec<Event>,
}

impl Trace {
    /// The pid of an actor, if it ever started.
    pub fn pid(&self, actor: &str) -> Option<i32> {
        self.processes.iter().rev().find(|entry| entry.actor == actor).map(|entry| entry.pid)
    }

    /// Counts the simultaneous starts (`together`) by their outcomes.
    ///
    /// Acquiring many lock bytes is not atomic, so all conflicting openers may
    /// be refused. The contract allows that; reports count it.
    pub fn starts(&self) -> SimultaneousStarts {
        let mut blocks: BTreeMap<usize, (bool, usize)> = BTreeMap::new();
        for event in &self.events {
            let EventKind::Step(step) = &event.kind else { continue };
            let Some(block) = step.together else { continue };
            let (won, refused) = blocks.entry(block).or_default();
            match step.outcome {
                Some(Outcome::Granted) => *won = true,
                Some(Outcome::Refused(_)) => *refused += 1,
                _ => {}
            }
        }
        let contested = blocks.values().filter(|(won, refused)| usize::from(*won) + *refused >= 2);
        contested.filter(|(_, refused)| *refused > 0).fold(
            SimultaneousStarts::default(),
            |sum, (won, _)| SimultaneousStarts {
                contested: sum.contested + 1,
                nobody_won: sum.nobody_won + usize::from(!*won),
            },
        )
    }
}

/// Simultaneous starts in which at least one opener was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SimultaneousStarts {
    /// The number of such starts.
    pub contested: usize,
    /// The number of them in which every opener was refused.
    pub nobody_won: usize,
}

/// One process of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessEntry {
    /// Its name in the scenario.
    pub actor: String,
    /// Its process id.
    pub pid: i32,
    /// The actor that forked or cloned it; `None` for a process that the
    /// harness started.
    pub parent: Option<String>,
    /// The subject that plays it, such as `builtin`.
    pub subject: String,
    /// Standard error of a QEMU.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub printed: String,
}

/// One event of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The line of the scenario's file, counted from 1.
    pub line: usize,
    /// The line as text, with `$n` filled in, such as `vm1 open disk
    /// image=disk.img mode=rw`.
    pub text: String,
    /// The begin, in microseconds since the run's first event
    /// (CLOCK_MONOTONIC).
    pub start_us: u64,
    /// The time at which the outcome was known, on the same clock.
    pub end_us: u64,
    /// The kind of the event, with its details.
    pub kind: EventKind,
    /// The kernel's lock table after the event, where it was read.
    pub table: Option<Vec<TableLock>>,
}

/// The kind of an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// An actor performed a step.
    Step(Box<StepEvent>),
    /// A `held` statement was compared with the table.
    Held {
        /// The statement's locks, one line for each.
        stated: Vec<String>,
    },
}

/// A step and its outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepEvent {
    /// The actor.
    pub actor: String,
    /// The action it performed.
    pub action: Action,
    /// The outcome; `None` when no answer came before the deadline.
    pub outcome: Option<Outcome>,
    /// The outcome that the scenario's file expects, if it states one.
    pub expected: Option<Outcome>,
    /// The outcome that the model predicts; `None` where it answers "unknown".
    pub predicted: Option<Outcome>,
    /// Warnings that QEMU would have printed.
    pub warnings: Vec<String>,
    /// The number of its `together` block, counted from 0.
    pub together: Option<usize>,
    /// The messages to and from the QEMU that plays the actor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use imglock_core::Action;

    /// A trace of blocks, separated by `;`, whose steps had these outcomes.
    fn trace(blocks: &str) -> Trace {
        let steps = blocks.split("; ").enumerate().flat_map(|(block, outcomes)| {
            outcomes.split(", ").map(move |outcome| StepEvent {
                actor: "vm".to_owned(),
                action: Action::Activate { node: "disk".to_owned() },
                outcome: Some(outcome.parse().expect("an outcome")),
                expected: None,
                predicted: None,
                warnings: Vec::new(),
                together: Some(block),
                messages: Vec::new(),
            })
        });
        let events = steps.map(|step| Event {
            line: 1,
            text: String::new(),
            start_us: 0,
            end_us: 0,
            kind: EventKind::Step(Box::new(step)),
            table: None,
        });
        Trace { events: events.collect(), ..Trace::default() }
    }

    #[rstest::rstest]
    #[case::one_wins("granted, refused write", 1, 0)]
    #[case::nobody_wins("refused write, refused shared write", 1, 1)]
    #[case::all_get_along("granted, granted", 0, 0)]
    #[case::one_is_refused_by_a_holder("refused write, done", 0, 0)]
    #[case::two_blocks("refused write, refused write; granted, refused write", 2, 1)]
    fn starts_are_counted(
        #[case] blocks: &str,
        #[case] contested: usize,
        #[case] nobody_won: usize,
    ) {
        assert_eq!(trace(blocks).starts(), SimultaneousStarts { contested, nobody_won });
    }
}

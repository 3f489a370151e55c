use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::subject::Message;
use imglock_core::{Action, Outcome, TableLock};

/// What happened in one run, in order: plain data, from which everything that
/// is printed, drawn or compared is made.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Trace {
    /// The processes that took part, in order of their start.
    pub processes: Vec<ProcessEntry>,
    /// The names of the images, by their index in [`TableLock::image`].
    pub images: Vec<String>,
    /// What happened.
    pub events: Vec<Event>,
}

impl Trace {
    /// The pid of an actor, if it ever started.
    pub fn pid(&self, actor: &str) -> Option<i32> {
        self.processes.iter().rev().find(|entry| entry.actor == actor).map(|entry| entry.pid)
    }

    /// How the starts at the same moment (`together`) ended.
    ///
    /// Taking many lock bytes is not atomic, so openers that conflict may all
    /// be refused. The contract allows that, and wants it counted.
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

/// Starts at the same moment in which somebody was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SimultaneousStarts {
    /// How many there were.
    pub contested: usize,
    /// In how many of them everybody was.
    pub nobody_won: usize,
}

/// One process of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessEntry {
    /// Its name in the scenario.
    pub actor: String,
    /// Its process id.
    pub pid: i32,
    /// The actor that forked or cloned it; `None` for one that the harness
    /// started.
    pub parent: Option<String>,
    /// Who plays it, such as `builtin`.
    pub subject: String,
    /// What a QEMU has printed on standard error.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub printed: String,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The line of the scenario's file, from 1.
    pub line: usize,
    /// The line as text, with `$n` filled in, such as `vm1 open disk image=disk.img mode=rw`.
    pub text: String,
    /// When it began, in microseconds since the run's first event
    /// (CLOCK_MONOTONIC).
    pub start_us: u64,
    /// When its outcome was known.
    pub end_us: u64,
    /// What kind of event it is, and what it says.
    pub kind: EventKind,
    /// The kernel's lock table right afterwards, where it was read.
    pub table: Option<Vec<TableLock>>,
}

/// What an event is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// An actor did something.
    Step(Box<StepEvent>),
    /// A `held` statement was compared with the table.
    Held {
        /// What the file states, one line an entry.
        stated: Vec<String>,
    },
}

/// A step and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepEvent {
    /// Who.
    pub actor: String,
    /// What it was told.
    pub action: Action,
    /// What came of it; `None` when no answer came before the deadline.
    pub outcome: Option<Outcome>,
    /// What the scenario's file expects, where it says so.
    pub expected: Option<Outcome>,
    /// What the model says must come of it; `None` where it answers
    /// "unknown".
    pub predicted: Option<Outcome>,
    /// What QEMU would have printed as a warning.
    pub warnings: Vec<String>,
    /// The number of the `together` it belongs to, counted from 0.
    pub together: Option<usize>,
    /// What was said to a QEMU and by it, where one plays the actor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use imglock_core::Action;

    /// A trace of blocks, parted by `;`, whose steps had these outcomes.
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

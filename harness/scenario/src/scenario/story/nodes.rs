use miette::SourceSpan;

use super::Story;
use super::cast::Life;
use crate::scenario::draft::Spans;
use crate::scenario::{Step, word};
use imglock_core::{Action, Outcome};

impl Story<'_> {
    /// Checks the node of the step, and applies the effect of the step on it.
    pub(super) fn nodes(&mut self, step: &Step, life: &Life, spans: &Spans, together: bool) {
        let Some(node) = step.action.node() else {
            return;
        };
        let says = |wanted: &Outcome| {
            self.backends.iter().all(|backend| match step.expect.on(*backend) {
                Some(outcome) => outcome == wanted,
                None => !together,
            })
        };
        if let Action::Open { options, .. } = &step.action {
            let granted = says(&Outcome::Granted);
            self.image(&options.image, spans.other);
            return self.opens(&step.actor, node, life.table, granted, spans.object);
        }
        let done = says(&Outcome::Done);
        self.opened(&step.actor, node, life.table, spans.object);
        let open = self.tables[life.table].0.get(node).copied().unwrap_or(false);
        match &step.action {
            Action::Close { .. } => {
                self.tables[life.table].0.insert(node.to_owned(), false);
            }
            Action::Dup { copy, .. } => {
                self.opens(&step.actor, copy, life.table, open && done, spans.copy);
            }
            Action::Send { to, copy, .. } => {
                if *to == step.actor {
                    self.problems.add(
                        spans.other,
                        "the sender itself",
                        format!("`{to}` sends a descriptor to itself"),
                        format!("write: `{to} dup {node} as=spare`"),
                    );
                } else if let Some(receiver) = self.enter(to, spans.other)
                    && self.free_to(to, &receiver, &step.action, spans.other)
                {
                    self.opens(to, copy, receiver.table, open && done, spans.copy);
                }
            }
            _ => {}
        }
    }

    /// Adds a new node `node`, which is certainly open if `sure`.
    fn opens(&mut self, actor: &str, node: &str, table: usize, sure: bool, span: SourceSpan) {
        if self.tables[table].0.insert(node.to_owned(), sure) == Some(true) {
            self.problems.add(
                span,
                "already open",
                format!("`{actor}` already has an open node `{node}`"),
                format!("add `{actor} close {node}` before it, or choose another name"),
            );
        }
    }

    /// Reports a problem unless `actor` may have `node`.
    pub(super) fn opened(&mut self, actor: &str, node: &str, table: usize, span: SourceSpan) {
        let nodes = &self.tables[table].0;
        if nodes.contains_key(node) || self.cast.doubtful.contains(node) {
            return;
        }
        let mut known: Vec<&str> = nodes.keys().map(String::as_str).collect();
        known.sort_unstable();
        let help = match known.as_slice() {
            [] => format!("open it first: `{actor} open {node} mode=rw`"),
            known => format!("{}; or open it first", word::advice(node, known)),
        };
        self.problems.add(
            span,
            "never opened",
            format!("`{actor}` has no node `{node}` at this point"),
            help,
        );
    }
}

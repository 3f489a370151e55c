use imglock_core::{Action, ActionKind, Backend, Outcome};
use imglock_scenario::{
    Block, Expectation, ImageDeclaration, Item, Prediction, Step, Story, World,
};

/// The actor of the host's verbs.
pub(super) const HOST: &str = "host";

/// A story in the making: its lines so far and the state that the model
/// predicts after them, so that the next line is meaningful.
///
/// It accepts a line only if the scenario format does ([`Story`]) and the actor
/// can act according to the model: a waiting actor cannot.
#[derive(Debug, Clone)]
pub(super) struct Plot {
    backend: Backend,
    world: World,
    story: Story,
    /// The actors made by `fork` or `thread`, in order.
    made: Vec<String>,
    /// Whether locks were acquired at the same moment. Their order is then
    /// unknown, and the kernel examines the first one first.
    raced: bool,
    /// Set after a line whose outcome the model does not predict. From then on,
    /// only lines that are meaningful after every possible outcome are
    /// accepted.
    doubtful: bool,
    items: Vec<Item>,
    steps: usize,
}

impl Plot {
    pub(super) fn new(backend: Backend, images: &[ImageDeclaration]) -> Plot {
        let declared: Vec<(String, u64)> =
            images.iter().map(|image| (image.name.clone(), image.size)).collect();
        Plot {
            backend,
            world: World::new(backend, &declared),
            story: Story::new(&[backend], declared.into_iter().map(|(name, _)| name)),
            made: Vec::new(),
            raced: false,
            doubtful: false,
            items: Vec::new(),
            steps: 0,
        }
    }

    /// The number of steps, including those in `together` blocks.
    pub(super) fn steps(&self) -> usize {
        self.steps
    }

    pub(super) fn into_items(self) -> Vec<Item> {
        self.items
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    pub(super) fn is_stopped(&self, actor: &str) -> bool {
        self.story.is_stopped(actor)
    }

    pub(super) fn is_gone(&self, actor: &str) -> bool {
        self.story.has_ended(actor)
    }

    /// The actors made by `fork` or `thread`, including those that have exited.
    pub(super) fn made(&self) -> &[String] {
        &self.made
    }

    /// Every node name that the actor ever used in the story.
    pub(super) fn nodes_ever(&self, actor: &str) -> Vec<&str> {
        self.story.nodes(actor).collect()
    }

    /// Whether this line can be the next one.
    pub(super) fn admits(&self, actor: &str, action: &Action) -> bool {
        if action.is_hosts() {
            return actor == HOST && !self.doubtful && self.story.admits(actor, action);
        }
        actor != HOST
            && self.is_free_to(actor, action)
            && (!self.doubtful || means_the_same_anyhow(action))
            && (!self.raced || !looks_at_the_first(action))
            && self.reaches(actor, action)
            && self.story.admits(actor, action)
    }

    /// Whether the actor can act, according to the model.
    fn is_free_to(&self, actor: &str, action: &Action) -> bool {
        match self.world.is_pending(actor) {
            true => action.kind().reaches_waiting(),
            false => action.kind() != ActionKind::Await,
        }
    }

    /// Whether the other actors and nodes of a step are in a suitable state.
    fn reaches(&self, actor: &str, action: &Action) -> bool {
        use ActionKind::*;

        // The format has no two changes of one claim at a time.
        let changing = |node: &str| self.world.is_changing(actor, node);
        let names = action.names();
        let node = names.node.unwrap_or_default();
        let copy = names.copy.unwrap_or_default();
        match action.kind() {
            Send => {
                let to = names.receiver.unwrap_or_default();
                to != HOST && !self.world.is_pending(to) && !changing(node) && self.is_new(to, copy)
            }
            Dup => !changing(node) && self.is_new(actor, copy),
            Close | Set | Reopen | Inactivate | Activate => !changing(node),
            Open => self.is_new(actor, node),
            Read | Write | Seek | Lock | Unlock | Test | Fork | Thread | Exec | Exit | Kill
            | Stop | Continue | Signal | Await | Create | HardLink | Symlink | Rename | Unlink
            | Bind | Overlay => true,
        }
    }

    /// Whether the actor has no open node of this name. After an outcome that
    /// the model does not predict, every name that was ever used may be open.
    fn is_new(&self, actor: &str, node: &str) -> bool {
        let is_open = self.world.nodes(actor).any(|open| open == node);
        let was_used = || self.story.nodes(actor).any(|used| used == node);
        !is_open && (!self.doubtful || !was_used())
    }

    /// Adds the line if it is admitted, and returns whether it was.
    pub(super) fn add(&mut self, actor: &str, action: Action) -> bool {
        if !self.admits(actor, &action) {
            return false;
        }
        let predicted = self.world.predict(actor, &action);
        // It would be unknown whether the actor waits afterwards.
        if matches!(predicted, Prediction::Unknown(_)) && action.pause_after().is_some() {
            return false;
        }
        let step = self.step(actor, action, predicted.clone());
        let outcome = self.outcome(&step, predicted);
        self.follow(&step, &outcome, false);
        self.items.push(Item::Step(step));
        self.steps += 1;
        true
    }

    /// Whether this line can join a block of steps that start at the same
    /// moment: it needs another actor and other owners of locks. With one
    /// owner, the result depends on the order of the steps, and no outcome
    /// shows this order. Outcomes also do not show whether a waiting lock was
    /// granted meanwhile.
    pub(super) fn admits_together(
        &self,
        block: &[(String, Action)],
        actor: &str,
        action: &Action,
    ) -> bool {
        let apart = |(other, _): &(String, Action)| {
            other != actor && !self.world.share_an_owner(actor, other)
        };
        let calm = !self.world.has_waiters();
        calm && can_start_with_others(action)
            && block.iter().all(apart)
            && self.admits(actor, action)
    }

    /// The model's predictions for these steps at the same moment.
    pub(super) fn foresee_together(&self, steps: &[(String, Action)]) -> Vec<Prediction> {
        let steps: Vec<(&str, &Action)> =
            steps.iter().map(|(actor, action)| (actor.as_str(), action)).collect();
        self.world.together(&steps)
    }

    /// Adds a block of those steps that are admitted, each by another actor. A
    /// single admitted step becomes an ordinary line.
    pub(super) fn add_together(&mut self, steps: Vec<(String, Action)>) {
        let mut admitted: Vec<(String, Action)> = Vec::new();
        for (actor, action) in steps {
            if self.admits_together(&admitted, &actor, &action) {
                admitted.push((actor, action));
            }
        }
        if admitted.len() < 2 {
            if let Some((actor, action)) = admitted.pop() {
                self.add(&actor, action);
            }
            return;
        }
        let predictions = self.foresee_together(&admitted);
        let unknown = |one: &Prediction| matches!(one, Prediction::Unknown(_));
        self.doubtful |= predictions.iter().any(unknown);
        let mut steps: Vec<(Step, Prediction)> = admitted
            .into_iter()
            .zip(predictions)
            .map(|((actor, action), predicted)| {
                (Step { actor, action, expect: Expectation::default(), line: 0 }, predicted)
            })
            .collect();
        self.raced = true;
        let block = steps.iter().map(|(step, _)| step.clone()).collect::<Vec<_>>();
        self.steps += block.len();
        self.items.push(Item::Together(Block { line: 0, steps: block }));
        // In the order in which a run enters them: releases, then grants, then
        // refusals.
        steps.sort_by_key(|(_, predicted)| match predicted {
            Prediction::Exactly(Outcome::Done | Outcome::NotOpen) => 0,
            Prediction::Exactly(Outcome::Granted) => 1,
            _ => 2,
        });
        for (step, predicted) in steps {
            let outcome = self.outcome(&step, predicted);
            self.follow(&step, &outcome, true);
        }
    }

    /// A line. An open that is not granted states its outcome; the format
    /// requires this if the name is used again.
    fn step(&self, actor: &str, action: Action, predicted: Prediction) -> Step {
        let mut expect = Expectation::default();
        if let (Action::Open { .. }, Prediction::Exactly(outcome), false) =
            (&action, predicted, self.doubtful)
            && outcome != Outcome::Granted
        {
            expect.0.insert(self.backend, outcome);
        }
        Step { actor: actor.to_owned(), action, expect, line: 0 }
    }

    /// The outcome of a step. If the model does not predict it, any outcome
    /// that lets the story continue is used.
    fn outcome(&mut self, step: &Step, predicted: Prediction) -> Outcome {
        match predicted {
            Prediction::Exactly(outcome) => outcome,
            Prediction::Unknown(_) => {
                self.doubtful = true;
                self.world.predict(&step.actor, &step.action).outcome().unwrap_or(Outcome::Granted)
            }
        }
    }

    fn follow(&mut self, step: &Step, outcome: &Outcome, together: bool) {
        let Step { actor, action, .. } = step;
        self.world.apply(actor, action, outcome);
        self.story.enter(step, together);
        self.made.extend(action.names().child.map(str::to_owned));
    }
}

/// Whether a step can be one of several that start at the same moment. After a
/// step that may wait, the actor would be in an unknown state.
fn can_start_with_others(action: &Action) -> bool {
    action.kind().starts_together() && !action.can_wait()
}

/// Whether the result depends on the conflicting lock that the kernel finds
/// first: a test reports that lock, and a wait may be a deadlock with one lock
/// and not with another.
fn looks_at_the_first(action: &Action) -> bool {
    matches!(action, Action::Test { .. } | Action::Lock { wait: true, .. })
}

/// Whether a step is meaningful after every outcome of the earlier steps, and
/// does not change which actors can act next.
fn means_the_same_anyhow(action: &Action) -> bool {
    use ActionKind::{Continue, Dup, Signal, Stop};

    matches!(action.kind(), Dup | Stop | Continue | Signal) || can_start_with_others(action)
}

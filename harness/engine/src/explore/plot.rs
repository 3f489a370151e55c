use imglock_core::Backend;
use imglock_core::{Action, ActionKind, Outcome};
use imglock_scenario::{Block, Expectation, ImageDeclaration, Item, Step, Story};
use imglock_scenario::{Prediction, World};

/// The actor of the host's verbs.
pub(super) const HOST: &str = "host";

/// A story in the making: its lines so far, and what the model says has come
/// of them, so that the next line can mean something.
///
/// It takes a line only if the scenario format does ([`Story`]), and if the
/// actor can act at all as far as the model knows.
#[derive(Debug, Clone)]
pub(super) struct Plot {
    backend: Backend,
    world: World,
    story: Story,
    /// Who was made by `fork` or `thread`, in this order.
    made: Vec<String>,
    /// Whether locks were taken at one moment: nobody knows whose was first,
    /// and that is the one that the kernel looks at first.
    raced: bool,
    /// From a line on whose outcome the model does not know, only those are
    /// taken that make sense whatever it was.
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

    /// How many steps it has, those of `together` included.
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

    /// Who was made by `fork` or `thread`, those that are gone included.
    pub(super) fn made(&self) -> &[String] {
        &self.made
    }

    /// Every node that the actor ever had, as far as the story tells.
    pub(super) fn nodes_ever(&self, actor: &str) -> Vec<&str> {
        self.story.nodes(actor).collect()
    }

    /// Whether this could be the next line.
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

    /// Whether the actor answers, as far as the model knows.
    fn is_free_to(&self, actor: &str, action: &Action) -> bool {
        match self.world.is_pending(actor) {
            true => action.kind().reaches_waiting(),
            false => action.kind() != ActionKind::Await,
        }
    }

    /// Whether those whom the step is about besides its actor can be reached.
    fn reaches(&self, actor: &str, action: &Action) -> bool {
        use ActionKind::*;

        // Two changes of one claim at a time are not the format's business.
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

    /// Whether no node of this name is open there. Once the model is in doubt,
    /// every name that was ever used may be.
    fn is_new(&self, actor: &str, node: &str) -> bool {
        let is_open = self.world.nodes(actor).any(|open| open == node);
        !is_open && !(self.doubtful && self.story.nodes(actor).any(|used| used == node))
    }

    /// Writes the line down, if it is admitted, and says whether it was.
    pub(super) fn add(&mut self, actor: &str, action: Action) -> bool {
        if !self.admits(actor, &action) {
            return false;
        }
        let predicted = self.world.predict(actor, &action);
        // Nobody would know whether it waits then.
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

    /// Whether this could be one more line of a block that starts at one
    /// moment: by somebody else, and in the name of other owners of locks. What
    /// two do to the locks of one owner depends on who was first, and no
    /// outcome tells who that was; nor does one tell whether somebody who
    /// waits was let in meanwhile.
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

    /// What the model says of these at the same moment.
    pub(super) fn foresee_together(&self, steps: &[(String, Action)]) -> Vec<Prediction> {
        let steps: Vec<(&str, &Action)> =
            steps.iter().map(|(actor, action)| (actor.as_str(), action)).collect();
        self.world.together(&steps)
    }

    /// Writes a block down: those of its steps that are admitted, each by
    /// another actor. One alone is a line like any other.
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
        // As a run enters them: what made room, who won, who lost.
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

    /// A line. An open that is not granted says so, as the format wants it
    /// where its name is to be used again.
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

    /// What will have come of a step. Where the model does not know, anything
    /// will do that lets the story go on.
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

/// Whether a step may be one of several that start at the same moment. What
/// may come to wait there leaves nobody to say whether it does.
fn can_start_with_others(action: &Action) -> bool {
    action.kind().starts_together() && !action.can_wait()
}

/// Whether it matters which of several locks in the way the kernel finds first:
/// a test tells it, and a wait may be a deadlock with the one and not with the
/// other.
fn looks_at_the_first(action: &Action) -> bool {
    matches!(action, Action::Test { .. } | Action::Lock { wait: true, .. })
}

/// Whether a step makes sense whatever came of those before it: whose turn it
/// is next does not depend on what comes of it.
fn means_the_same_anyhow(action: &Action) -> bool {
    use ActionKind::{Continue, Dup, Signal, Stop};

    matches!(action.kind(), Dup | Stop | Continue | Signal) || can_start_with_others(action)
}

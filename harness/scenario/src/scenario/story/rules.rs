use super::Story;
use super::fault::{StepWord, StoryFault};
use super::life::{Life, MOST_ACTORS};
use crate::scenario::names;
use imglock_core::{Action, ActionKind, ActionNames};

/// The faults of one step, with the word that each is about.
pub(super) type Faults<'s> = Vec<(StepWord, StoryFault<'s>)>;

/// A step that may come next.
struct Asked<'s> {
    story: &'s Story,
    actor: &'s str,
    action: &'s Action,
    names: ActionNames<'s>,
    faults: Faults<'s>,
    /// The number of actors that the step adds.
    newcomers: usize,
}

impl Story {
    /// Returns whether the scenario format allows this action of `actor` as the next step.
    pub fn admits(&self, actor: &str, action: &Action) -> bool {
        self.faults(actor, action).is_empty()
    }

    /// The reasons why the step cannot come next.
    pub(super) fn faults<'s>(&'s self, actor: &'s str, action: &'s Action) -> Faults<'s> {
        let names = action.names();
        let mut asked =
            Asked { story: self, actor, action, names, faults: Vec::new(), newcomers: 0 };
        match action.is_hosts() {
            true => asked.host(),
            false => asked.process(),
        }
        asked.faults
    }

    /// The fault of an actor without an earlier step. The step adds `number` such actors.
    pub(super) fn newcomer_fault<'s>(
        &self,
        name: &'s str,
        number: usize,
    ) -> Option<StoryFault<'s>> {
        if self.cast.makes_later(name) {
            return Some(StoryFault::NotMadeYet { actor: name });
        }
        self.is_crowded_by(number).then_some(StoryFault::TooManyActors)
    }

    fn is_crowded_by(&self, newcomers: usize) -> bool {
        self.lives.len() + newcomers > MOST_ACTORS
    }

    /// Returns whether the table certainly never contained the node.
    pub(super) fn lacks(&self, table: Option<usize>, node: &str) -> bool {
        let had = table.is_some_and(|table| self.tables[table].contains_key(node));
        !had && !self.cast.doubtful.contains(node)
    }
}

impl<'s> Asked<'s> {
    fn add(&mut self, word: StepWord, fault: StoryFault<'s>) {
        self.faults.push((word, fault));
    }

    fn host(&mut self) {
        use ActionKind::*;

        // The words of the image and of its new name.
        let (image, given) = match self.action.kind() {
            Unlink | Rename => (StepWord::Object, StepWord::Other),
            Create | HardLink | Symlink | Bind | Overlay => (StepWord::Other, StepWord::Object),
            Open | Close | Reopen | Set | Inactivate | Activate | Read | Write | Seek | Dup
            | Send | Lock | Unlock | Test | Fork | Thread | Exec | Exit | Kill | Stop
            | Continue | Signal | Await => return,
        };
        if let Some(name) = self.names.image {
            self.image(name, image);
        }
        if let Some(name) = self.names.given {
            self.length(name, given);
        }
    }

    /// Adds a fault if no image ever had this name.
    fn image(&mut self, name: &'s str, word: StepWord) {
        self.length(name, word);
        let Story { images, cast, .. } = self.story;
        if !images.contains(name) && !cast.doubtful.contains(name) {
            self.add(word, StoryFault::UnknownImage { name });
        }
    }

    /// The number of a round in place of `$n` can make a name too long.
    fn length(&mut self, name: &'s str, word: StepWord) {
        if name.len() > names::LONGEST_FILE {
            self.add(word, StoryFault::LongName { name });
        }
    }

    fn process(&mut self) {
        if !self.is_there(self.actor, StepWord::Actor) || !self.is_free(self.actor, StepWord::Verb)
        {
            return;
        }
        self.nodes();
        if let Some(child) = self.names.child {
            self.child(child);
        }
        let could_wait = |life: &Life| life.could_wait;
        if let Action::Await = self.action
            && !self.life(self.actor).is_some_and(could_wait)
        {
            self.add(StepWord::Verb, StoryFault::NothingToAwait { actor: self.actor });
        }
    }

    fn life(&self, actor: &str) -> Option<&'s Life> {
        self.story.lives.get(actor)
    }

    /// Adds a fault if the actor cannot exist at this point.
    fn is_there(&mut self, name: &'s str, word: StepWord) -> bool {
        let fault = match self.life(name) {
            Some(life) => life.gone.map(|line| StoryFault::Ended { actor: name, line }),
            None => {
                self.newcomers += 1;
                self.story.newcomer_fault(name, self.newcomers)
            }
        };
        let is_there = matches!(fault, None | Some(StoryFault::TooManyActors));
        self.faults.extend(fault.map(|fault| (word, fault)));
        is_there
    }

    /// Adds a fault if the actor cannot run this action in its current state.
    fn is_free(&mut self, name: &'s str, word: StepWord) -> bool {
        let kind = self.action.kind();
        let Some(life) = self.life(name) else { return true };
        let fault = match &life.waits {
            _ if life.stopped && !kind.reaches_stopped() => StoryFault::Stopped { actor: name },
            Some(state) if !kind.reaches_waiting() => StoryFault::Waits { actor: name, state },
            _ => return true,
        };
        self.add(word, fault);
        false
    }

    fn nodes(&mut self) {
        let (actor, ActionNames { node, copy, receiver, image, .. }) = (self.actor, self.names);
        let Some(node) = node else { return };
        if let Some(image) = image {
            self.image(image, StepWord::Other);
            return self.is_new(actor, node, StepWord::Object);
        }
        if self.story.lacks(self.life(actor).map(|life| life.table), node) {
            self.add(StepWord::Object, StoryFault::NeverOpened { actor, node });
        }
        let Some(copy) = copy else { return };
        match receiver {
            None => self.is_new(actor, copy, StepWord::Copy),
            Some(to) if to == actor => {
                self.add(StepWord::Other, StoryFault::ToItself { actor, node });
            }
            Some(to) => {
                if self.is_there(to, StepWord::Other) && self.is_free(to, StepWord::Other) {
                    self.is_new(to, copy, StepWord::Copy);
                }
            }
        }
    }

    /// Adds a fault if the node is certainly open.
    fn is_new(&mut self, actor: &'s str, node: &'s str, word: StepWord) {
        let table = self.life(actor).map(|life| &self.story.tables[life.table]);
        if table.and_then(|table| table.get(node)) == Some(&true) {
            self.add(word, StoryFault::OpenAlready { actor, node });
        }
    }

    fn child(&mut self, name: &'s str) {
        if name == self.actor || self.life(name).is_some() {
            self.add(StepWord::Object, StoryFault::ActorTaken { name });
            return;
        }
        self.newcomers += 1;
        if self.story.is_crowded_by(self.newcomers) {
            self.add(StepWord::Object, StoryFault::TooManyActors);
        }
    }
}

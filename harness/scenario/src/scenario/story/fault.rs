use imglock_core::Outcome;

/// A word of a step's line, so that a message can point at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepWord {
    Actor,
    Verb,
    /// The node, the child or the image after the verb.
    Object,
    /// The image of an `open`, the receiver of a `send`, a file's other name.
    Other,
    /// The name that `as=` gives.
    Copy,
}

/// Why a step cannot come next in a story.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum StoryFault<'s> {
    /// The actor has ended on this line.
    Ended { actor: &'s str, line: usize },
    /// A later `fork` or `thread` makes the actor.
    NotMadeYet { actor: &'s str },
    /// There would be one actor more than a scenario may have.
    TooManyActors,
    /// The actor is stopped, and the verb does not reach it.
    Stopped { actor: &'s str },
    /// The actor is `blocked` or `paused`, and the verb does not reach it.
    Waits { actor: &'s str, state: &'s Outcome },
    /// No step of the actor can be `blocked` or `paused`.
    NothingToAwait { actor: &'s str },
    /// There is an actor of this name.
    ActorTaken { name: &'s str },
    /// There never was an image of this name.
    UnknownImage { name: &'s str },
    /// The name is too long for a file.
    LongName { name: &'s str },
    /// The actor never had this node.
    NeverOpened { actor: &'s str, node: &'s str },
    /// The actor certainly has this node open.
    OpenAlready { actor: &'s str, node: &'s str },
    /// The sender is the receiver.
    ToItself { actor: &'s str, node: &'s str },
}

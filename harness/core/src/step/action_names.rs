use super::Action;

/// The names in an action, by their roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ActionNames<'a> {
    /// The node of the action. For `open`, the new node.
    pub node: Option<&'a str>,
    /// The new node of `as=`. For `send`, a node of the receiver.
    pub copy: Option<&'a str>,
    /// The receiving process.
    pub receiver: Option<&'a str>,
    /// The new actor.
    pub child: Option<&'a str>,
    /// The image that is opened, or the existing name that the host uses.
    pub image: Option<&'a str>,
    /// The name that the host gives to an image.
    pub given: Option<&'a str>,
}

impl Action {
    /// The names in the action, by their roles.
    ///
    /// ```
    /// use imglock_core::Action;
    ///
    /// let send = Action::Send { node: "disk".into(), to: "vm2".into(), copy: "mine".into() };
    /// let names = send.names();
    /// assert_eq!((names.node, names.receiver), (Some("disk"), Some("vm2")));
    /// assert_eq!(names.image, None);
    /// ```
    pub fn names(&self) -> ActionNames<'_> {
        let none = ActionNames::default();
        match self {
            Action::Open { node, options } => {
                ActionNames { node: Some(node), image: Some(&options.image), ..none }
            }
            Action::Close { node }
            | Action::Reopen { node, .. }
            | Action::Set { node, .. }
            | Action::Inactivate { node }
            | Action::Activate { node }
            | Action::Read { node, .. }
            | Action::Write { node, .. }
            | Action::Seek { node, .. }
            | Action::Lock { node, .. }
            | Action::Unlock { node, .. }
            | Action::Test { node, .. } => ActionNames { node: Some(node), ..none },
            Action::Dup { node, copy } => {
                ActionNames { node: Some(node), copy: Some(copy), ..none }
            }
            Action::Send { node, to, copy } => {
                ActionNames { node: Some(node), copy: Some(copy), receiver: Some(to), ..none }
            }
            Action::Fork { child: name } | Action::Thread { name } => {
                ActionNames { child: Some(name), ..none }
            }
            Action::Exec
            | Action::Exit
            | Action::Kill
            | Action::Stop
            | Action::Continue
            | Action::Signal
            | Action::Await => none,
            Action::Create { image, .. } => ActionNames { given: Some(image), ..none },
            Action::Unlink { image } => ActionNames { image: Some(image), ..none },
            Action::HardLink { name, to }
            | Action::Symlink { name, to }
            | Action::Bind { name, to, .. }
            | Action::Overlay { name, over: to }
            | Action::Rename { image: to, to: name } => {
                ActionNames { image: Some(to), given: Some(name), ..none }
            }
        }
    }

    /// The name of the node that the action uses, or `None` for an action of a process or the host.
    pub fn node(&self) -> Option<&str> {
        self.names().node
    }
}

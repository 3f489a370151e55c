use super::Action;

impl Action {
    /// The verb of the action in a scenario line.
    ///
    /// ```
    /// use imglock_core::Action;
    ///
    /// assert_eq!(Action::Kill.verb(), "kill");
    /// ```
    pub fn verb(&self) -> &'static str {
        match self {
            Action::Open { .. } => "open",
            Action::Close { .. } => "close",
            Action::Reopen { .. } => "reopen",
            Action::Set { .. } => "set",
            Action::Inactivate { .. } => "inactivate",
            Action::Activate { .. } => "activate",
            Action::Read { .. } => "read",
            Action::Write { .. } => "write",
            Action::Seek { .. } => "seek",
            Action::Dup { .. } => "dup",
            Action::Send { .. } => "send",
            Action::Lock { .. } => "lock",
            Action::Unlock { .. } => "unlock",
            Action::Test { .. } => "test",
            Action::Fork { .. } => "fork",
            Action::Thread { .. } => "thread",
            Action::Exec => "exec",
            Action::Exit => "exit",
            Action::Kill => "kill",
            Action::Stop => "stop",
            Action::Continue => "continue",
            Action::Signal => "signal",
            Action::Await => "await",
            Action::Create { .. } => "create",
            Action::HardLink { .. } => "hardlink",
            Action::Symlink { .. } => "symlink",
            Action::Rename { .. } => "rename",
            Action::Unlink { .. } => "unlink",
            Action::Bind { .. } => "bind",
            Action::Overlay { .. } => "overlay",
        }
    }
}

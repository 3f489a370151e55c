use strum::VariantArray;

use super::{Action, ActionKind};

impl ActionKind {
    /// All verbs, in the order of the format's documentation.
    pub const ALL: &'static [ActionKind] = ActionKind::VARIANTS;

    /// The verb's word in a scenario's line. [`str::parse`] reads it back.
    ///
    /// ```
    /// use imglock_core::ActionKind;
    ///
    /// assert_eq!(ActionKind::HardLink.word(), "hardlink");
    /// assert_eq!("hardlink".parse(), Ok(ActionKind::HardLink));
    /// ```
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Returns whether the host carries it out (a file action), not a process.
    pub fn is_hosts(self) -> bool {
        use ActionKind::*;

        match self {
            Create | HardLink | Symlink | Rename | Unlink | Bind | Overlay => true,
            Open | Close | Reopen | Set | Inactivate | Activate | Read | Write | Seek | Dup
            | Send | Lock | Unlock | Test | Fork | Thread | Exec | Exit | Kill | Stop
            | Continue | Signal | Await => false,
        }
    }

    /// Returns whether it mounts a file system.
    pub fn mounts(self) -> bool {
        matches!(self, ActionKind::Bind | ActionKind::Overlay)
    }

    /// Returns whether it is allowed in `together`, where steps start at the same moment.
    pub fn starts_together(self) -> bool {
        use ActionKind::*;

        match self {
            Open | Close | Reopen | Set | Inactivate | Activate | Read | Write | Lock | Unlock
            | Test | Exit | Kill => true,
            Seek | Dup | Send | Fork | Thread | Exec | Stop | Continue | Signal | Await
            | Create | HardLink | Symlink | Rename | Unlink | Bind | Overlay => false,
        }
    }

    /// Returns whether it can be applied to a stopped process, from outside the process.
    pub fn reaches_stopped(self) -> bool {
        use ActionKind::*;

        match self {
            Kill | Continue | Signal => true,
            Open | Close | Reopen | Set | Inactivate | Activate | Read | Write | Seek | Dup
            | Send | Lock | Unlock | Test | Fork | Thread | Exec | Exit | Stop | Await | Create
            | HardLink | Symlink | Rename | Unlink | Bind | Overlay => false,
        }
    }

    /// Returns whether it can be applied to a process that is `blocked` or `paused` in an earlier
    /// step.
    pub fn reaches_waiting(self) -> bool {
        self.reaches_stopped() || matches!(self, ActionKind::Stop | ActionKind::Await)
    }
}

impl Action {
    /// The verb of the action.
    ///
    /// ```
    /// use imglock_core::{Action, ActionKind};
    ///
    /// assert_eq!(Action::Kill.kind(), ActionKind::Kill);
    /// ```
    pub fn kind(&self) -> ActionKind {
        self.into()
    }

    /// Returns whether the host carries out the action (a file action), not a process.
    pub fn is_hosts(&self) -> bool {
        self.kind().is_hosts()
    }

    /// Returns whether the action mounts a file system.
    pub fn mounts(&self) -> bool {
        self.kind().mounts()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verbs_word_reads_back_and_belongs_to_no_other() {
        let words: Vec<&str> = ActionKind::ALL.iter().map(|kind| kind.word()).collect();
        let all = "open close reopen set inactivate activate read write seek dup send lock unlock \
                   test fork thread exec exit kill stop continue signal await create hardlink \
                   symlink rename unlink bind overlay";
        assert_eq!(words.join(" "), all);
        for kind in ActionKind::ALL {
            assert_eq!(kind.word().parse(), Ok(*kind));
            assert_eq!(kind.to_string(), kind.word());
        }
        assert!("Open".parse::<ActionKind>().is_err());
    }

    #[test]
    fn a_waiting_process_can_be_sent_more_than_a_stopped_one() {
        let sent = |reaches: fn(ActionKind) -> bool| {
            let kinds = ActionKind::ALL.iter().filter(|kind| reaches(**kind));
            kinds.map(|kind| kind.word()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(sent(ActionKind::reaches_stopped), "kill continue signal");
        assert_eq!(sent(ActionKind::reaches_waiting), "kill stop continue signal await");
        assert_eq!(
            sent(ActionKind::is_hosts),
            "create hardlink symlink rename unlink bind overlay"
        );
    }
}

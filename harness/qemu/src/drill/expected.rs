use super::{DrillVariant, FileNode, LockEffect};
use imglock_core::Backend;

/// What must come of one proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrillExpected {
    /// Which image and when: the place of the proof.
    pub place: &'static str,
    /// With OFD locks, however the image is opened.
    pub ofd: LockEffect,
    /// With POSIX locks, on a node that is read-write for life.
    pub fixed: LockEffect,
    /// With POSIX locks, on a node that is auto-read-only.
    pub auto: LockEffect,
    /// With POSIX locks, on a node that is written into its format node.
    pub inline: LockEffect,
}

impl DrillExpected {
    /// With OFD locks it keeps what it must hold; with POSIX locks this, and
    /// where the node is inline the same as where it is read-write.
    pub const fn posix(place: &'static str, fixed: LockEffect, auto: LockEffect) -> DrillExpected {
        DrillExpected { place, ofd: LockEffect::Keeps, fixed, auto, inline: fixed }
    }

    /// The same whatever the conditions are.
    pub const fn always(place: &'static str, effect: LockEffect) -> DrillExpected {
        DrillExpected { place, ofd: effect, fixed: effect, auto: effect, inline: effect }
    }

    /// With OFD locks this.
    #[must_use]
    pub const fn ofd(self, ofd: LockEffect) -> DrillExpected {
        DrillExpected { ofd, ..self }
    }

    /// With POSIX locks on an inline node this.
    #[must_use]
    pub const fn inline(self, inline: LockEffect) -> DrillExpected {
        DrillExpected { inline, ..self }
    }

    /// What must come of it under these conditions.
    pub fn on(&self, variant: DrillVariant) -> LockEffect {
        match (variant.backend, variant.node) {
            (Backend::Ofd, _) => self.ofd,
            (Backend::Posix, FileNode::ReadWrite) => self.fixed,
            (Backend::Posix, FileNode::AutoReadOnly) => self.auto,
            (Backend::Posix, FileNode::Inline) => self.inline,
        }
    }
}

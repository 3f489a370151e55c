use super::{DrillVariant, FileNode, LockEffect};
use imglock_core::Backend;

/// The expected effect of one proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrillExpected {
    /// The image and the time: the place of the proof.
    pub place: &'static str,
    /// With OFD locks, for all ways of opening the image.
    pub ofd: LockEffect,
    /// With POSIX locks, on a node that stays read-write.
    pub fixed: LockEffect,
    /// With POSIX locks, on a node that is auto-read-only.
    pub auto: LockEffect,
    /// With POSIX locks, on a node that is inline in its format node.
    pub inline: LockEffect,
}

impl DrillExpected {
    /// Keeps its locks with OFD; has these effects with POSIX. Inline nodes
    /// behave like read-write nodes.
    pub const fn posix(place: &'static str, fixed: LockEffect, auto: LockEffect) -> DrillExpected {
        DrillExpected { place, ofd: LockEffect::Keeps, fixed, auto, inline: fixed }
    }

    /// The same effect under all conditions.
    pub const fn always(place: &'static str, effect: LockEffect) -> DrillExpected {
        DrillExpected { place, ofd: effect, fixed: effect, auto: effect, inline: effect }
    }

    /// With this effect under OFD.
    #[must_use]
    pub const fn ofd(self, ofd: LockEffect) -> DrillExpected {
        DrillExpected { ofd, ..self }
    }

    /// With this effect on an inline node under POSIX.
    #[must_use]
    pub const fn inline(self, inline: LockEffect) -> DrillExpected {
        DrillExpected { inline, ..self }
    }

    /// The expected effect under these conditions.
    pub fn on(&self, variant: DrillVariant) -> LockEffect {
        match (variant.backend, variant.node) {
            (Backend::Ofd, _) => self.ofd,
            (Backend::Posix, FileNode::ReadWrite) => self.fixed,
            (Backend::Posix, FileNode::AutoReadOnly) => self.auto,
            (Backend::Posix, FileNode::Inline) => self.inline,
        }
    }
}

use serde::{Deserialize, Serialize};
use strum::Display;

use imglock_core::Claim;

/// What became of the locks of somebody who goes on using an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum LockEffect {
    /// All that it should hold is there, and a second opener is refused.
    Keeps,
    /// Locks that it should hold are gone, and a second opener is let in.
    Loses,
    /// Locks that it should hold are gone. What is left still refuses this
    /// second opener, and would let in another.
    Weakens,
    /// It holds what QEMU takes there, which keeps nobody out: a second opener
    /// is let in.
    Open,
}

impl LockEffect {
    /// What a proof shows: what was `stated`, what was `measured`, and how a
    /// `second` opener fared. `None` when they contradict each other, or when
    /// somebody else keeps the second opener out.
    pub fn of(
        stated: Claim,
        measured: Claim,
        second: Claim,
        second_is_granted: bool,
    ) -> Option<LockEffect> {
        match (stated == measured, second_is_granted) {
            (true, false) => Some(LockEffect::Keeps),
            (true, true) => Some(LockEffect::Open),
            (false, true) => Some(LockEffect::Loses),
            (false, false) => measured.conflicts_with(second).then_some(LockEffect::Weakens),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use imglock_core::Mode;

    #[rstest::rstest]
    #[case::all_is_there(Mode::Rw, Mode::Rw, false, Some(LockEffect::Keeps))]
    #[case::all_that_is_taken(Mode::None, Mode::None, true, Some(LockEffect::Open))]
    #[case::nothing_is_left(Mode::Rw, Mode::None, true, Some(LockEffect::Loses))]
    #[case::some_is_left(Mode::Rw, Mode::ShareRw, false, Some(LockEffect::Weakens))]
    #[case::another_is_in_the_way(Mode::Rw, Mode::None, false, None)]
    fn a_proof_amounts_to_an_effect(
        #[case] stated: Mode,
        #[case] measured: Mode,
        #[case] granted: bool,
        #[case] effect: Option<LockEffect>,
    ) {
        let [stated, measured, second] = [stated, measured, Mode::Rw].map(Mode::claim);
        assert_eq!(LockEffect::of(stated, measured, second, granted), effect);
    }
}

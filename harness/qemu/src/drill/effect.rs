use serde::{Deserialize, Serialize};
use strum::Display;

use imglock_core::Claim;

/// The effect on the locks of a user that continues to use an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum LockEffect {
    /// The user holds all its locks, and a second opener is refused.
    Keeps,
    /// Locks of the user are lost, and a second opener is granted the image.
    Loses,
    /// Locks of the user are lost. The others still refuse this second opener,
    /// but not every opener.
    Weakens,
    /// The user holds the locks that QEMU takes at this point, which exclude no
    /// opener. A second opener is granted the image.
    Open,
}

impl LockEffect {
    /// The effect of a proof with a `stated` and a `measured` claim, for a
    /// `second` opener. `None` if they contradict each other, or if another
    /// process excludes the second opener.
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

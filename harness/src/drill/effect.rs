use serde::{Deserialize, Serialize};
use strum::Display;

/// What became of the locks of somebody who goes on using an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Effect {
    /// All that it should hold is there, and a second opener is refused.
    Keeps,
    /// Locks that it should hold are gone, and a second opener is let in.
    Loses,
    /// It holds what QEMU takes there, which keeps nobody out: a second opener
    /// is let in.
    Open,
}

impl Effect {
    /// What a proof shows; `None` when lock table and second opener contradict
    /// each other.
    pub fn of(complete: bool, second_is_granted: bool) -> Option<Effect> {
        match (complete, second_is_granted) {
            (true, false) => Some(Effect::Keeps),
            (true, true) => Some(Effect::Open),
            (false, true) => Some(Effect::Loses),
            // Somebody else keeps it out, or what is left still does.
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::all_there_and_refused(true, false, Some(Effect::Keeps))]
    #[case::all_there_and_let_in(true, true, Some(Effect::Open))]
    #[case::gone_and_let_in(false, true, Some(Effect::Loses))]
    #[case::gone_and_refused(false, false, None)]
    fn an_effect_takes_both_witnesses(
        #[case] complete: bool,
        #[case] granted: bool,
        #[case] effect: Option<Effect>,
    ) {
        assert_eq!(Effect::of(complete, granted), effect);
    }
}

//! Determines the state of a guest from the lock table and the answer of its
//! QEMU.

use std::path::Path;

use super::data::HandoverEnd;
use imglock_core::{Claim, Mode};
use imglock_locks::{SurveyError, survey_settled};

/// The claims that processes hold after a handover.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Holdings(Vec<(Vec<i32>, Claim)>);

impl Holdings {
    /// Reads the lock table.
    ///
    /// # Errors
    /// As for [`survey`].
    pub(super) fn on(image: &Path) -> Result<Holdings, SurveyError> {
        let seen = survey_settled(&[image])?;
        let holders = seen.images.iter().flat_map(|image| &image.holders);
        let of = |holder: &imglock_locks::Holder| {
            let pids = holder.processes.iter().map(|process| process.pid).collect();
            (pids, holder.reading().claim())
        };
        Ok(Holdings(holders.map(of).collect()))
    }

    /// The claim that a process holds.
    pub(super) fn of(&self, pid: i32) -> Claim {
        let found = self.0.iter().find(|(pids, _)| pids.contains(&pid));
        found.map_or(Claim::NOTHING, |(_, claim)| *claim)
    }

    /// Whether two of the claims conflict.
    pub(super) fn conflict(&self) -> bool {
        let claims: Vec<Claim> = self.0.iter().map(|(_, claim)| *claim).collect();
        let mut pairs = claims
            .iter()
            .enumerate()
            .flat_map(|(number, one)| claims[number + 1..].iter().map(move |other| (*one, *other)));
        pairs.any(|(one, other)| one.conflicts_with(other))
    }
}

/// The state that follows from a run state and the locks of both sides.
pub(super) fn end(status: &str, destination: Claim, source: Claim) -> HandoverEnd {
    let is = |mode: Mode| destination == mode.claim();
    match status {
        _ if source != Claim::NOTHING => {}
        "running" if is(Mode::Rw) => return HandoverEnd::Runs,
        "running" if is(Mode::ShareRw) => return HandoverEnd::RunsShared,
        "paused" if is(Mode::None) => return HandoverEnd::Paused,
        _ => {}
    }
    HandoverEnd::Other { status: status.to_owned(), destination, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("running", Mode::Rw, Mode::None, Some(HandoverEnd::Runs))]
    #[case("running", Mode::ShareRw, Mode::None, Some(HandoverEnd::RunsShared))]
    #[case("paused", Mode::None, Mode::None, Some(HandoverEnd::Paused))]
    #[case::unlocked("running", Mode::None, Mode::None, None)]
    #[case::not_told("paused", Mode::Rw, Mode::None, None)]
    #[case::twice("running", Mode::Rw, Mode::Rw, None)]
    fn state_and_locks_tell_what_became_of_a_guest(
        #[case] status: &str,
        #[case] destination: Mode,
        #[case] source: Mode,
        #[case] expected: Option<HandoverEnd>,
    ) {
        let (destination, source) = (destination.claim(), source.claim());
        let other = HandoverEnd::Other { status: status.to_owned(), destination, source };
        assert_eq!(end(status, destination, source), expected.unwrap_or(other));
    }

    #[rstest::rstest]
    #[case(&[], false)]
    #[case(&[Mode::Rw], false)]
    #[case(&[Mode::ShareRw, Mode::ShareRw], false)]
    #[case(&[Mode::Rw, Mode::ShareRw], true)]
    #[case(&[Mode::None, Mode::Rw, Mode::Rw], true)]
    fn two_holders_are_found(#[case] modes: &[Mode], #[case] two: bool) {
        let holdings = (1..).zip(modes).map(|(pid, mode)| (vec![pid], mode.claim()));
        assert_eq!(Holdings(holdings.collect()).conflict(), two);
    }
}

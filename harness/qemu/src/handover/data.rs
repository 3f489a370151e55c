use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::VariantArray;

use imglock_core::Claim;
use imglock_engine::{Distribution, Environment};

/// The results of a measurement of handovers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handovers {
    /// Kernel, file system, QEMU.
    pub environment: Environment,
    /// The number of handovers in each series.
    pub rounds: usize,
    /// One series for each way to handle a destination.
    pub series: Vec<HandoverSeries>,
}

/// The way in which a destination takes over its images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, VariantArray)]
#[serde(rename_all = "kebab-case")]
pub enum Handling {
    /// The destination continues by itself.
    Plain,
    /// The destination starts with `-S` and receives `cont` after the
    /// migration.
    Paused,
    /// The same with `late-block-activate`: no locks are taken before `cont`.
    Late,
}

/// Handovers with the same handling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverSeries {
    /// The handling.
    pub handling: Handling,
    /// Handovers without a competing opener.
    pub watched: Vec<WatchedHandover>,
    /// Handovers during which an opener kept trying.
    pub contested: Vec<ContestedHandover>,
}

/// A handover that was watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedHandover {
    /// The time from the command until both sides had reported completion and
    /// the destination had received `cont` if it needs it, in microseconds.
    pub took_us: u64,
    /// The observations of the watcher.
    pub gaps: HandoverGaps,
    /// The state of the guest afterwards.
    pub end: HandoverEnd,
    /// Whether two processes with conflicting claims held the image afterwards.
    pub two_held: bool,
}

/// The times for which lock bytes were free, as seen by a watcher that polls
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverGaps {
    /// The time for which byte 101 was free, so no process held `write`, in
    /// microseconds. `None` if it was never seen free.
    pub held_us: Option<u64>,
    /// The time for which byte 201 was free, so a writer that shares writing
    /// would have been granted, in microseconds. `None` if it was never seen
    /// free.
    pub unshared_us: Option<u64>,
    /// The longest time between two polls, in microseconds. A gap that is not
    /// longer can have been missed.
    pub hole_us: u64,
    /// The number of polls.
    pub looks: u64,
}

/// A handover during which an opener kept trying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContestedHandover {
    /// Whether the opener was granted the image.
    pub granted: bool,
    /// The number of attempts.
    pub tries: u64,
    /// The state of the guest afterwards.
    pub end: HandoverEnd,
    /// If the guest did not run: whether it ran after another `cont`, once the
    /// opener had released the image.
    pub recovered: Option<bool>,
    /// Whether two processes with conflicting claims held the image afterwards.
    pub two_held: bool,
}

/// The state of a guest after its handover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandoverEnd {
    /// It runs, and its image is fully locked.
    Runs,
    /// It runs and holds its image, but does not exclude openers that share.
    RunsShared,
    /// It is paused, and no lock of its image is held.
    Paused,
    /// Any other combination of run state and locks.
    Other {
        /// The run state.
        status: String,
        /// The claim that the destination holds.
        destination: Claim,
        /// The claim that the source still holds.
        source: Claim,
    },
    /// The handover did not complete.
    Failed {
        /// The reason.
        why: String,
    },
}

impl Handling {
    /// All ways of handling.
    pub const ALL: &[Handling] = Handling::VARIANTS;
}

impl WatchedHandover {
    /// Whether the handover ended correctly: the guest runs, and its image is
    /// locked.
    pub fn is_as_it_must_be(&self) -> bool {
        self.end == HandoverEnd::Runs && !self.two_held
    }
}

impl ContestedHandover {
    /// Whether the handover ended correctly for a contested image: either the
    /// guest or the opener has it, or neither; and a guest that did not run
    /// does so after another `cont`.
    pub fn is_as_it_must_be(&self) -> bool {
        let ended = match self.end {
            HandoverEnd::Runs | HandoverEnd::RunsShared => !self.granted,
            HandoverEnd::Paused => self.recovered == Some(true),
            HandoverEnd::Other { .. } | HandoverEnd::Failed { .. } => false,
        };
        ended && !self.two_held
    }
}

impl HandoverSeries {
    /// The times for which no process held the image, where a gap was seen.
    pub fn held(&self) -> Option<Distribution> {
        Distribution::of(self.watched.iter().filter_map(|one| time(one.gaps.held_us)))
    }

    /// The times for which the image was not fully locked, where a gap was
    /// seen.
    pub fn unshared(&self) -> Option<Distribution> {
        Distribution::of(self.watched.iter().filter_map(|one| time(one.gaps.unshared_us)))
    }

    /// The longest time between two polls in each handover.
    pub fn holes(&self) -> Option<Distribution> {
        Distribution::of(self.watched.iter().map(|one| Duration::from_micros(one.gaps.hole_us)))
    }

    /// The number of handovers in which no gap was seen.
    pub fn missed(&self) -> usize {
        self.watched.iter().filter(|one| one.gaps.held_us.is_none()).count()
    }

    /// The number of contested handovers in which the opener was granted the
    /// image.
    pub fn granted(&self) -> usize {
        self.contested.iter().filter(|one| one.granted).count()
    }

    /// The number of contested handovers with this result.
    pub fn ended(&self, granted: bool, end: &HandoverEnd) -> usize {
        self.contested.iter().filter(|one| one.granted == granted && one.end == *end).count()
    }

    /// The number of handovers of both kinds that did not end correctly.
    pub fn wrong(&self) -> usize {
        self.watched.iter().filter(|one| !one.is_as_it_must_be()).count()
            + self.contested.iter().filter(|one| !one.is_as_it_must_be()).count()
    }
}

impl Handovers {
    /// Whether every handover ended correctly, and none with two holders.
    pub fn holds(&self) -> bool {
        self.series.iter().all(|series| series.wrong() == 0)
    }

    /// The number of handovers that ended with two holders.
    pub fn two_held(&self) -> usize {
        let of = |series: &HandoverSeries| {
            series.watched.iter().filter(|one| one.two_held).count()
                + series.contested.iter().filter(|one| one.two_held).count()
        };
        self.series.iter().map(of).sum()
    }
}

fn time(micros: Option<u64>) -> Option<Duration> {
    micros.map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other() -> HandoverEnd {
        let (destination, source) = (Claim::NOTHING, Claim::NOTHING);
        HandoverEnd::Other { status: "running".to_owned(), destination, source }
    }

    #[rstest::rstest]
    #[case::the_guest_goes_on(false, HandoverEnd::Runs, None, true)]
    #[case::it_goes_on_sharing(false, HandoverEnd::RunsShared, None, true)]
    #[case::the_opener_has_it(true, HandoverEnd::Paused, Some(true), true)]
    #[case::neither_has_it(false, HandoverEnd::Paused, Some(true), true)]
    #[case::both_have_it(true, HandoverEnd::Runs, None, false)]
    #[case::both_have_a_part(true, HandoverEnd::RunsShared, None, false)]
    #[case::it_never_goes_on(true, HandoverEnd::Paused, Some(false), false)]
    #[case::it_was_never_told(true, HandoverEnd::Paused, None, false)]
    #[case::it_runs_unlocked(false, other(), None, false)]
    #[case::it_fails(false, HandoverEnd::Failed { why: String::new() }, None, false)]
    fn a_contested_handover_can_end_well(
        #[case] granted: bool,
        #[case] end: HandoverEnd,
        #[case] recovered: Option<bool>,
        #[case] well: bool,
    ) {
        let one = ContestedHandover { granted, tries: 1, end, recovered, two_held: false };
        assert_eq!(one.is_as_it_must_be(), well);
        assert!(!ContestedHandover { two_held: true, ..one }.is_as_it_must_be());
    }

    #[test]
    fn a_watched_handover_ends_with_all_its_locks() {
        let gaps = HandoverGaps { held_us: None, unshared_us: None, hole_us: 7, looks: 3 };
        let of = |end, two_held| WatchedHandover { took_us: 9, gaps, end, two_held };
        assert!(of(HandoverEnd::Runs, false).is_as_it_must_be());
        for end in [HandoverEnd::RunsShared, HandoverEnd::Paused, other()] {
            assert!(!of(end, false).is_as_it_must_be());
        }
        assert!(!of(HandoverEnd::Runs, true).is_as_it_must_be());
    }

    #[test]
    fn a_gap_that_was_missed_is_none_of_length_zero() {
        let seen = |held_us| WatchedHandover {
            took_us: 9,
            gaps: HandoverGaps { held_us, unshared_us: Some(5), hole_us: 7, looks: 3 },
            end: HandoverEnd::Runs,
            two_held: false,
        };
        let watched = vec![seen(Some(4)), seen(None), seen(Some(8))];
        let series = HandoverSeries { handling: Handling::Plain, watched, contested: Vec::new() };
        let held = series.held().expect("some were seen");
        assert_eq!((held.count, held.shortest_us, series.missed()), (2, 4, 1));
    }
}

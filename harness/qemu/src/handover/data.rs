use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::VariantArray;

use imglock_core::Claim;
use imglock_engine::Distribution;
use imglock_engine::Environment;

/// All that was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handovers {
    /// Kernel, file system, QEMU.
    pub environment: Environment,
    /// How many handovers each series has.
    pub rounds: usize,
    /// One for each way to handle a destination.
    pub series: Vec<HandoverSeries>,
}

/// How a destination is made to take its images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, VariantArray)]
#[serde(rename_all = "kebab-case")]
pub enum Handling {
    /// It goes on by itself.
    Plain,
    /// It is started with `-S`, and told `cont` once everything is there.
    Paused,
    /// The same with `late-block-activate`: it takes nothing before `cont`.
    Late,
}

/// Handovers that were handled in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverSeries {
    /// The way.
    pub handling: Handling,
    /// Those in which nobody was in the way.
    pub watched: Vec<WatchedHandover>,
    /// Those in which an opener kept trying.
    pub contested: Vec<ContestedHandover>,
}

/// A handover that was watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedHandover {
    /// From the command until both sides had said that it is completed and the
    /// destination had been told to go on, in microseconds.
    pub took_us: u64,
    /// What the watcher saw.
    pub gaps: HandoverGaps,
    /// What became of the guest.
    pub end: HandoverEnd,
    /// Whether two held the image afterwards, who exclude each other.
    pub two_held: bool,
}

/// How long lock bytes were free, as a watcher saw it that asks all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverGaps {
    /// How long byte 101 was free, in microseconds: nobody held `write`.
    /// `None` when it was never seen free.
    pub held_us: Option<u64>,
    /// How long byte 201 was free, in microseconds: a writer that shares
    /// writing would have been let in. `None` when it was never seen free.
    pub unshared_us: Option<u64>,
    /// The longest time between two looks, in microseconds: a gap that is not
    /// longer can have been missed.
    pub hole_us: u64,
    /// How often it looked.
    pub looks: u64,
}

/// A handover during which an opener kept trying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContestedHandover {
    /// Whether the opener was let in.
    pub granted: bool,
    /// How often it tried.
    pub tries: u64,
    /// What became of the guest.
    pub end: HandoverEnd,
    /// Where the guest did not go on: whether it did when it was told so after
    /// the opener had gone.
    pub recovered: Option<bool>,
    /// Whether two held the image afterwards, who exclude each other.
    pub two_held: bool,
}

/// What became of a guest that was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandoverEnd {
    /// It runs, and its image is locked as it must be.
    Runs,
    /// It runs and holds its image, and excludes nobody who shares.
    RunsShared,
    /// It is paused, and nothing of its image is locked.
    Paused,
    /// Anything else that a QEMU says and holds.
    Other {
        /// Its run state.
        status: String,
        /// What the destination holds.
        destination: Claim,
        /// What the source still holds.
        source: Claim,
    },
    /// It did not come to an end.
    Failed {
        /// Why.
        why: String,
    },
}

impl Handling {
    /// All of them.
    pub const ALL: &[Handling] = Handling::VARIANTS;
}

impl WatchedHandover {
    /// Whether it ended as a handover must: the guest runs, and all is locked.
    pub fn is_as_it_must_be(&self) -> bool {
        self.end == HandoverEnd::Runs && !self.two_held
    }
}

impl ContestedHandover {
    /// Whether it ended as a handover can when somebody is in the way: one of
    /// the two has the image, or neither, and a guest that does not go on does
    /// when it is told again.
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
    /// How long nobody held the image, where that was seen.
    pub fn held(&self) -> Option<Distribution> {
        Distribution::of(self.watched.iter().filter_map(|one| time(one.gaps.held_us)))
    }

    /// How long it was not locked in full, where that was seen.
    pub fn unshared(&self) -> Option<Distribution> {
        Distribution::of(self.watched.iter().filter_map(|one| time(one.gaps.unshared_us)))
    }

    /// The longest hole of the watcher in each handover.
    pub fn holes(&self) -> Option<Distribution> {
        Distribution::of(self.watched.iter().map(|one| Duration::from_micros(one.gaps.hole_us)))
    }

    /// In how many handovers no gap was seen.
    pub fn missed(&self) -> usize {
        self.watched.iter().filter(|one| one.gaps.held_us.is_none()).count()
    }

    /// In how many contested handovers the opener was let in.
    pub fn granted(&self) -> usize {
        self.contested.iter().filter(|one| one.granted).count()
    }

    /// How many contested handovers ended so.
    pub fn ended(&self, granted: bool, end: &HandoverEnd) -> usize {
        self.contested.iter().filter(|one| one.granted == granted && one.end == *end).count()
    }

    /// Handovers of both kinds that did not end as they must.
    pub fn wrong(&self) -> usize {
        self.watched.iter().filter(|one| !one.is_as_it_must_be()).count()
            + self.contested.iter().filter(|one| !one.is_as_it_must_be()).count()
    }
}

impl Handovers {
    /// Whether every handover ended as it must, and never with two holders.
    pub fn holds(&self) -> bool {
        self.series.iter().all(|series| series.wrong() == 0)
    }

    /// How many handovers ended with two holders.
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

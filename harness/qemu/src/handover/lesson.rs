use strum::VariantArray;

use super::data::{Handling, HandoverEnd, HandoverSeries, Handovers};

/// Something that follows from what was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandoverLesson {
    /// Two held the image at once.
    TwoHeld,
    /// A handover did not end as it must.
    Wrong,
    /// There is a time in which nobody holds the image.
    Gap,
    /// Somebody who kept trying was let in.
    SlippedIn,
    /// A guest that did not go on did when it was told again.
    Retry,
    /// A guest runs and does not exclude whoever shares.
    RunsShared,
}

impl HandoverLesson {
    /// Whether it follows.
    fn follows_from(self, all: &Handovers) -> bool {
        let any = |holds: &dyn Fn(&HandoverSeries) -> bool| all.series.iter().any(holds);
        match self {
            HandoverLesson::TwoHeld => all.two_held() > 0,
            HandoverLesson::Wrong => !all.holds() && all.two_held() == 0,
            HandoverLesson::Gap => any(&|series| series.held().is_some()),
            HandoverLesson::SlippedIn => any(&|series| series.granted() > 0),
            HandoverLesson::Retry => {
                let came = |is: bool| {
                    any(&|series| series.contested.iter().any(|one| one.recovered == Some(is)))
                };
                came(true) && !came(false)
            }
            HandoverLesson::RunsShared => {
                any(&|series| series.contested.iter().any(|one| one.end == HandoverEnd::RunsShared))
            }
        }
    }

    /// What it means, and what to do.
    pub fn sentences(self) -> &'static str {
        match self {
            HandoverLesson::TwoHeld => {
                "Two processes held the image at once, with claims that exclude each other. This \
                 must not be: please report it with the JSON document."
            }
            HandoverLesson::Wrong => {
                "A handover did not end with the guest running and its image locked, or with the \
                 guest paused until it was told `cont` again."
            }
            HandoverLesson::Gap => {
                "The source gives its locks up before the destination takes them. In between \
                 whoever opens the image is let in (hazard handover-gap). This is so with OFD \
                 locks, too, however the destination is started. Whoever opens images has to be \
                 kept away by the management while a guest moves. A guest whose disk has share-rw \
                 on both sides can be guarded meanwhile by `imglock hold --mode share-rw`, but \
                 then its own two sides do not exclude each other (`imglock repro \
                 handover-guarded`)."
            }
            HandoverLesson::SlippedIn => {
                "An opener that kept trying was let in, and the guest went on nowhere. Have \
                 whoever retries, such as a restart loop, ask the management first, and not the \
                 image."
            }
            HandoverLesson::Retry => {
                "A guest that was refused its image was never lost: it stayed paused, and `cont` \
                 was granted once the opener had gone. Treat a refused `cont` as a failure, look \
                 who has the image (`imglock holders`), and repeat `cont`. After a destination \
                 that starts by itself, ask query-status: the refusal is in QEMU's log only."
            }
            HandoverLesson::RunsShared => {
                "A guest ran on without the lock that excludes other writers: `cont` succeeded, \
                 and openers that share writing, such as qemu-io, are let in beside it. Start the \
                 destination with -S and late-block-activate: it takes all its locks in one go, \
                 or is refused."
            }
        }
    }
}

impl Handovers {
    /// What follows from it, the worst first.
    pub fn lessons(&self) -> Vec<HandoverLesson> {
        HandoverLesson::VARIANTS
            .iter()
            .copied()
            .filter(|lesson| lesson.follows_from(self))
            .collect()
    }
}

impl Handling {
    /// How a person would say it.
    pub fn words(self) -> &'static str {
        match self {
            Handling::Plain => "by itself",
            Handling::Paused => "-S, then cont",
            Handling::Late => "-S, late-block-activate, then cont",
        }
    }
}

use strum::VariantArray;

use super::data::{Handling, HandoverEnd, HandoverSeries, Handovers};

/// A conclusion from the measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandoverLesson {
    /// Two processes held the image at the same time.
    TwoHeld,
    /// A handover did not end correctly.
    Wrong,
    /// For some time, no process holds the image.
    Gap,
    /// An opener that kept trying was granted the image.
    SlippedIn,
    /// A guest that did not run did so after another `cont`.
    Retry,
    /// A guest runs and does not exclude openers that share.
    RunsShared,
}

impl HandoverLesson {
    /// Whether the conclusion follows from the results.
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

    /// The conclusion and the advice, in words.
    pub fn sentences(self) -> &'static str {
        match self {
            HandoverLesson::TwoHeld => {
                "Two processes held the image at the same time, with conflicting claims. This must \
                 not happen: please report it with the JSON document."
            }
            HandoverLesson::Wrong => {
                "A handover ended neither with the guest running and its image locked, nor with the \
                 guest paused until a second `cont`."
            }
            HandoverLesson::Gap => {
                "The source releases its locks before the destination takes them. In between, any \
                 opener is granted the image (hazard handover-gap). This also happens with OFD \
                 locks, however the destination is started. The management layer must prevent \
                 other opens of the image while a guest moves. If the guest's disk has share-rw \
                 on both sides, `imglock hold --mode share-rw` can guard it meanwhile, but then \
                 its own two sides do not exclude each other (`imglock repro \
                 handover-guarded`)."
            }
            HandoverLesson::SlippedIn => {
                "An opener that kept trying was granted the image, and the guest then ran on \
                 neither side. A program that retries, such as a restart loop, must ask the \
                 management layer first instead of trying the image."
            }
            HandoverLesson::Retry => {
                "A guest whose image was refused was never lost: it stayed paused, and `cont` \
                 succeeded after the opener had released the image. Treat a refused `cont` as a \
                 failure, find the holder (`imglock holders`), and repeat `cont`. If the \
                 destination starts by itself, use query-status: only QEMU's log has the refusal."
            }
            HandoverLesson::RunsShared => {
                "A guest ran on without the lock that excludes other writers: `cont` succeeded, \
                 and openers that share writing, such as qemu-io, are granted the image beside it. \
                 Start the destination with -S and late-block-activate: it then takes all its \
                 locks at once, or is refused."
            }
        }
    }
}

impl Handovers {
    /// The conclusions, most serious first.
    pub fn lessons(&self) -> Vec<HandoverLesson> {
        HandoverLesson::VARIANTS
            .iter()
            .copied()
            .filter(|lesson| lesson.follows_from(self))
            .collect()
    }
}

impl Handling {
    /// The words for a person.
    pub fn words(self) -> &'static str {
        match self {
            Handling::Plain => "by itself",
            Handling::Paused => "-S, then cont",
            Handling::Late => "-S, late-block-activate, then cont",
        }
    }
}

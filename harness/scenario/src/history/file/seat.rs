use super::line::Happening;
use super::problem::{Objection, repeated};
use crate::history::span::NEVER;
use crate::history::{OpenAnswer, Opening, OpeningEnd};
use imglock_core::Claim;

/// The state of one opener between two of its events.
#[derive(Debug)]
pub(super) struct Seat {
    /// The index of the opener.
    pub opener: usize,
    /// The image that it opened last.
    pub image: usize,
    stage: Stage,
    /// The line and the time of its last event.
    line: u64,
    at_ns: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has not opened anything yet.
    New,
    /// It waits for the answer to its `open`.
    Trying(usize),
    /// It was granted the image.
    Has(usize),
    /// It was refused, and may still record the close of its descriptor.
    Refused(usize),
    /// It is closing the image.
    Closing(usize),
    /// It no longer has the image.
    Away,
}

impl Seat {
    /// An opener without events.
    pub fn new(opener: usize) -> Seat {
        Seat { opener, image: 0, stage: Stage::New, line: 0, at_ns: 0 }
    }

    /// Returns whether it has an image or waits for one.
    pub fn is_busy(&self) -> bool {
        !matches!(self.stage, Stage::New | Stage::Away | Stage::Refused(_))
    }

    /// Records the next event in the openings of its image.
    pub fn take(
        &mut self,
        name: &str,
        happening: Happening,
        at_ns: u64,
        line: u64,
        stays: &mut Vec<Opening>,
    ) -> Result<(), Objection> {
        if at_ns < self.at_ns {
            return Err(self.goes_back(name, at_ns));
        }
        self.stage = match (happening, self.stage) {
            (Happening::Open(claim, _), Stage::New | Stage::Away | Stage::Refused(_)) => {
                stays.push(attempt(self.opener, claim, at_ns));
                Stage::Trying(stays.len() - 1)
            }
            (Happening::Granted, Stage::Trying(stay)) => {
                stays[stay].answer = Some((at_ns, OpenAnswer::Granted));
                Stage::Has(stay)
            }
            (Happening::Refused(refusal), Stage::Trying(stay)) => {
                stays[stay].answer = Some((at_ns, OpenAnswer::Refused(refusal)));
                Stage::Refused(stay)
            }
            (Happening::Close, Stage::Trying(stay) | Stage::Has(stay) | Stage::Refused(stay)) => {
                stays[stay].end = Some(OpeningEnd::Closed { from_ns: at_ns, until_ns: NEVER });
                Stage::Closing(stay)
            }
            (Happening::Closed, Stage::Closing(stay)) => {
                if let Some(OpeningEnd::Closed { until_ns, .. }) = &mut stays[stay].end {
                    *until_ns = at_ns;
                }
                Stage::Away
            }
            (Happening::Died { alive_ns }, stage) => {
                let from_ns = self.last_sign_of_life(alive_ns, at_ns)?;
                match stage {
                    Stage::Trying(stay) | Stage::Has(stay) => {
                        stays[stay].end = Some(OpeningEnd::Died { from_ns, until_ns: at_ns });
                    }
                    Stage::Closing(stay) => {
                        if let Some(OpeningEnd::Closed { until_ns, .. }) = &mut stays[stay].end {
                            *until_ns = at_ns;
                        }
                    }
                    Stage::New | Stage::Refused(_) | Stage::Away => {}
                }
                Stage::Away
            }
            (happening, _) => return Err(self.out_of_order(name, happening)),
        };
        (self.line, self.at_ns) = (line, at_ns);
        Ok(())
    }

    fn last_sign_of_life(&self, alive_ns: Option<u64>, at_ns: u64) -> Result<u64, Objection> {
        let from_ns = alive_ns.unwrap_or(self.at_ns);
        if (self.at_ns..=at_ns).contains(&from_ns) {
            return Ok(from_ns);
        }
        let what =
            format!("`alive_ns` is {from_ns}, which is not between its last event and its death");
        Err(Objection::new(
            what,
            format!("write a time from {} to {at_ns}, or leave it out", self.at_ns),
        ))
    }

    fn goes_back(&self, name: &str, at_ns: u64) -> Objection {
        let what = format!(
            "the time of {} goes back from {} (line {}) to {at_ns}",
            repeated(name),
            self.at_ns,
            self.line
        );
        Objection::new(
            what,
            "write the events of one opener in order of time, and take their times from one clock",
        )
    }

    fn out_of_order(&self, name: &str, happening: Happening) -> Objection {
        let name = repeated(name);
        let before = match self.stage {
            Stage::New => "has not opened anything yet".to_owned(),
            Stage::Trying(_) => {
                format!("still waits for the answer to its `open` (line {})", self.line)
            }
            Stage::Has(_) => format!("already has the image (`granted`, line {})", self.line),
            Stage::Refused(_) => format!("was refused (line {})", self.line),
            Stage::Closing(_) => format!("is closing (`close`, line {})", self.line),
            Stage::Away => format!("has already released the image (line {})", self.line),
        };
        let (word, advice) = match happening {
            Happening::Open(..) => (
                "open",
                "write its `closed` or `died` first, or use a different opener for each descriptor",
            ),
            Happening::Granted => ("granted", "write an `open` before each `granted`"),
            Happening::Refused(_) => ("refused", "write an `open` before each `refused`"),
            Happening::Close => ("close", "write an `open` before each `close`"),
            Happening::Closed => (
                "closed",
                "write a `close` before each `closed`, with the time just before close(2)",
            ),
            Happening::Died { .. } => ("died", "remove this event"),
        };
        Objection::new(format!("`{word}` is not possible here: {name} {before}"), advice)
    }
}

fn attempt(opener: usize, claim: Claim, attempt_ns: u64) -> Opening {
    Opening { opener, claim, attempt_ns, answer: None, end: None }
}

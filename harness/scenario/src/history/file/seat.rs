use super::line::Happening;
use super::problem::{Objection, repeated};
use crate::history::span::NEVER;
use crate::history::{OpenAnswer, Opening, OpeningEnd};
use imglock_core::Claim;

/// Where one opener is in its course of events.
#[derive(Debug)]
pub(super) struct Seat {
    /// Its index.
    pub opener: usize,
    /// The image that it opened last.
    pub image: usize,
    stage: Stage,
    /// The line of its last event, and its time.
    line: u64,
    at_ns: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has nothing open, and never had.
    New,
    /// It waits for an answer.
    Trying(usize),
    /// It was granted.
    Has(usize),
    /// It was refused, and may still note that it closes its descriptor.
    Refused(usize),
    /// It is closing.
    Closing(usize),
    /// It has nothing open any more.
    Away,
}

impl Seat {
    /// One without a past.
    pub fn new(opener: usize) -> Seat {
        Seat { opener, image: 0, stage: Stage::New, line: 0, at_ns: 0 }
    }

    /// Whether it has, or tries to get, an image.
    pub fn is_busy(&self) -> bool {
        !matches!(self.stage, Stage::New | Stage::Away | Stage::Refused(_))
    }

    /// Puts the next event into the stays of the image that it is about.
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
        Objection::new(what, "write the events of one opener in order of time, by one clock")
    }

    fn out_of_order(&self, name: &str, happening: Happening) -> Objection {
        let name = repeated(name);
        let before = match self.stage {
            Stage::New => "has not opened anything yet".to_owned(),
            Stage::Trying(_) => format!("still waits for its answer (`open`, line {})", self.line),
            Stage::Has(_) => format!("has it already (`granted`, line {})", self.line),
            Stage::Refused(_) => format!("was refused (line {})", self.line),
            Stage::Closing(_) => format!("is closing (`close`, line {})", self.line),
            Stage::Away => format!("has let go already (line {})", self.line),
        };
        let (word, advice) = match happening {
            Happening::Open(..) => (
                "open",
                "write its `closed` or `died` first, or give each descriptor an opener of its own",
            ),
            Happening::Granted => ("granted", "write an `open` before each `granted`"),
            Happening::Refused(_) => ("refused", "write an `open` before each `refused`"),
            Happening::Close => ("close", "write an `open` before each `close`"),
            Happening::Closed => {
                ("closed", "write a `close` before each `closed`: the moment just before close(2)")
            }
            Happening::Died { .. } => ("died", "leave it out"),
        };
        Objection::new(format!("`{word}` cannot be here: {name} {before}"), advice)
    }
}

fn attempt(opener: usize, claim: Claim, attempt_ns: u64) -> Opening {
    Opening { opener, claim, attempt_ns, answer: None, end: None }
}

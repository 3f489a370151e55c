use serde::{Deserialize, Serialize};

use imglock_core::Verdict;

/// A known failure: the expected result of a run that does not pass, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The expected verdict.
    pub expected: ExpectedVerdict,
    /// The reason.
    pub why: String,
    /// A web address with more information.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// The expected verdict of a run that is known not to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpectedVerdict {
    /// The run fails. A pass is an unexpected result.
    Fails,
    /// A step misses its deadline. Any other verdict is an unexpected result.
    TimesOut,
    /// The run is not deterministic: it may fail, time out or pass.
    MayFail,
}

impl ExpectedVerdict {
    /// Returns whether `verdict` is the expected one.
    pub fn is(self, verdict: Verdict) -> bool {
        match (self, verdict) {
            // A skipped run gives no new information.
            (_, Verdict::Skipped) => true,
            (ExpectedVerdict::Fails, verdict) => verdict == Verdict::Failed,
            (ExpectedVerdict::TimesOut, verdict) => verdict == Verdict::TimedOut,
            (ExpectedVerdict::MayFail, _) => true,
        }
    }
}

/// The standing of a run: its verdict, compared with the known failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// The run passed.
    Passed,
    /// The run did not pass, as expected.
    Known,
    /// The run was skipped.
    Skipped,
    /// The run passed, or failed in another way, although a failure is expected. The entry is out of
    /// date.
    Surprise,
    /// The run failed or timed out unexpectedly.
    Bad,
}

impl Standing {
    /// Returns whether the result needs attention.
    pub fn is_news(self) -> bool {
        matches!(self, Standing::Surprise | Standing::Bad)
    }

    /// The standing of a run with this verdict and this known failure.
    pub fn of(verdict: Verdict, known: Option<&Known>) -> Standing {
        match (verdict, known) {
            (Verdict::Skipped, _) => Standing::Skipped,
            (_, Some(known)) if !known.expected.is(verdict) => Standing::Surprise,
            (Verdict::Passed, _) => Standing::Passed,
            (_, Some(_)) => Standing::Known,
            (_, None) => Standing::Bad,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::nothing_is_known(Verdict::Passed, None, Standing::Passed)]
    #[case::nothing_is_known(Verdict::Failed, None, Standing::Bad)]
    #[case::nothing_is_known(Verdict::TimedOut, None, Standing::Bad)]
    #[case::nothing_was_tried(Verdict::Skipped, Some(ExpectedVerdict::Fails), Standing::Skipped)]
    #[case::as_known(Verdict::Failed, Some(ExpectedVerdict::Fails), Standing::Known)]
    #[case::true_no_more(Verdict::Passed, Some(ExpectedVerdict::Fails), Standing::Surprise)]
    #[case::otherwise(Verdict::TimedOut, Some(ExpectedVerdict::Fails), Standing::Surprise)]
    #[case::as_known(Verdict::TimedOut, Some(ExpectedVerdict::TimesOut), Standing::Known)]
    #[case::otherwise(Verdict::Failed, Some(ExpectedVerdict::TimesOut), Standing::Surprise)]
    #[case::by_chance(Verdict::Passed, Some(ExpectedVerdict::MayFail), Standing::Passed)]
    #[case::by_chance(Verdict::TimedOut, Some(ExpectedVerdict::MayFail), Standing::Known)]
    fn what_is_known_is_taken_into_account(
        #[case] verdict: Verdict,
        #[case] expected: Option<ExpectedVerdict>,
        #[case] standing: Standing,
    ) {
        let known = expected.map(|expected| Known { expected, why: "so".to_owned(), link: None });
        assert_eq!(Standing::of(verdict, known.as_ref()), standing);
        let is_news = matches!(standing, Standing::Surprise | Standing::Bad);
        assert_eq!(standing.is_news(), is_news);
    }
}

use serde::{Deserialize, Serialize};

use imglock_core::Verdict;

/// What is known of a run beforehand, because somebody wrote it down: it is
/// expected not to pass, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// What it is expected to come to.
    pub expected: ExpectedVerdict,
    /// Why.
    pub why: String,
    /// Where more is said about it: an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// What a run that is known not to pass comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpectedVerdict {
    /// It fails: one that passes is news.
    Fails,
    /// A step passes its deadline: anything else is news.
    TimesOut,
    /// It may fail or time out, and may pass as well, as chance will have it.
    MayFail,
}

impl ExpectedVerdict {
    /// Whether that is what was expected.
    pub fn is(self, verdict: Verdict) -> bool {
        match (self, verdict) {
            // Nothing was tried, so nothing is new.
            (_, Verdict::Skipped) => true,
            (ExpectedVerdict::Fails, verdict) => verdict == Verdict::Failed,
            (ExpectedVerdict::TimesOut, verdict) => verdict == Verdict::TimedOut,
            (ExpectedVerdict::MayFail, _) => true,
        }
    }
}

/// Where a run stands, with what is known of it taken into account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It passed.
    Passed,
    /// It did not pass, and nobody expected otherwise.
    Known,
    /// It could not be tried.
    Skipped,
    /// It passed, or failed otherwise, although a failure is known: what is
    /// known is true no more.
    Surprise,
    /// It failed or timed out, and should not have.
    Bad,
}

impl Standing {
    /// Whether somebody has to look at it.
    pub fn is_news(self) -> bool {
        matches!(self, Standing::Surprise | Standing::Bad)
    }

    /// The standing of a run with this verdict, of which this is known.
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

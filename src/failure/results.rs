use imglock_core::Verdict;
use imglock_engine::ScenarioResult;

/// Advice at the end of a run in which a step timed out, unless the reasons of
/// the results contain it already. `in_guests`: the run is one of `imglock vm`,
/// whose own `--timeout` is another limit.
pub fn advice_on_results(results: &[ScenarioResult], in_guests: bool) -> Option<&'static str> {
    let needs_advice = |result: &ScenarioResult| {
        result.verdict == Verdict::TimedOut && !result.reason.contains("--timeout")
    };
    results.iter().any(needs_advice).then_some(match in_guests {
        false => "allow more time for a step with --timeout",
        true => "allow more time for a step with --timeout after the --",
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use imglock_core::Backend;
    use imglock_engine::Trace;

    use super::*;

    #[rstest::rstest]
    #[case::already_given(Verdict::TimedOut, "no answer; allow more with --timeout", false, None)]
    #[case::here(Verdict::TimedOut, "no answer", false, Some("with --timeout"))]
    #[case::in_guests(Verdict::TimedOut, "no answer", true, Some("with --timeout after the --"))]
    #[case::no_timeout(Verdict::Failed, "no answer", false, None)]
    fn a_timeout_names_the_option_once(
        #[case] verdict: Verdict,
        #[case] reason: &str,
        #[case] in_guests: bool,
        #[case] expected: Option<&str>,
    ) {
        let result = ScenarioResult {
            place: "".into(),
            scenario: "contract/one".into(),
            backend: Backend::Ofd,
            subject: "builtin".to_owned(),
            verdict,
            reason: reason.to_owned(),
            duration: Duration::ZERO,
            hazards: BTreeSet::new(),
            findings: Vec::new(),
            trace: Trace::default(),
            known: None,
        };
        let advice = advice_on_results(&[result], in_guests);
        assert_eq!(advice.is_some(), expected.is_some());
        assert!(advice.unwrap_or_default().ends_with(expected.unwrap_or_default()), "{advice:?}");
    }
}

use super::*;

/// Passed runs with these durations in milliseconds.
fn took(milliseconds: &[u64]) -> RunDocument {
    let runs = milliseconds.iter().enumerate().map(|(number, milliseconds)| ScenarioResult {
        duration: Duration::from_millis(*milliseconds),
        ..passed(&format!("contract/{number}"))
    });
    here(runs.collect())
}

/// The slower runs, and the speed of the place.
fn slower(old: &[u64], new: &[u64]) -> (Vec<usize>, Option<f64>) {
    let rounded = |pace: Pace| (pace.median * 1e6).round() / 1e6;
    let comparison = compared(&took(old), &took(new));
    assert!(!comparison.is_broken());
    let place = &comparison.places[0];
    let runs = place.runs.iter().enumerate();
    (
        runs.filter(|(_, run)| run.change == Change::Slower).map(|(index, _)| index).collect(),
        place.pace.map(rounded),
    )
}

#[rstest::rstest]
#[case::one_of_many(&[100; 5], &[100, 110, 400, 90, 100], &[2], 1.0)]
#[case::not_by_that_much(&[100; 5], &[100, 110, 290, 90, 100], &[], 1.0)]
#[case::all_alike(&[100; 5], &[800, 900, 1000, 800, 900], &[], 9.0)]
#[case::more_than_the_others(&[100; 5], &[500, 500, 1600, 500, 500], &[2], 5.0)]
#[case::no_slower_although_the_others_are_faster(&[100; 5], &[10, 10, 100, 10, 10], &[], 0.1)]
#[case::too_short_to_tell(&[1; 5], &[1, 1, 14, 1, 1], &[], 1.0)]
#[case::no_longer_short(&[1; 5], &[1, 1, 16, 1, 1], &[2], 1.0)]
#[case::where_times_are_all_over_the_place(&[100; 5], &[30, 50, 100, 200, 800], &[], 1.0)]
fn slower_is_more_than_by_the_factor_and_than_the_place(
    #[case] old: &[u64],
    #[case] new: &[u64],
    #[case] expected: &[usize],
    #[case] pace: f64,
) {
    assert_eq!(slower(old, new), (expected.to_vec(), Some(pace)));
}

#[test]
fn of_a_few_runs_no_pace_is_told() {
    assert_eq!(slower(&[100, 100], &[100, 400]), (vec![1], None));
}

#[test]
fn what_failed_is_not_called_slower() {
    let run = |milliseconds| {
        let duration = Duration::from_millis(milliseconds);
        here(vec![ScenarioResult { duration, ..failed("contract/one") }])
    };
    assert_eq!(compared(&run(100), &run(900)).count(Change::Same), 1);
}

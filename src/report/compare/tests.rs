use imglock_core::Verdict;
use imglock_engine::{Comparison, RunDocument, ScenarioResult};

use super::{Compared, json, markdown, samples, text};
use crate::report::shown::{coloured, plain, shown};

fn comparison([old, new]: &[RunDocument; 2]) -> Comparison {
    Comparison::of(old, new, 3.0)
}

fn compared(comparison: &Comparison) -> Compared<'_> {
    Compared { old: "old.json".to_owned(), new: "new.json".to_owned(), comparison }
}

/// The text on a terminal and the text of a mail, with colours.
fn raw(documents: &[RunDocument; 2], all: bool) -> [String; 2] {
    let comparison = comparison(documents);
    let compared = compared(&comparison);
    let screen = coloured(|out| text(&compared, all, 100, out));
    [screen, coloured(|out| markdown(&compared, all, out))]
}

/// The same without colours.
fn told(documents: &[RunDocument; 2], all: bool) -> [String; 2] {
    raw(documents, all).map(|text| plain(&text))
}

#[test]
fn everything_that_can_become_of_a_run_is_told() {
    let [screen, mail] = told(&samples::pair(), false);
    insta::assert_snapshot!("a_pair_on_the_terminal", screen);
    insta::assert_snapshot!("a_pair_in_a_mail", mail);
}

#[test]
fn several_places_are_told_in_a_table_and_each_break_once() {
    let [screen, mail] = told(&samples::several_places(), false);
    insta::assert_snapshot!("several_places_on_the_terminal", screen);
    insta::assert_snapshot!("several_places_in_a_mail", mail);
}

#[test]
fn json_holds_everything() {
    let (pair, places) = (samples::pair(), samples::several_places());
    let comparisons = [comparison(&pair), comparison(&places)];
    let all: Vec<Compared<'_>> = comparisons.iter().map(compared).collect();
    let document = shown(|out| json(&all, out));
    let value: serde_json::Value = serde_json::from_str(&document).expect("JSON");
    assert_eq!(value["broken"], true);
    assert_eq!(value["comparisons"][1]["counts"]["not-run"], 3);
    let first: Comparison =
        serde_json::from_value(value["comparisons"][0].clone()).expect("a comparison");
    assert_eq!(first, comparisons[0]);
    let places = &value["comparisons"][0]["places"][0];
    let run = places["runs"].as_array().expect("runs").iter().find(|run| run["change"] == "broken");
    insta::assert_snapshot!(
        "a_broken_run_in_json",
        serde_json::to_string_pretty(&run).expect("JSON")
    );
}

#[test]
fn prose_of_a_mail_fits_into_its_columns() {
    for documents in [samples::pair(), samples::several_places()] {
        let [_, mail] = told(&documents, true);
        let prose = mail.lines().filter(|line| !line.starts_with("    "));
        for line in prose.filter(|line| !line.contains("---") && !line.starts_with('|')) {
            assert!(line.chars().count() <= 75, "{line}");
        }
    }
}

/// This many broken runs, each with its own reason.
fn many(number: usize) -> [RunDocument; 2] {
    let [mut old, mut new] = samples::pair();
    let runs = |verdict| {
        let run = move |number| ScenarioResult {
            scenario: format!("many/{number:02}").into(),
            verdict,
            reason: format!("reason {number}"),
            ..samples::pair()[0].results[9].clone()
        };
        (0..number).map(run).collect()
    };
    old.results = runs(Verdict::Passed);
    new.results = runs(Verdict::Failed);
    [old, new]
}

#[test]
fn of_many_that_broke_some_are_told_in_full_and_all_by_name() {
    for text in told(&many(25), false) {
        assert_eq!(text.matches("only this scenario again").count(), 10, "{text}");
        assert_eq!(text.matches("many/24").count(), 1, "{text}");
        assert!(text.contains("15 more runs"), "{text}");
    }
    for text in told(&many(25), true) {
        assert_eq!(text.matches("only this scenario again").count(), 25, "{text}");
    }
}

#[test]
fn a_long_list_is_cut_and_says_so() {
    let [old, mut new] = many(25);
    new.results.clear();
    for text in told(&[old.clone(), new.clone()], false) {
        assert!(text.contains("and 15 more") && !text.contains("many/24"), "{text}");
    }
    for text in told(&[old, new], true) {
        assert!(!text.contains("more") && text.contains("many/24"), "{text}");
    }
}

#[test]
fn runs_that_had_not_all_ended_are_told() {
    let [mut old, mut new] = samples::pair();
    (old.complete, new.complete) = (false, false);
    new.results.clear();
    for text in told(&[old, new], false) {
        assert!(text.contains("older runs are incomplete"), "{text}");
        assert!(text.contains("newer runs are incomplete"), "{text}");
        assert!(text.to_lowercase().contains("not run"), "{text}");
    }
}

#[test]
fn what_a_stranger_wrote_does_not_play_with_the_terminal() {
    let [mut old, mut new] = samples::pair();
    for document in [&mut old, &mut new] {
        document.places[0].environment.kernel += "\u{1b}[2J";
        for result in &mut document.results {
            result.scenario = format!("{}\u{1b}[2J", result.scenario).into();
            result.reason += "\u{1b}[2J";
            result.findings.iter_mut().for_each(|finding| finding.message += "\u{1b}[2J");
            result.trace.events.iter_mut().for_each(|event| event.text += "\u{1b}[2J");
        }
    }
    for text in raw(&[old, new], true) {
        assert!(text.contains("\\u{1b}[2J"), "{text}");
        assert!(!text.contains("\u{1b}[2J"), "{text:?}");
    }
}

use std::collections::BTreeMap;
use std::sync::Arc;

use imglock_core::{Backend, Mode, Outcome, Permission, Refusal, Side};
use imglock_engine::{ModeDifference, PlaceFate, RunDocument, RunLine};
use imglock_scenario::Scenario;

use super::samples::{coloured, written};
use super::*;

/// The whole output of `reporter`. Places come one after the other; results
/// come in the order of the record.
fn told(mut reporter: impl Reporter, finished: RunRecord) -> String {
    let mut record = finished;
    let results = std::mem::take(&mut record.tour.results);
    let places = std::mem::take(&mut record.tour.places);
    written(|out| {
        reporter.begin(&record, out)?;
        for place in &places {
            record.tour.places.push(Place { fate: PlaceFate::Reached, ..place.clone() });
            reporter.arrived(&record, place, out)?;
        }
        for result in results {
            record.tour.results.push(result.clone());
            reporter.ended(&record, &result, out)?;
        }
        record.tour.places.clone_from(&places);
        places.iter().try_for_each(|place| reporter.left(&record, place, out))?;
        reporter.finish(&record, out)
    })
}

fn scenario(name: &str, text: &str) -> Scenario {
    Scenario::parse(name, "sample.kdl", text).expect("a valid scenario")
}

#[test]
fn a_person_reads_every_kind_of_result() {
    insta::assert_snapshot!(told(Terminal::new(100), samples::record()));
}

#[rstest::rstest]
#[case::narrow(80)]
#[case::wide(120)]
fn a_traced_run_shows_each_step_and_which_locks_come_and_go(#[case] width: usize) {
    let text = told(Terminal::new(width).tracing(true), samples::lock_loss());
    assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
    insta::assert_snapshot!(format!("trace_{width}"), text);
}

#[test]
fn a_narrow_terminal_lists_what_does_not_fit_side_by_side() {
    let mut record = samples::record();
    record.tour.results.retain(|result| result.scenario == "posix/fallback");
    insta::assert_snapshot!(told(Terminal::new(44), record));
}

#[test]
fn an_interrupted_run_says_how_far_it_came() {
    let mut record = samples::record();
    record.tour.results.truncate(2);
    record.interrupted = true;
    record.kept = vec!["/tmp/imglock-abc".into()];
    insta::assert_snapshot!(told(Terminal::new(100), record));
}

#[test]
fn colours_follow_the_verdict() {
    let mut record = samples::record();
    record.tour.results.truncate(1);
    let result = record.tour.results[0].clone();
    let text = coloured(|out| Terminal::new(100).ended(&record, &result, out));
    assert!(text.starts_with("\u{1b}[32mpassed"), "{text:?}");
}

#[test]
fn a_person_reads_a_table_of_several_places() {
    insta::assert_snapshot!(told(Terminal::new(100), samples_places::several_places()));
}

#[test]
fn a_table_that_is_too_wide_is_parted_by_kernel() {
    let text = told(Terminal::new(60), samples_places::several_places());
    insta::assert_snapshot!(text.split_once("\n\n  ").expect("a table").1);
}

#[test]
fn ktap_has_a_subtest_for_each_place() {
    insta::assert_snapshot!(told(Ktap::default(), samples_places::several_places()));
}

#[test]
fn junit_has_a_suite_for_each_place_and_backend() {
    let record = samples_places::several_places();
    insta::assert_snapshot!(written(|out| junit::write(&record, out)));
}

#[test]
fn lines_are_what_happened_in_its_order() {
    let record = samples_places::several_places();
    let text = told(Lines, samples_places::several_places());
    let lines: Vec<RunLine> =
        text.lines().map(|line| serde_json::from_str(line).expect("a line")).collect();
    let results = lines.iter().filter_map(|line| match line {
        RunLine::Result(result) => Some(result.as_ref().clone()),
        _ => None,
    });
    assert_eq!(results.collect::<Vec<_>>(), record.tour.results);
    let begin = RunLine::Begin { schema: RunDocument::SCHEMA, planned: 20, places: 5 };
    assert_eq!(lines.first(), Some(&begin));
    assert_eq!(lines.last(), Some(&RunLine::End { complete: true }));
    // A lost place has a second line.
    let places = lines.iter().filter(|line| matches!(line, RunLine::Place(_)));
    assert_eq!(places.count(), record.tour.places.len() + 1);
}

#[test]
fn ktap_has_a_plan_and_a_line_for_each_result() {
    insta::assert_snapshot!(told(Ktap::default(), samples::record()));
}

#[test]
fn ktap_says_when_results_are_missing() {
    let mut record = samples::record();
    record.tour.results.truncate(1);
    insta::assert_snapshot!(told(Ktap::default(), record));
}

#[test]
fn json_holds_everything() {
    let mut record = samples::record();
    record.tour.results.retain(|result| result.scenario != "sharing/cluster");
    insta::assert_snapshot!(told(Json, record));
}

#[test]
fn json_of_results_can_be_read_back() {
    let record = samples::record();
    let text = told(Json, samples::record());
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let results: Vec<ScenarioResult> =
        serde_json::from_value(document["results"].clone()).expect("results");
    assert_eq!(results, record.tour.results);
    assert_eq!(document["complete"], true);
}

#[test]
fn junit_has_a_suite_for_each_backend() {
    let record = samples::record();
    insta::assert_snapshot!(written(|out| junit::write(&record, out)));
}

const STORY: &str = r#"
summary "A bit of everything that a story can have"
about """
    The first paragraph says what this is about, at some length, so that it has
    to be wrapped when the columns run out.

    The second one is short.
    """
hazard posix=lock-loss
hazard posix=same-owner
image disk.img
image base.img size=4096

vm1 open disk mode=rw
vm1 open base image=base.img held="consistent-read" unshared="write resize"
together {
    vm2 open disk mode=rw {
        expect ofd="refused write" posix=granted
    }
    vm3 open disk mode=ro {
        expect "refused shared write"
    }
}
held backend=ofd {
    vm1 disk mode=rw
    vm1 base held="consistent-read" unshared="write resize"
}
repeat 3 as=n {
    late$n open disk mode=force-share {
        expect granted
    }
    repeat 2 {
        late$n read disk at=0 len=4
    }
    late$n close disk
}
vm1 set disk mode=none {
    expect ofd=granted
}
host rename disk.img to=old.img
held
"#;

fn explained(scenario: &Scenario, backends: &[Backend], width: usize) -> String {
    written(|out| story::write(scenario, backends, out, width))
}

#[test]
fn a_story_is_told_for_both_backends() {
    insta::assert_snapshot!(explained(&scenario("sample/story", STORY), &Backend::ALL, 140));
}

#[test]
fn a_story_is_told_for_one_backend() {
    insta::assert_snapshot!(explained(&scenario("sample/story", STORY), &[Backend::Ofd], 140));
}

#[test]
fn a_story_with_too_many_actors_is_a_list() {
    let text = (1..=7).fold("summary \"s\"\nabout \"a\"\n".to_owned(), |text, number| {
        format!("{text}vm{number} open disk mode=share-rw {{\n    expect granted\n}}\n")
    });
    insta::assert_snapshot!(explained(&scenario("my files/crowd.kdl", &text), &Backend::ALL, 100));
}

const UNPLUG: &str = include_str!("../../scenarios/hotplug/unplug-drops-the-lock.kdl");

#[rstest::rstest]
#[case::narrow(80)]
#[case::wide(120)]
fn a_lock_loss_is_explained(#[case] width: usize) {
    let unplug = scenario("hotplug/unplug-drops-the-lock", UNPLUG);
    let text = explained(&unplug, &Backend::ALL, width);
    insta::assert_snapshot!(format!("explain_lock_loss_{width}"), text);
}

/// Rounds, a conflict, and locks granted by another actor's step.
const CROWD: &str = r#"
summary "Rounds, a queue and a contest"
about "What the model foresees, and where it stops."

image a.img
image b.img
repeat 3 as=n {
    vm$n open f image=b.img mode=none access=read-write
}
vm1 lock f type=write start=0 len=10
repeat 2 as=n {
    late$n open f image=b.img mode=none
    late$n lock f type=read start=0 len=10 wait=#true
}
vm1 unlock f start=0 len=10
repeat 2 as=n {
    late$n await
}
together {
    vm2 open disk mode=rw
    vm3 open disk mode=rw
}
vm2 close disk
"#;

#[rstest::rstest]
#[case::narrow(80)]
#[case::wide(120)]
fn rounds_queues_and_contests_are_explained(#[case] width: usize) {
    let text = explained(&scenario("sample/crowd", CROWD), &Backend::ALL, width);
    insta::assert_snapshot!(format!("explain_crowd_{width}"), text);
}

#[test]
fn a_long_run_is_drawn_in_part_and_says_where_all_of_it_is() {
    let mut record = samples::record();
    record.tour.results.retain(|result| result.scenario == "sharing/cluster");
    let result = &mut record.tour.results[0];
    result.findings[0].event = Some(500);
    let one = result.trace.events[0].clone();
    result.trace.events = vec![one; 1000];
    let text = told(Terminal::new(100).tracing(true), record);
    let said: Vec<&str> = text.lines().filter(|line| line.contains("not drawn")).collect();
    let advice = "--report json=FILE has them all";
    assert_eq!(said.len(), 4, "two gaps in the trace, two in the evidence: {said:?}");
    assert!(said[0].contains(&format!("297 steps are not drawn; {advice}")), "{said:?}");
    assert!(said[1].contains(&format!("436 steps are not drawn; {advice}")), "{said:?}");
}

#[test]
fn scenarios_are_listed_by_theme() {
    let plain_one = "summary \"s\"\nabout \"a\"\nbackends ofd\nvm1 open disk mode=rw\n";
    let scenarios = [
        Arc::new(scenario("posix/story", STORY)),
        Arc::new(scenario("ofd/b", plain_one)),
        Arc::new(scenario("ofd/a", plain_one)),
    ];
    let human = written(|out| listing::human(&scenarios, Some(60), out));
    insta::assert_snapshot!("list_human", human);
    insta::assert_snapshot!("list_json", written(|out| listing::json(&scenarios, out)));
}

#[test]
fn the_mode_table_marks_what_differs() {
    let refused = |side| Outcome::Refused(Refusal { side, permission: Permission::Write });
    let cell = |first: Mode, second: Mode| match (first, second) {
        (Mode::Ro, Mode::Rw) => Some(Outcome::Granted),
        (Mode::Rw, Mode::Ro) => Some(refused(Side::Unshared)),
        (Mode::None, Mode::None) => None,
        _ => Some(refused(Side::Wanted)),
    };
    let differences = [
        ModeDifference {
            first: Mode::Ro,
            second: Mode::Rw,
            measured: Some(Outcome::Granted),
            stated: refused(Side::Wanted),
        },
        ModeDifference {
            first: Mode::None,
            second: Mode::None,
            measured: None,
            stated: Outcome::Granted,
        },
    ];
    let why = "qemu-io cannot hold nothing".to_owned();
    let unable = Mode::ALL.iter().map(|second| ((Mode::None, *second), why.clone())).collect();
    let text = written(|out| {
        mode_table::write("ofd", &BTreeMap::new(), &cell, &differences, out)?;
        mode_table::write("posix by qemu-io", &unable, &cell, &[], out)?;
        mode_table::legend(out)
    });
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    insta::assert_snapshot!(text);
}

//! For every property, a run that breaks it and the resulting answer.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use rstest::rstest;

use super::trial;
use crate::probe::data::{ProbeAnswer, ProbeStanding, ProbeTrial};
use crate::probe::property::Property::{self, *};
use crate::run::{Event, EventKind, Finding, Judge, ScenarioResult, StepEvent, Trace};
use imglock_core::{
    Backend::{self, Ofd, Posix},
    Outcome, Verdict,
};
use imglock_scenario::{Item, Scenario, Step, World};

fn story(property: Property) -> Scenario {
    property.scenario().expect("a story that is well formed")
}

/// The outcome of each line of a story if locks work.
fn outcomes(scenario: &Scenario, backend: Backend) -> Vec<Option<Outcome>> {
    let images = scenario.images.iter().map(|image| (image.name.clone(), image.size));
    let mut world = World::new(backend, &images.collect::<Vec<_>>());
    scenario.actors().iter().for_each(|actor| world.spawn(actor));
    let mut outcome = |item: &Item| match item {
        Item::Step(Step { actor, action, .. }) => {
            let outcome = world.predict(actor, action).outcome().expect("no doubt");
            world.apply(actor, action, &outcome);
            Some(outcome)
        }
        _ => None,
    };
    scenario.items.iter().map(&mut outcome).collect()
}

/// A run of the property's story in which these lines, counted from the end,
/// have another outcome.
fn run(property: Property, backend: Backend, instead: &[(usize, &str)]) -> ScenarioResult {
    let scenario = story(property);
    let mut outcomes = outcomes(&scenario, backend);
    let mut findings = Vec::new();
    let last = outcomes.len() - 1;
    for (from_end, word) in instead {
        match *word {
            "differs" => findings.push(not_as_stated(last - from_end)),
            "silence" => outcomes[last - from_end] = None,
            word => outcomes[last - from_end] = Some(word.parse().expect("an outcome")),
        }
    }
    let events = scenario.items.iter().zip(outcomes).map(|(item, outcome)| Event {
        line: 0,
        text: "a step".to_owned(),
        start_us: 0,
        end_us: 0,
        kind: match item {
            Item::Step(Step { actor, action, expect, .. }) => {
                EventKind::Step(Box::new(StepEvent {
                    actor: actor.clone(),
                    action: action.clone(),
                    outcome,
                    expected: expect.on(backend).cloned(),
                    predicted: None,
                    warnings: Vec::new(),
                    together: None,
                    messages: Vec::new(),
                }))
            }
            _ => EventKind::Held { stated: vec!["vm1.f has write 10-19 (image 0)".to_owned()] },
        },
        table: None,
    });
    ScenarioResult {
        place: "".into(),
        scenario: scenario.name.clone(),
        backend,
        subject: "builtin".to_owned(),
        verdict: Verdict::Passed,
        reason: "the reason".to_owned(),
        duration: Duration::ZERO,
        hazards: BTreeSet::new(),
        trace: Trace { events: events.collect(), ..Trace::default() },
        findings,
        known: None,
    }
}

fn not_as_stated(event: usize) -> Finding {
    Finding {
        judge: Judge::Scenario,
        event: Some(event),
        hazard: None,
        declared: false,
        expected: String::new(),
        actual: String::new(),
        message: String::new(),
    }
}

fn judged(property: Property, backend: Backend, instead: &[(usize, &str)]) -> ProbeTrial {
    let lines = story(property).items.len();
    trial(property, lines, &run(property, backend, instead))
}

#[test]
fn every_story_expects_what_the_model_says() {
    for property in Property::ALL {
        for backend in Backend::ALL {
            let scenario = story(property);
            let outcomes = outcomes(&scenario, backend);
            for (item, outcome) in scenario.items.iter().zip(&outcomes) {
                if let Item::Step(Step { expect, .. }) = item
                    && let Some(expected) = expect.on(backend)
                {
                    assert_eq!(Some(expected), outcome.as_ref(), "{property:?} on {backend}");
                }
            }
            let decides = match scenario.items.last() {
                Some(Item::Step(step)) => step.expect.on(backend).is_some(),
                Some(Item::Held(_)) => true,
                _ => false,
            };
            assert!(decides, "{property:?}: the last line decides nothing on {backend}");
        }
    }
}

#[test]
fn a_run_in_which_all_goes_well_gives_what_must_be() {
    for property in Property::ALL {
        for backend in Backend::ALL {
            let trial = judged(property, backend, &[]);
            assert_eq!(trial.answer, ProbeAnswer::of(property.must_be(backend)), "{property:?}");
            assert_eq!(trial.standing, ProbeStanding::Holds, "{property:?} on {backend}");
            assert_eq!(trial.evidence.len(), story(property).items.len(), "{property:?}");
        }
    }
}

/// Another outcome of the last line, and the resulting answer.
const BREAKING: [(Property, Backend, &str, &str); 26] = [
    (Granted, Ofd, "EAGAIN", "no"),
    (Granted, Ofd, "EINVAL", "EINVAL"),
    (Granted, Posix, "ENOLCK", "ENOLCK"),
    (ReadersShare, Ofd, "EAGAIN", "no"),
    (NeighboursFree, Ofd, "EAGAIN", "no"),
    (WriterKeepsWriterOut, Ofd, "granted", "no"),
    (WriterKeepsWriterOut, Posix, "EOPNOTSUPP", "EOPNOTSUPP"),
    (WriterKeepsReaderOut, Ofd, "granted", "no"),
    (ReaderKeepsWriterOut, Posix, "granted", "no"),
    (Shown, Ofd, "differs", "no"),
    (EndsOnClose, Ofd, "EAGAIN", "no"),
    (EndsOnClose, Ofd, "EIO", "EIO"),
    (EndsOnExit, Posix, "EAGAIN", "no"),
    (EndsOnKill, Ofd, "EAGAIN", "no"),
    (SurvivesOtherClose, Ofd, "granted", "no"),
    (SurvivesOtherClose, Posix, "EAGAIN", "yes"),
    (KeptByChild, Ofd, "granted", "no"),
    (KeptByChild, Posix, "EAGAIN", "yes"),
    (MetByHardLink, Ofd, "granted", "no"),
    (MetBySymlink, Posix, "granted", "no"),
    (SurvivesUnlink, Ofd, "granted", "no"),
    (SurvivesUnlink, Posix, "ESTALE", "ESTALE"),
    (SecondWriterRefused, Ofd, "granted", "no"),
    (SecondWriterRefused, Ofd, "refused shared write", "no"),
    (SecondWriterRefused, Posix, "byte 100 ENOLCK", "ENOLCK"),
    (SecondWriterRefused, Posix, "silence", "no answer"),
];

#[test]
fn every_property_can_be_broken() {
    for (property, backend, instead, answer) in BREAKING {
        let trial = judged(property, backend, &[(0, instead)]);
        assert_eq!(trial.answer.to_string(), answer, "{property:?} on {backend}, {instead}");
        assert_eq!(trial.standing, ProbeStanding::Broken, "{property:?} on {backend}, {instead}");
    }
    let broken: HashSet<Property> = BREAKING.iter().map(|row| row.0).collect();
    assert_eq!(broken.len(), Property::ALL.len(), "a property is missing above");
}

#[rstest]
#[case::no_lock_to_let_go(EndsOnKill, 2, "granted")]
#[case::no_lock_to_lose(SurvivesOtherClose, 2, "granted")]
#[case::no_second_name(MetByHardLink, 4, "EPERM")]
#[case::no_symbolic_links(MetBySymlink, 4, "EPERM")]
#[case::no_unlink(SurvivesUnlink, 1, "EACCES")]
#[case::somebody_is_in_the_way(WriterKeepsWriterOut, 2, "EAGAIN")]
fn without_what_it_is_about_a_property_is_not_tried(
    #[case] property: Property,
    #[case] from_end: usize,
    #[case] instead: &str,
) {
    let trial = judged(property, Ofd, &[(from_end, instead)]);
    let ProbeAnswer::NotTried { why } = &trial.answer else { panic!("{trial:?}") };
    assert!(why.contains(&format!("`a step` gave {instead}")), "{why}");
    assert_eq!(trial.standing, ProbeStanding::NotTried);
}

#[rstest]
#[case::a_lock(EndsOnClose, 4, "ENOLCK", "ENOLCK")]
#[case::an_open(ReadersShare, 1, "EMFILE", "EMFILE")]
fn a_call_that_fails_on_the_way_is_the_answer(
    #[case] property: Property,
    #[case] from_end: usize,
    #[case] instead: &str,
    #[case] answer: &str,
) {
    let trial = judged(property, Posix, &[(from_end, instead)]);
    assert_eq!(trial.answer.to_string(), answer);
    assert_eq!(trial.standing, ProbeStanding::Broken);
}

#[rstest]
#[case::in_its_last_line(0)]
#[case::before_it(2)]
#[case::with_the_second_line(4)]
fn a_run_that_hangs_gives_no_answer(#[case] from_end: usize) {
    let mut result = run(EndsOnClose, Ofd, &[(from_end, "silence")]);
    // The harness ended the run there.
    let lines = result.trace.events.len();
    result.trace.events.truncate(lines - from_end);
    let trial = trial(EndsOnClose, lines, &result);
    assert_eq!(trial.answer, ProbeAnswer::NoAnswer { why: "the reason".to_owned() });
    assert_eq!(trial.standing, ProbeStanding::Broken);
}

#[test]
fn a_run_that_never_began_gives_no_answer() {
    let mut result = run(Granted, Ofd, &[]);
    result.trace.events.clear();
    let trial = trial(Granted, 2, &result);
    assert_eq!(trial.answer, ProbeAnswer::NoAnswer { why: "the reason".to_owned() });
}

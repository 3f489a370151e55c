use std::collections::BTreeMap;

use imglock_core::{Backend, Hazard};
use imglock_engine::{
    Exploration, ExploreDifference, ExploreFinding, ExplorePlan, ExploreRepeat, Judge,
};

use super::{Document, write};
use crate::report::samples;
use crate::report::shown::{shown, snapshots};

fn counted(kinds: &[(&str, u64)]) -> BTreeMap<String, u64> {
    kinds.iter().map(|(kind, times)| ((*kind).to_owned(), *times)).collect()
}

/// Everything agrees, with many outcomes.
fn agreeing() -> Exploration {
    let open = [
        ("granted", 2_718),
        ("refused", 1_421),
        ("byte", 501),
        ("paused", 203),
        ("ENOENT", 80),
        ("EBADF", 7),
    ];
    Exploration {
        environment: samples::environment(),
        plan: ExplorePlan::new(Backend::Ofd, 42, 2_000),
        cases: 2_000,
        done: 2_000,
        steps: 23_987,
        undetermined: 118,
        verbs: BTreeMap::from([
            ("open".to_owned(), counted(&open)),
            ("lock".to_owned(), counted(&[("granted", 1_100), ("EAGAIN", 63), ("EDEADLK", 1)])),
            ("close".to_owned(), counted(&[("done", 480)])),
        ]),
        hazards: BTreeMap::from([(Hazard::LockLoss, 270), (Hazard::LeakedLock, 1)]),
        differences: Vec::new(),
        complete: true,
        elapsed_us: 9_870_000,
    }
}

fn difference(case: u64, again: Option<ExploreRepeat>, steps: usize) -> ExploreDifference {
    ExploreDifference {
        case,
        fault: ExploreFinding {
            judge: Judge::Model,
            step: "vm1 lock n1 type=read start=100 len=1".to_owned(),
            expected: "granted".to_owned(),
            actual: "EAGAIN".to_owned(),
            message: "the outcome is `EAGAIN`, and the model predicts `granted`".to_owned(),
        },
        again,
        steps_found: 9,
        steps,
        scenario:
            "summary \"The kernel's behaviour differs from the model\"\nbackends ofd\n\nvm1 open n1 \
                   image=disk.img mode=none\n"
                .to_owned(),
    }
}

fn differing() -> Exploration {
    Exploration {
        done: 312,
        differences: vec![
            difference(17, Some(ExploreRepeat { tries: 3, differed: 3 }), 2),
            difference(301, Some(ExploreRepeat { tries: 3, differed: 1 }), 9),
            difference(302, None, 9),
        ],
        ..agreeing()
    }
}

fn told(explored: &Exploration) -> String {
    shown(|out| write(explored, out))
}

snapshots! {
    what_agrees_shows_what_was_covered: told(&agreeing());
    what_differs_shows_its_scenario_and_how_to_run_it: told(&differing());
}

#[test]
fn what_was_stopped_says_what_is_left() {
    let stopped = Exploration { done: 1_200, complete: false, ..agreeing() };
    assert!(told(&stopped).ends_with(
        "\n1,200 cases on ofd, all as the model and the contract require\nstopped: 800 cases were not tried\n"
    ));
    let at_once = Exploration { done: 0, complete: false, ..agreeing() };
    assert!(told(&at_once).ends_with("\nstopped before any case was tried\n"));
}

#[test]
fn json_says_whether_it_is_whole_and_agrees() {
    let of = |ended: &[Exploration], going_on: Option<&Exploration>| {
        serde_json::to_value(Document::of(ended, going_on)).expect("a document")
    };
    let (good, bad) = (agreeing(), differing());
    let document = of(std::slice::from_ref(&good), None);
    assert_eq!((&document["complete"], &document["agrees"]), (&true.into(), &true.into()));
    assert_eq!(document["explorations"][0]["verbs"]["lock"]["EAGAIN"], 63);
    let document = of(&[good], Some(&bad));
    assert_eq!((&document["complete"], &document["agrees"]), (&false.into(), &false.into()));
    assert_eq!(document["explorations"][1]["differences"][0]["case"], 17);
    assert_eq!(of(&[], None)["complete"], false, "nothing was tried yet");
}

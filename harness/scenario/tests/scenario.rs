//! The result of parsing correct scenarios.

use imglock_core::{Access, Action, Backend, ByteRange, Hazard, LockType, Mode, Outcome};
use imglock_scenario::{HeldStatement, Item, Scenario};
use rstest::rstest;

const HEAD: &str = "summary \"A story\"\nabout \"Why it happens.\"\n";

fn parsed(text: &str) -> Scenario {
    Scenario::parse("theme/story", "story.kdl", &format!("{HEAD}{text}"))
        .unwrap_or_else(|error| panic!("{:?}", miette::Report::new(error)))
}

/// The unrolled lines as text, with the steps of `together` in one line.
fn told(scenario: &Scenario) -> Vec<String> {
    let line = |item: Item| match item {
        Item::Step(step) => format!("{} {}", step.actor, step.action),
        Item::Together(block) => {
            let steps = block.steps.iter().map(|step| format!("{} {}", step.actor, step.action));
            steps.collect::<Vec<_>>().join(" & ")
        }
        Item::Held(statement) => {
            let entries = statement.entries.iter().map(|entry| entry.node.to_string());
            format!("held {}", entries.collect::<Vec<_>>().join(" "))
        }
        Item::Repeat { .. } => panic!("a repeat is left"),
    };
    scenario.unrolled().into_iter().map(line).collect()
}

fn held(scenario: &Scenario) -> Vec<HeldStatement> {
    let statements = scenario.unrolled().into_iter().filter_map(|item| match item {
        Item::Held(statement) => Some(statement),
        _ => None,
    });
    statements.collect()
}

#[test]
fn the_head_is_read_with_its_defaults() {
    let scenario = parsed("hazard leaked-lock\nhazard posix=lock-loss\nvm1 open disk mode=rw");
    assert_eq!(scenario.name, "theme/story");
    assert_eq!(scenario.summary, "A story");
    assert_eq!(scenario.about, "Why it happens.");
    assert_eq!(scenario.backends, Backend::ALL);
    assert_eq!(scenario.images.len(), 1);
    assert_eq!((scenario.images[0].name.as_str(), scenario.images[0].size), ("disk.img", 1 << 20));
    assert_eq!(scenario.hazards[&Backend::Ofd], [Hazard::LeakedLock].into());
    assert_eq!(scenario.hazards[&Backend::Posix], [Hazard::LockLoss, Hazard::LeakedLock].into());
}

#[test]
fn open_takes_the_first_image_and_the_access_that_the_claim_needs() {
    let scenario = parsed(
        "image a.img size=0\nimage b.img\nvm1 open disk mode=rw\nvm1 open cd mode=ro image=b.img",
    );
    let options = |index: usize| match &scenario.items[index] {
        Item::Step(step) => match &step.action {
            Action::Open { options, .. } => options.clone(),
            other => panic!("{other}"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!((options(0).image.as_str(), options(0).access), ("a.img", Access::ReadWrite));
    assert_eq!((options(1).image.as_str(), options(1).access), ("b.img", Access::ReadOnly));
    assert_eq!(options(0).mode, Mode::Rw.into());
    assert!(options(0).cloexec && !options(0).inactive);
}

#[test]
fn a_lone_expectation_is_for_every_backend_of_the_scenario() {
    let granted = |text: &str, backend| match &parsed(text).items[0] {
        Item::Step(step) => step.expect.on(backend).cloned(),
        other => panic!("{other:?}"),
    };
    let both = "vm1 open disk mode=rw { expect granted; }";
    assert_eq!(granted(both, Backend::Ofd), Some(Outcome::Granted));
    assert_eq!(granted(both, Backend::Posix), Some(Outcome::Granted));
    let one = "backends ofd\nvm1 open disk mode=rw { expect granted; }";
    assert_eq!(granted(one, Backend::Posix), None);
    let each = "vm1 open disk mode=rw { expect ofd=granted posix=\"refused shared write\"; }";
    assert_eq!(granted(each, Backend::Posix), "refused shared write".parse().ok());
}

#[rstest]
#[case("mode=rw", &["100-101", "201"])]
#[case("mode=stream-top", &["100-103", "201", "203"])]
#[case("mode=create", &["101", "103", "203"])]
#[case("mode=none", &[])]
#[case("held=all unshared=\"-\"", &["100-103"])]
#[case("held=write { read 5; read \"7-eof\"; }", &["101", "5", "7-eof"])]
fn a_held_entry_lists_what_the_kernel_shows(#[case] claim: &str, #[case] ranges: &[&str]) {
    let statements =
        held(&parsed(&format!("vm1 open disk mode=rw\nheld {{\n    vm1 disk {claim}\n}}")));
    let locks: Vec<String> =
        statements[0].entries[0].locks.iter().map(|(_, range)| range.to_string()).collect();
    assert_eq!(locks, ranges);
    assert!(statements[0].entries[0].locks.iter().all(|(kind, _)| *kind == LockType::Read));
}

#[test]
fn held_tells_waiting_from_granted_and_one_backend_from_all() {
    let scenario = parsed(
        "vm1 open f mode=none\nheld\nheld backend=posix { vm1 f { write \"0-9\"; waiting read 12; }; }",
    );
    let statements = held(&scenario);
    assert_eq!((statements[0].backends.len(), statements[0].entries.len()), (2, 0));
    assert_eq!(statements[1].backends, [Backend::Posix]);
    let entry = &statements[1].entries[0];
    assert_eq!(entry.locks, [(LockType::Write, ByteRange::new(0, 9))]);
    assert_eq!(entry.waiting, [(LockType::Read, ByteRange::new(12, 12))]);
}

#[test]
fn repeats_are_written_out_with_the_round_in_every_name() {
    let scenario = parsed(
        r#"
        repeat 2 as=n {
            host create "img$n"
            vm$n open "d$n" image="img$n" mode=rw
            repeat 2 as=m { vm$n dup "d$n" as="d$n-$m"; }
            vm$n fork "child$n"
            vm$n send "d$n" to=sink as="from$n"
            held { vm$n "d$n" mode=none; }
        }
        together {
            vm1 close d1
            vm2 close d2
        }
        "#,
    );
    assert_eq!(
        told(&scenario),
        [
            "host create img1 size=1048576",
            "vm1 open d1 image=img1 mode=rw",
            "vm1 dup d1 as=d1-1",
            "vm1 dup d1 as=d1-2",
            "vm1 fork child1",
            "vm1 send d1 to=sink as=from1",
            "held vm1.d1",
            "host create img2 size=1048576",
            "vm2 open d2 image=img2 mode=rw",
            "vm2 dup d2 as=d2-1",
            "vm2 dup d2 as=d2-2",
            "vm2 fork child2",
            "vm2 send d2 to=sink as=from2",
            "held vm2.d2",
            "vm1 close d1 & vm2 close d2",
        ]
    );
    assert_eq!(scenario.actors(), ["vm1", "sink", "vm2"]);
}

#[test]
fn an_expected_owner_is_a_name_too() {
    let scenario = parsed(
        "repeat 1 as=n {\n    vm$n open f mode=none\n    vm$n test f type=read start=0 len=1 { expect \"held write 0 by vm$n\"; }\n}",
    );
    match &scenario.unrolled()[1] {
        Item::Step(step) => {
            let outcome = step.expect.on(Backend::Ofd).map(Outcome::to_string);
            assert_eq!(outcome.as_deref(), Some("held write 0 by vm1"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn actors_come_in_the_order_in_which_they_are_named() {
    let scenario = parsed(
        "host create a.img\nb open disk mode=ro\nb send disk to=a\nb fork c\nb thread d\nc send disk to=e\nd exit\na exit",
    );
    assert_eq!(scenario.actors(), ["b", "a", "e"]);
}

/// Scenarios that are unusual, but not certainly wrong.
#[rstest]
#[case::opened_again_after_a_refusal(
    "vm1 open disk mode=rw { expect \"refused write\"; }\nvm1 open disk mode=rw"
)]
#[case::refused_on_one_backend(
    "vm1 open disk mode=rw { expect ofd=\"refused write\" posix=granted; }\nvm1 open disk mode=rw"
)]
#[case::one_of_two_is_refused(
    "together {\n    vm1 open disk mode=rw\n    vm2 open disk mode=rw\n}\nvm1 open disk mode=rw"
)]
#[case::opened_after_close("repeat 3 { vm1 open disk mode=rw; vm1 close disk; }")]
#[case::opened_after_exec("vm1 open disk mode=rw\nvm1 exec\nvm1 open disk mode=rw")]
#[case::thread_opens_for_its_process("vm1 thread t\nt open disk mode=rw\nvm1 close disk")]
#[case::child_has_the_parents_nodes(
    "vm1 open disk mode=rw\nvm1 fork c\nvm1 close disk\nc close disk"
)]
#[case::sent_node("vm1 open disk mode=rw\nvm1 send disk to=vm2\nvm2 close disk")]
#[case::blocked_and_awaited(
    "vm1 open f mode=none\nvm1 lock f type=read start=0 len=1 wait=#true { expect blocked; }\nvm1 signal\nvm1 await { expect EINTR; }\nvm1 close f"
)]
#[case::blocked_on_one_backend(
    "vm1 open f mode=none\nvm1 lock f type=read start=0 len=1 wait=#true { expect ofd=blocked posix=granted; }\nvm1 close f"
)]
#[case::blocked_and_killed(
    "vm1 open f mode=none\nvm1 lock f type=read start=0 len=1 wait=#true { expect blocked; }\nvm1 kill"
)]
#[case::stopped_and_continued("vm1 open disk mode=rw\nvm1 stop\nvm1 continue\nvm1 close disk")]
#[case::lock_left_behind("vm1 open disk mode=rw\nvm1 fork c\nvm1 kill\nheld { c disk mode=rw; }")]
#[case::unlinked_name_is_opened("host unlink disk.img\nvm1 open disk mode=rw { expect ENOENT; }")]
fn not_certainly_wrong(#[case] text: &str) {
    parsed(text);
}

#[test]
fn a_story_of_a_million_steps_is_the_longest() {
    let text = "repeat 1000 { repeat 500 { vm1 open disk mode=rw; vm1 close disk; }; }";
    assert_eq!(parsed(text).items.len(), 1);
}

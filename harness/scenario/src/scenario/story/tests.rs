use imglock_core::{Action, Backend, Outcome};
use imglock_shorthand::action;

use super::Story;
use super::fault::{StepWord, StoryFault};
use crate::scenario::{Expectation, Step};

/// A story of lines such as `vm1 open disk rw => paused`, parted by `;`.
fn story(lines: &str) -> Story {
    let mut story = Story::new(&[Backend::Ofd], ["disk.img".to_owned()]);
    for (line, text) in (1..).zip(lines.split("; ").filter(|text| !text.is_empty())) {
        let (text, outcome) = text.split_once(" => ").unwrap_or((text, ""));
        let (actor, action) = action(text);
        assert!(story.admits(actor, &action), "{text}: {:?}", story.faults(actor, &action));
        let mut expect = Expectation::default();
        if let Ok(outcome) = outcome.parse::<Outcome>() {
            expect.0.insert(Backend::Ofd, outcome);
        }
        story.enter(&Step { actor: actor.to_owned(), action, expect, line }, false);
    }
    story
}

#[rstest::rstest]
#[case::a_first_open("", "vm1 open disk rw")]
#[case::after_a_close("vm1 open disk rw; vm1 close disk", "vm1 open disk rw")]
#[case::where_it_was_refused("vm1 open disk rw => refused write", "vm1 open disk rw")]
#[case::closed_but_had("vm1 open disk rw; vm1 close disk", "vm1 read disk")]
#[case::of_a_thread("vm1 open disk rw; vm1 thread t", "t close disk")]
#[case::of_a_child("vm1 open disk rw; vm1 fork child", "child close disk")]
#[case::received("vm1 open a rw; vm1 send a to=vm2", "vm2 close a")]
#[case::kept_or_not_over_exec("vm1 open disk rw; vm1 exec", "vm1 open disk rw")]
#[case::a_stopped_one_is_killed("vm1 stop", "vm1 kill")]
#[case::a_continued_one_exits("vm1 stop; vm1 continue", "vm1 exit")]
#[case::a_paused_one_is_awaited("vm1 open disk rw pause=1 => paused", "vm1 await")]
#[case::a_paused_one_is_stopped("vm1 open disk rw pause=1 => paused", "vm1 stop")]
#[case::once_it_was_awaited("vm1 open disk rw pause=1 => paused; vm1 await", "vm1 exit")]
#[case::a_new_image("host create new.img", "vm1 open disk rw image=new.img")]
#[case::a_name_that_is_gone("host unlink disk.img", "vm1 open disk rw")]
#[case::a_link_to_an_image("", "host hardlink b.img to=disk.img")]
fn a_step_is_admitted(#[case] lines: &str, #[case] next: &str) {
    let (actor, action) = action(next);
    assert_eq!(story(lines).faults(actor, &action), []);
}

#[rstest::rstest]
#[case::twice("vm1 open d rw", "vm1 open d rw", StepWord::Object, StoryFault::OpenAlready { actor: "vm1", node: "d" })]
#[case::never("", "vm1 close d", StepWord::Object, StoryFault::NeverOpened { actor: "vm1", node: "d" })]
#[case::of_another("vm1 open d rw", "vm2 close d", StepWord::Object, StoryFault::NeverOpened { actor: "vm2", node: "d" })]
#[case::a_copy_twice("vm1 open d rw", "vm1 dup d as=d", StepWord::Copy, StoryFault::OpenAlready { actor: "vm1", node: "d" })]
#[case::to_itself("vm1 open d rw", "vm1 send d to=vm1", StepWord::Other, StoryFault::ToItself { actor: "vm1", node: "d" })]
#[case::to_one_that_ended("vm1 open d rw; vm2 exit", "vm1 send d to=vm2", StepWord::Other, StoryFault::Ended { actor: "vm2", line: 2 })]
#[case::to_one_that_is_stopped("vm1 open d rw; vm2 stop", "vm1 send d to=vm2", StepWord::Other, StoryFault::Stopped { actor: "vm2" })]
#[case::after_its_end("vm1 kill", "vm1 exit", StepWord::Actor, StoryFault::Ended { actor: "vm1", line: 1 })]
#[case::while_stopped("vm1 stop", "vm1 stop", StepWord::Verb, StoryFault::Stopped { actor: "vm1" })]
#[case::while_paused("vm1 open d rw pause=1 => paused", "vm1 exit", StepWord::Verb, StoryFault::Waits { actor: "vm1", state: &Outcome::Paused })]
#[case::for_nothing("vm1 open d rw", "vm1 await", StepWord::Verb, StoryFault::NothingToAwait { actor: "vm1" })]
#[case::its_own_child("", "vm1 fork vm1", StepWord::Object, StoryFault::ActorTaken { name: "vm1" })]
#[case::a_child_that_is_there("vm2 stop", "vm1 thread vm2", StepWord::Object, StoryFault::ActorTaken { name: "vm2" })]
#[case::no_such_image("", "vm1 open d rw image=b.img", StepWord::Other, StoryFault::UnknownImage { name: "b.img" })]
#[case::a_link_to_nothing("", "host symlink b.img to=c.img", StepWord::Other, StoryFault::UnknownImage { name: "c.img" })]
#[case::a_name_of_nothing("", "host rename b.img to=disk.img", StepWord::Object, StoryFault::UnknownImage { name: "b.img" })]
fn a_step_is_refused(
    #[case] lines: &str,
    #[case] next: &str,
    #[case] word: StepWord,
    #[case] fault: StoryFault<'_>,
) {
    let (actor, action) = action(next);
    assert_eq!(story(lines).faults(actor, &action), [(word, fault)]);
}

#[test]
fn what_becomes_of_simultaneous_steps_is_not_certain() {
    let (actor, action) = action("vm1 open disk rw");
    let mut story = story("");
    let step = Step {
        actor: actor.to_owned(),
        action: action.clone(),
        expect: Expectation::default(),
        line: 1,
    };
    story.enter(&step, true);
    assert!(story.admits(actor, &action), "it may have been refused");
    assert_eq!(story.nodes(actor).collect::<Vec<_>>(), ["disk"]);
    story.enter(&step, false);
    assert!(!story.admits(actor, &action));
}

#[test]
fn the_story_knows_who_is_stopped_and_who_has_ended() {
    let story = story("vm1 stop; vm2 stop; vm2 kill; vm3 exec");
    let states =
        ["vm1", "vm2", "vm3", "vm4"].map(|actor| (story.is_stopped(actor), story.has_ended(actor)));
    assert_eq!(states, [(true, false), (true, true), (false, false), (false, false)]);
    assert!(!story.admits("vm2", &Action::Kill));
}

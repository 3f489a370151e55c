use imglock_qemu::{HandoverLesson, Handovers};

use super::samples::{broken, quiet, usual};
use super::{json, write};
use crate::report::shown::{shown, snapshots, widest};

fn told(measured: &Handovers) -> String {
    let text = shown(|out| write(measured, out));
    assert!(widest(&text) <= 100, "{text}");
    text
}

snapshots! {
    a_person_reads_how_long_nobody_holds_the_image: told(&usual());
    a_person_reads_what_must_not_be: told(&broken());
}

#[test]
fn what_was_not_seen_is_not_told_as_nothing() {
    let text = told(&quiet());
    assert!(text.contains("4 gaps were not seen"), "{text}");
    let line = text.lines().find(|line| line.contains("by itself")).expect("a line");
    assert_eq!(line.split_whitespace().last(), Some("0"), "{text}");
    assert_eq!(quiet().lessons(), []);
}

#[test]
fn each_lesson_is_drawn_from_what_was_measured() {
    let usual = [
        HandoverLesson::Gap,
        HandoverLesson::SlippedIn,
        HandoverLesson::Retry,
        HandoverLesson::RunsShared,
    ];
    assert_eq!(super::samples::usual().lessons(), usual);
    let broken = broken().lessons();
    assert!(
        broken.contains(&HandoverLesson::TwoHeld) && !broken.contains(&HandoverLesson::Wrong),
        "{broken:?}"
    );
    let mut wrong = super::samples::broken();
    wrong.series[0].watched.truncate(1);
    let wrong = wrong.lessons();
    assert!(
        wrong.contains(&HandoverLesson::Wrong) && !wrong.contains(&HandoverLesson::TwoHeld),
        "{wrong:?}"
    );
}

#[test]
fn json_holds_every_handover() {
    let mut few = usual();
    few.series.truncate(1);
    insta::assert_snapshot!(shown(|out| json(&few, out)));
}

use imglock_core::Mode;
use imglock_engine::{Fault, RaceSum};

use super::samples::{broken, posix, qemu, quiet};
use super::write;
use crate::report::shown::{shown, snapshots};

fn told(sum: &RaceSum) -> String {
    let text = shown(|out| write(sum, out));
    let mut wide = text.lines().filter(|line| line.chars().count() > 80);
    assert!(wide.all(|line| line.starts_with("Again:")), "{text}");
    text
}

snapshots! {
    a_person_reads_that_nothing_was_broken: told(&quiet());
    a_person_reads_the_hazards_of_posix_locks: told(&posix());
    a_person_reads_how_locks_did_not_hold: told(&broken());
    a_person_reads_what_a_qemu_cannot_play: told(&qemu());
}

#[test]
fn posix_locks_that_show_nothing_are_strange() {
    let silent = RaceSum { hazards: Vec::new(), lost_updates: 0, ..posix() };
    let strange = "and never were";
    assert!(told(&silent).contains(strange));
    // Without a shared process, many rounds or a conflict they are as usual.
    let modes = vec![Mode::Ro, Mode::ForceShare];
    for usual in [
        RaceSum { sharing: 0, ..silent.clone() },
        RaceSum { rounds: 10, ..silent.clone() },
        RaceSum { modes, ..silent.clone() },
        quiet(),
    ] {
        assert!(!told(&usual).contains(strange));
    }
}

#[test]
fn a_fault_that_was_planted_is_said_first() {
    let mut sum = broken();
    sum.environment.planted = Some(Fault::CheckBeforeLock);
    let text = told(&sum);
    assert!(text.starts_with("A fault was planted on purpose, check-before-lock: "), "{text}");
    assert!(
        text.contains("The planted fault was detected.") && !text.contains("Do not rely"),
        "{text}"
    );
    assert!(text.ends_with(" --plant check-before-lock --modes rw,qcow2-rw,backup-target\n"));
}

#[test]
fn of_many_openers_those_in_the_matter_are_drawn() {
    let many = RaceSum { openers: 40, winners: vec![1; 41], ..broken() };
    let text = told(&many);
    assert!(text.contains("and 38 other openers"), "{text}");
}

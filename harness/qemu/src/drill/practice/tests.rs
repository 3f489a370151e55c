use super::*;
use crate::drill::{DrillAct, DrillEntry, DrillExpected, FileNode, LockEffect};
use crate::qemu::{QemuBinary, QemuProgram, QemuVersion};
use imglock_core::{Backend, Claim, Mode, Outcome};

const DRILL: Drill = Drill {
    name: "drill",
    commands: "",
    summary: "",
    about: "",
    safe: "",
    players: &[],
    unable: &[],
    expected: &[DrillExpected::posix("disk.img", LockEffect::Loses, LockEffect::Loses)],
    body: |_| Ok(()),
};

/// An account of one proof on these locks.
fn account(backend: Backend, place: &str, measured: Claim, outcome: &str) -> DrillAccount {
    let outcome: Outcome = outcome.parse().expect("an outcome");
    let stated = Mode::Rw.claim();
    DrillAccount {
        drill: "drill".to_owned(),
        variant: DrillVariant { backend, node: FileNode::ReadWrite },
        program: QemuBinary {
            program: QemuProgram::System,
            path: "/qemu".into(),
            version: QemuVersion::new(7, 2),
        },
        entries: Vec::new(),
        cells: vec![DrillCell {
            place: place.to_owned(),
            image: "disk.img".to_owned(),
            actor: "vm1".to_owned(),
            stated,
            measured,
            second: Mode::Rw,
            effect: LockEffect::of(stated, measured, Mode::Rw.claim(), outcome == Outcome::Granted),
            outcome,
        }],
    }
}

#[rstest::rstest]
#[case::kept_as_it_must(Backend::Ofd, Mode::Rw, "refused write", Verdict::Passed)]
#[case::lost_as_it_must(Backend::Posix, Mode::None, "granted", Verdict::Passed)]
#[case::lost_with_ofd(Backend::Ofd, Mode::None, "granted", Verdict::Failed)]
#[case::kept_where_it_is_lost(Backend::Posix, Mode::Rw, "refused write", Verdict::Failed)]
#[case::locked_and_open(Backend::Ofd, Mode::Rw, "granted", Verdict::Failed)]
#[case::unlocked_and_refused(Backend::Posix, Mode::None, "refused write", Verdict::Failed)]
fn what_is_proved_must_be_what_the_drill_says(
    #[case] backend: Backend,
    #[case] measured: Mode,
    #[case] outcome: &str,
    #[case] verdict: Verdict,
) {
    let (given, reason) = judge(&DRILL, &account(backend, "disk.img", measured.claim(), outcome));
    assert_eq!(given, verdict, "{reason}");
    assert_eq!(reason.is_empty(), verdict == Verdict::Passed);
}

#[test]
fn a_drill_that_proves_something_else_fails() {
    let other = account(Backend::Ofd, "other.img", Mode::Rw.claim(), "refused write");
    assert_eq!(judge(&DRILL, &other).0, Verdict::Failed);
    let nothing = DrillAccount { cells: Vec::new(), ..other };
    assert_eq!(judge(&DRILL, &nothing).0, Verdict::Failed);
}

/// A drill whose proof keeps its locks.
const KEEPS: Drill =
    Drill { expected: &[DrillExpected::always("disk.img", LockEffect::Keeps)], ..DRILL };

/// An account in which these actors hold the image at one moment, each with its
/// mode.
fn held(holders: &[(&str, Mode)]) -> DrillAccount {
    let holding = |(actors, mode): &(&str, Mode)| HeldMode {
        actors: actors.split('+').map(str::to_owned).collect(),
        backend: Backend::Ofd,
        claim: mode.claim(),
    };
    let locks = |holdings| ImageLocks {
        image: "disk.img".to_owned(),
        holdings,
        unlocked: vec!["vm9".to_owned()],
    };
    let entry = |holdings| DrillEntry {
        actor: "vm1".to_owned(),
        title: "It continues".to_owned(),
        act: DrillAct::Tell,
        messages: Vec::new(),
        printed: Vec::new(),
        locks: vec![locks(holdings)],
    };
    let cell = DrillCell {
        place: "disk.img".to_owned(),
        image: "disk.img".to_owned(),
        actor: "vm1".to_owned(),
        stated: Claim::NOTHING,
        measured: Claim::NOTHING,
        second: Mode::Rw,
        outcome: Outcome::Granted,
        effect: Some(LockEffect::Keeps),
    };
    DrillAccount {
        drill: "drill".to_owned(),
        variant: DrillVariant::ALL[0],
        program: QemuBinary {
            program: QemuProgram::System,
            path: "qemu".into(),
            version: QemuVersion::new(7, 2),
        },
        entries: vec![entry(holders.iter().map(holding).collect()), entry(Vec::new())],
        cells: vec![cell],
    }
}

#[rstest::rstest]
#[case::one(&[("vm1", Mode::Rw)])]
#[case::one_that_locks(&[("vm1", Mode::Rw), ("vm2", Mode::None)])]
#[case::two_that_share(&[("vm1", Mode::ShareRw), ("vm2", Mode::ShareRw)])]
#[case::two_that_read(&[("vm1", Mode::Ro), ("vm2", Mode::Ro)])]
#[case::one_process(&[("vm1", Mode::Rw), ("vm1", Mode::Rw)])]
#[case::one_process_and_its_child(&[("vm1", Mode::Rw), ("vm1+child", Mode::Rw)])]
fn those_who_get_along_pass(#[case] holders: &[(&str, Mode)]) {
    assert_eq!(judge(&KEEPS, &held(holders)), (Verdict::Passed, String::new()));
}

#[rstest::rstest]
#[case::two_writers(&[("vm1", Mode::Rw), ("vm2", Mode::Rw)])]
#[case::the_second_and_the_third(&[("vm0", Mode::None), ("vm1", Mode::Rw), ("vm2", Mode::Ro)])]
#[case::one_that_does_not_share(&[("vm1", Mode::Rw), ("vm2", Mode::ShareRw)])]
fn two_that_conflict_fail_a_drill_that_is_as_documented(#[case] holders: &[(&str, Mode)]) {
    let (verdict, reason) = judge(&KEEPS, &held(holders));
    assert_eq!(verdict, Verdict::Failed);
    let says = "vm1: It continues: vm1 holds consistent-read write; does not share write on \
                disk.img, and vm2 holds";
    assert!(reason.starts_with(says), "{reason}");
}

#[test]
fn other_locks_than_those_that_are_stated_are_a_failure() {
    let (rw, ro) = (Mode::Rw.claim(), Mode::Ro.claim());
    assert_eq!(compare(rw, rw, true), (Verdict::Passed, String::new()));
    let why = "it holds consistent-read; does not share write";
    assert_eq!(compare(rw, ro, true), (Verdict::Failed, why.to_owned()));
}

#[test]
fn no_lock_is_as_stated_only_where_the_image_is_open() {
    let why = "it does not have the image open";
    assert_eq!(compare(Claim::NOTHING, Claim::NOTHING, true).0, Verdict::Passed);
    let nothing = compare(Claim::NOTHING, Claim::NOTHING, false);
    assert_eq!(nothing, (Verdict::Failed, why.to_owned()));
}

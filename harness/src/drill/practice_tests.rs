use super::*;
use crate::drill::{Effect, Expected, FileNode};
use crate::image::{Claim, Mode};
use crate::lock::Backend;
use crate::qemu::{Program, Version};
use crate::step::Outcome;

const DRILL: Drill = Drill {
    name: "drill",
    commands: "",
    summary: "",
    about: "",
    safe: "",
    players: &[],
    expected: &[Expected::posix("disk.img", Effect::Loses, Effect::Loses)],
    body: |_| Ok(()),
};

/// An account of one proof on these locks.
fn account(backend: Backend, place: &str, measured: Claim, outcome: &str) -> Account {
    let outcome: Outcome = outcome.parse().expect("an outcome");
    let stated = Mode::Rw.claim();
    Account {
        drill: "drill".to_owned(),
        variant: Variant { backend, node: FileNode::ReadWrite },
        program: Binary {
            program: Program::System,
            path: "/qemu".into(),
            version: Version::new(7, 2),
        },
        entries: Vec::new(),
        cells: vec![Cell {
            place: place.to_owned(),
            image: "disk.img".to_owned(),
            actor: "vm1".to_owned(),
            stated,
            measured,
            second: Mode::Rw,
            effect: Effect::of(stated == measured, outcome == Outcome::Granted),
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
    let nothing = Account { cells: Vec::new(), ..other };
    assert_eq!(judge(&DRILL, &nothing).0, Verdict::Failed);
}

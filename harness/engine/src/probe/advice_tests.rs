//! What is said of what was measured.

use std::path::PathBuf;

use rstest::rstest;

use super::advice::{Advice, meaning};
use super::data::{Answer, Measured, Probe, Standing, Trial};
use super::property::Property::{self, *};
use super::series::{Delays, Release, Timing};
use crate::run::Environment;
use crate::series::Spread;
use imglock_core::lock::Backend::{self, Ofd, Posix};

fn trial(answer: Answer, standing: Standing) -> Trial {
    Trial { answer, standing, evidence: Vec::new() }
}

fn release(backend: Backend, uring: bool, worst_us: u64) -> Release {
    let spread = |worst_us| Spread { median_us: 100, worst_us };
    let delays = Delays { rounds: 20, from_kill: spread(worst_us), after_exit: spread(worst_us) };
    Release { backend, uring, timing: Timing::Measured(delays) }
}

/// Everything as it must be.
fn fine() -> Probe {
    let held =
        |property: Property, backend| trial(Answer::of(property.must_be(backend)), Standing::Holds);
    let properties = Property::ALL.map(|property| Measured {
        property,
        ofd: held(property, Ofd),
        posix: held(property, Posix),
    });
    let series = [(Ofd, false), (Posix, false), (Ofd, true), (Posix, true)];
    Probe {
        directory: PathBuf::from("/images"),
        environment: Environment::default(),
        null_has_ofd: true,
        properties: properties.to_vec(),
        releases: series.map(|(backend, uring)| release(backend, uring, 300)).to_vec(),
    }
}

/// Everything as it must be, except that these are not.
fn broken(what: &[(Property, Backend)]) -> Probe {
    let mut probe = fine();
    for (property, backend) in what {
        let answer = Answer::of(!property.must_be(*backend));
        set(&mut probe, *property, *backend, trial(answer, Standing::Broken));
    }
    probe
}

fn set(probe: &mut Probe, property: Property, backend: Backend, trial: Trial) {
    let measured = probe.properties.iter_mut().find(|measured| measured.property == property);
    let measured = measured.expect("every property is there");
    match backend {
        Ofd => measured.ofd = trial,
        Posix => measured.posix = trial,
    }
}

/// No lock of these backends is granted, for this reason.
fn without(backends: &[(Backend, &str)], null_has_ofd: bool) -> Probe {
    let mut probe = Probe { null_has_ofd, ..fine() };
    for (backend, errno) in backends {
        for property in Property::ALL {
            set(&mut probe, property, *backend, trial(Answer::not_tried(""), Standing::NotTried));
        }
        let errno = Answer::Errno { errno: (*errno).to_owned() };
        set(&mut probe, Granted, *backend, trial(errno, Standing::Broken));
    }
    probe
}

fn errno(errno: &str) -> String {
    errno.to_owned()
}

#[rstest]
#[case::all_is_well(fine(), &[Advice::Fine])]
#[case::no_posix(without(&[(Posix, "ENOLCK")], true), &[Advice::Fine, Advice::PosixDiffers])]
#[case::posix_broken(
    broken(&[(WriterKeepsWriterOut, Posix)]),
    &[Advice::Fine, Advice::PosixDiffers]
)]
#[case::no_ofd_in_the_kernel(without(&[(Ofd, "EINVAL")], false), &[Advice::OnlyPosix])]
#[case::no_ofd_in_the_file_system(
    without(&[(Ofd, "EOPNOTSUPP")], true),
    &[Advice::LockFails { errno: errno("EOPNOTSUPP") }]
)]
#[case::no_locks_in_the_file_system(
    without(&[(Ofd, "ENOLCK"), (Posix, "ENOLCK")], true),
    &[Advice::LockFails { errno: errno("ENOLCK") }]
)]
#[case::no_locks_in_the_kernel(
    without(&[(Ofd, "EINVAL"), (Posix, "ENOLCK")], false),
    &[Advice::NothingWorks { errno: errno("ENOLCK") }]
)]
#[case::nobody_is_kept_out(
    broken(&[(WriterKeepsWriterOut, Ofd), (SecondWriterRefused, Ofd)]),
    &[Advice::ExcludesNobody { backend: Ofd }]
)]
#[case::writers_are_not_kept_from_readers(
    broken(&[(ReaderKeepsWriterOut, Ofd)]),
    &[Advice::ExcludesNobody { backend: Ofd }]
)]
#[case::readers_are_not_kept_from_writers(
    broken(&[(WriterKeepsReaderOut, Ofd)]),
    &[Advice::ExcludesNobody { backend: Ofd }]
)]
#[case::only_the_protocol(broken(&[(SecondWriterRefused, Ofd)]), &[Advice::ProtocolFails])]
#[case::too_much(broken(&[(ReadersShare, Ofd)]), &[Advice::RefusesTheCompatible])]
#[case::too_far(broken(&[(NeighboursFree, Ofd)]), &[Advice::RefusesTheCompatible])]
#[case::lost_on_close(broken(&[(SurvivesOtherClose, Ofd)]), &[Advice::OfdLikePosix])]
#[case::lost_with_the_parent(broken(&[(KeptByChild, Ofd)]), &[Advice::OfdLikePosix])]
#[case::stays_after_close(broken(&[(EndsOnClose, Ofd)]), &[Advice::Outlives])]
#[case::stays_after_exit(broken(&[(EndsOnExit, Ofd)]), &[Advice::Outlives])]
#[case::stays_after_kill(broken(&[(EndsOnKill, Ofd)]), &[Advice::Outlives])]
#[case::another_file_by_another_name(broken(&[(MetByHardLink, Ofd)]), &[Advice::NamesApart])]
#[case::hidden(broken(&[(Shown, Ofd)]), &[Advice::Unseen])]
#[case::the_gravest_three(
    broken(&[
        (Shown, Ofd),
        (MetBySymlink, Ofd),
        (EndsOnKill, Ofd),
        (SurvivesOtherClose, Ofd),
        (WriterKeepsWriterOut, Ofd),
    ]),
    &[Advice::ExcludesNobody { backend: Ofd }, Advice::OfdLikePosix, Advice::Outlives]
)]
fn it_means(#[case] probe: Probe, #[case] expected: &[Advice]) {
    assert_eq!(meaning(&probe), expected);
    assert_eq!(probe.holds(), expected == [Advice::Fine]);
}

#[rstest]
#[case::the_first_lock(Granted)]
#[case::a_later_call(EndsOnExit)]
fn a_call_that_does_not_return_is_told(#[case] property: Property) {
    let mut probe = fine();
    let silence = || trial(Answer::NoAnswer { why: String::new() }, Standing::Broken);
    set(&mut probe, property, Ofd, silence());
    assert_eq!(meaning(&probe), [Advice::Hangs]);
    assert!(!probe.holds());
}

#[test]
fn a_hang_of_the_only_locks_is_told() {
    let mut probe = without(&[(Ofd, "EINVAL")], false);
    let silence = trial(Answer::NoAnswer { why: String::new() }, Standing::Broken);
    set(&mut probe, Granted, Posix, silence);
    assert_eq!(meaning(&probe), [Advice::Hangs]);
}

#[test]
fn a_lock_in_the_way_of_the_first_is_an_errno_to_qemu() {
    let mut probe = fine();
    set(&mut probe, Granted, Ofd, trial(Answer::No, Standing::Broken));
    let advice = meaning(&probe);
    assert_eq!(advice, [Advice::LockFails { errno: errno("EAGAIN") }]);
    let text = advice[0].sentences();
    assert!(text.contains("byte 100: Resource temporarily unavailable`"), "{text}");
}

#[test]
fn posix_locks_are_looked_at_where_qemu_has_no_others() {
    let mut probe = without(&[(Ofd, "EINVAL")], false);
    set(&mut probe, WriterKeepsWriterOut, Posix, trial(Answer::No, Standing::Broken));
    let expected = [Advice::OnlyPosix, Advice::ExcludesNobody { backend: Posix }];
    assert_eq!(meaning(&probe), expected);
}

#[rstest]
#[case::in_time(10_000, 10_000, None)]
#[case::late(10_001, 0, Some((10_001, false)))]
#[case::late_with_io_uring(300, 53_000, Some((53_000, true)))]
#[case::late_both_ways(20_000, 53_000, Some((53_000, false)))]
fn a_late_release_is_told_and_is_no_fault(
    #[case] plain: u64,
    #[case] uring: u64,
    #[case] told: Option<(u64, bool)>,
) {
    let mut probe = fine();
    probe.releases = vec![release(Ofd, false, plain), release(Ofd, true, uring)];
    let mut expected = vec![Advice::Fine];
    expected.extend(told.map(|(worst_us, uring)| Advice::Late { worst_us, uring }));
    assert_eq!(meaning(&probe), expected);
    assert!(probe.holds());
}

#[test]
fn a_lock_that_never_goes_is_a_fault() {
    let mut probe = fine();
    probe.releases[2].timing = Timing::NotReleased;
    assert_eq!(meaning(&probe), [Advice::Outlives]);
    assert!(!probe.holds());
}

#[test]
fn what_could_not_be_tried_is_no_fault() {
    let mut probe = fine();
    for backend in Backend::ALL {
        let untried = trial(Answer::not_tried("no hard links"), Standing::NotTried);
        set(&mut probe, MetByHardLink, backend, untried);
    }
    probe.releases[2].timing = Timing::NotTried { why: "no io_uring".to_owned() };
    assert_eq!(meaning(&probe), [Advice::Fine]);
    assert!(probe.holds());
}

#[test]
fn data_can_be_read_back() {
    let mut probe = without(&[(Ofd, "EINVAL")], false);
    probe.releases[0].timing = Timing::NotReleased;
    probe.releases[1].timing = Timing::NotTried { why: "why".to_owned() };
    let text = serde_json::to_string(&probe).expect("JSON");
    assert_eq!(serde_json::from_str::<Probe>(&text).expect("a probe"), probe);
}

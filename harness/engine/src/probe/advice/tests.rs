//! The consequences reported for given measurements.

use std::path::PathBuf;

use rstest::rstest;

use super::{ProbeAdvice, probe_meaning};
use crate::probe::data::{Probe, ProbeAnswer, ProbeMeasurement, ProbeStanding, ProbeTrial};
use crate::probe::property::Property::{self, *};
use crate::probe::series::{ProbeDelays, ProbeTiming, ReleaseDelay};
use crate::run::Environment;
use crate::series::TimeSpread;
use imglock_core::Backend::{self, Ofd, Posix};
use imglock_locks::{Extent, Reach};

fn trial(answer: ProbeAnswer, standing: ProbeStanding) -> ProbeTrial {
    ProbeTrial { answer, standing, evidence: Vec::new() }
}

fn release(backend: Backend, uring: bool, worst_us: u64) -> ReleaseDelay {
    let spread = |worst_us| TimeSpread { median_us: 100, worst_us };
    let delays =
        ProbeDelays { rounds: 20, from_kill: spread(worst_us), after_exit: spread(worst_us) };
    ReleaseDelay { backend, uring, timing: ProbeTiming::Measured(delays) }
}

fn local() -> Reach {
    let file_system = "ext4".to_owned();
    Reach { extent: Extent::Host, file_system, source: None, because: None }
}

/// A probe without faults.
fn fine() -> Probe {
    let held = |property: Property, backend| {
        trial(ProbeAnswer::of(property.must_be(backend)), ProbeStanding::Holds)
    };
    let properties = Property::ALL.map(|property| ProbeMeasurement {
        property,
        ofd: held(property, Ofd),
        posix: held(property, Posix),
    });
    let series = [(Ofd, false), (Posix, false), (Ofd, true), (Posix, true)];
    Probe {
        path: PathBuf::from("/images"),
        reach: local(),
        environment: Environment::default(),
        null_has_ofd: true,
        properties: properties.to_vec(),
        releases: series.map(|(backend, uring)| release(backend, uring, 300)).to_vec(),
    }
}

/// A probe without faults except in these properties.
fn broken(what: &[(Property, Backend)]) -> Probe {
    let mut probe = fine();
    for (property, backend) in what {
        let answer = ProbeAnswer::of(!property.must_be(*backend));
        set(&mut probe, *property, *backend, trial(answer, ProbeStanding::Broken));
    }
    probe
}

fn set(probe: &mut Probe, property: Property, backend: Backend, trial: ProbeTrial) {
    let measured = probe.properties.iter_mut().find(|measured| measured.property == property);
    let measured = measured.expect("every property is there");
    match backend {
        Ofd => measured.ofd = trial,
        Posix => measured.posix = trial,
    }
}

/// A probe in which no lock of these backends is granted, with the errno.
fn without(backends: &[(Backend, &str)], null_has_ofd: bool) -> Probe {
    let mut probe = Probe { null_has_ofd, ..fine() };
    for (backend, errno) in backends {
        for property in Property::ALL {
            set(
                &mut probe,
                property,
                *backend,
                trial(ProbeAnswer::not_tried(""), ProbeStanding::NotTried),
            );
        }
        let errno = ProbeAnswer::Errno { errno: (*errno).to_owned() };
        set(&mut probe, Granted, *backend, trial(errno, ProbeStanding::Broken));
    }
    probe
}

fn errno(errno: &str) -> String {
    errno.to_owned()
}

#[rstest]
#[case::all_is_well(fine(), &[ProbeAdvice::Fine])]
#[case::no_posix(without(&[(Posix, "ENOLCK")], true), &[ProbeAdvice::Fine, ProbeAdvice::PosixDiffers])]
#[case::posix_broken(
    broken(&[(WriterKeepsWriterOut, Posix)]),
    &[ProbeAdvice::Fine, ProbeAdvice::PosixDiffers]
)]
#[case::no_ofd_in_the_kernel(without(&[(Ofd, "EINVAL")], false), &[ProbeAdvice::OnlyPosix])]
#[case::no_ofd_in_the_file_system(
    without(&[(Ofd, "EOPNOTSUPP")], true),
    &[ProbeAdvice::LockFails { errno: errno("EOPNOTSUPP") }]
)]
#[case::no_locks_in_the_file_system(
    without(&[(Ofd, "ENOLCK"), (Posix, "ENOLCK")], true),
    &[ProbeAdvice::LockFails { errno: errno("ENOLCK") }]
)]
#[case::no_locks_in_the_kernel(
    without(&[(Ofd, "EINVAL"), (Posix, "ENOLCK")], false),
    &[ProbeAdvice::NothingWorks { errno: errno("ENOLCK") }]
)]
#[case::nobody_is_kept_out(
    broken(&[(WriterKeepsWriterOut, Ofd), (SecondWriterRefused, Ofd)]),
    &[ProbeAdvice::ExcludesNobody { backend: Ofd }]
)]
#[case::writers_are_not_kept_from_readers(
    broken(&[(ReaderKeepsWriterOut, Ofd)]),
    &[ProbeAdvice::ExcludesNobody { backend: Ofd }]
)]
#[case::readers_are_not_kept_from_writers(
    broken(&[(WriterKeepsReaderOut, Ofd)]),
    &[ProbeAdvice::ExcludesNobody { backend: Ofd }]
)]
#[case::only_the_protocol(broken(&[(SecondWriterRefused, Ofd)]), &[ProbeAdvice::ProtocolFails])]
#[case::too_much(broken(&[(ReadersShare, Ofd)]), &[ProbeAdvice::RefusesTheCompatible])]
#[case::too_far(broken(&[(NeighboursFree, Ofd)]), &[ProbeAdvice::RefusesTheCompatible])]
#[case::lost_on_close(broken(&[(SurvivesOtherClose, Ofd)]), &[ProbeAdvice::OfdLikePosix])]
#[case::lost_with_the_parent(broken(&[(KeptByChild, Ofd)]), &[ProbeAdvice::OfdLikePosix])]
#[case::stays_after_close(broken(&[(EndsOnClose, Ofd)]), &[ProbeAdvice::Outlives])]
#[case::stays_after_exit(broken(&[(EndsOnExit, Ofd)]), &[ProbeAdvice::Outlives])]
#[case::stays_after_kill(broken(&[(EndsOnKill, Ofd)]), &[ProbeAdvice::Outlives])]
#[case::another_file_by_another_name(broken(&[(MetByHardLink, Ofd)]), &[ProbeAdvice::NamesApart])]
#[case::hidden(broken(&[(Shown, Ofd)]), &[ProbeAdvice::Unseen])]
#[case::the_gravest_three(
    broken(&[
        (Shown, Ofd),
        (MetBySymlink, Ofd),
        (EndsOnKill, Ofd),
        (SurvivesOtherClose, Ofd),
        (WriterKeepsWriterOut, Ofd),
    ]),
    &[ProbeAdvice::ExcludesNobody { backend: Ofd }, ProbeAdvice::OfdLikePosix, ProbeAdvice::Outlives]
)]
fn it_means(#[case] probe: Probe, #[case] expected: &[ProbeAdvice]) {
    assert_eq!(probe_meaning(&probe), expected);
    assert_eq!(probe.holds(), expected == [ProbeAdvice::Fine]);
}

#[rstest]
#[case::the_first_lock(Granted)]
#[case::a_later_call(EndsOnExit)]
fn a_call_that_does_not_return_is_told(#[case] property: Property) {
    let mut probe = fine();
    let silence = || trial(ProbeAnswer::NoAnswer { why: String::new() }, ProbeStanding::Broken);
    set(&mut probe, property, Ofd, silence());
    assert_eq!(probe_meaning(&probe), [ProbeAdvice::Hangs]);
    assert!(!probe.holds());
}

#[test]
fn a_hang_of_the_only_locks_is_told() {
    let mut probe = without(&[(Ofd, "EINVAL")], false);
    let silence = trial(ProbeAnswer::NoAnswer { why: String::new() }, ProbeStanding::Broken);
    set(&mut probe, Granted, Posix, silence);
    assert_eq!(probe_meaning(&probe), [ProbeAdvice::Hangs]);
}

#[test]
fn a_lock_in_the_way_of_the_first_is_an_errno_to_qemu() {
    let mut probe = fine();
    set(&mut probe, Granted, Ofd, trial(ProbeAnswer::No, ProbeStanding::Broken));
    let advice = probe_meaning(&probe);
    assert_eq!(advice, [ProbeAdvice::LockFails { errno: errno("EAGAIN") }]);
    let text = advice[0].sentences();
    assert!(text.contains("byte 100: Resource temporarily unavailable`"), "{text}");
}

#[test]
fn posix_locks_are_looked_at_where_qemu_has_no_others() {
    let mut probe = without(&[(Ofd, "EINVAL")], false);
    set(&mut probe, WriterKeepsWriterOut, Posix, trial(ProbeAnswer::No, ProbeStanding::Broken));
    let expected = [ProbeAdvice::OnlyPosix, ProbeAdvice::ExcludesNobody { backend: Posix }];
    assert_eq!(probe_meaning(&probe), expected);
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
    let mut expected = vec![ProbeAdvice::Fine];
    expected.extend(told.map(|(worst_us, uring)| ProbeAdvice::Late { worst_us, uring }));
    assert_eq!(probe_meaning(&probe), expected);
    assert!(probe.holds());
}

#[test]
fn a_lock_that_never_goes_is_a_fault() {
    let mut probe = fine();
    probe.releases[2].timing = ProbeTiming::NotReleased;
    assert_eq!(probe_meaning(&probe), [ProbeAdvice::Outlives]);
    assert!(!probe.holds());
}

#[test]
fn what_could_not_be_tried_is_no_fault() {
    let mut probe = fine();
    for backend in Backend::ALL {
        let untried = trial(ProbeAnswer::not_tried("no hard links"), ProbeStanding::NotTried);
        set(&mut probe, MetByHardLink, backend, untried);
    }
    probe.releases[2].timing = ProbeTiming::NotTried { why: "no io_uring".to_owned() };
    assert_eq!(probe_meaning(&probe), [ProbeAdvice::Fine]);
    assert!(probe.holds());
}

#[test]
fn data_can_be_read_back() {
    let mut probe = without(&[(Ofd, "EINVAL")], false);
    probe.releases[0].timing = ProbeTiming::NotReleased;
    probe.releases[1].timing = ProbeTiming::NotTried { why: "why".to_owned() };
    let text = serde_json::to_string(&probe).expect("JSON");
    assert_eq!(serde_json::from_str::<Probe>(&text).expect("a probe"), probe);
}

#[rstest]
#[case::this_host(Extent::OnlyThisHost, "nolock", "Locks work only on this host (nolock).")]
#[case::this_mount(
    Extent::OnlyThisMount,
    "overlay",
    "Locks work only through this mount (overlay)."
)]
#[case::this_node(
    Extent::OnlyThisNode,
    "a block device",
    "Locks work only through this node (a block device)."
)]
#[case::unknown(
    Extent::Unknown,
    "9p",
    "Locks work on this host, and perhaps only here: their reach is unknown (9p)."
)]
fn locks_that_do_not_reach_everybody_are_not_fine(
    #[case] extent: Extent,
    #[case] because: &str,
    #[case] says: &str,
) {
    let reach = Reach { extent, because: Some(because.to_owned()), ..local() };
    let [advice] = &probe_meaning(&Probe { reach, ..fine() })[..] else { panic!("one advice") };
    assert!(advice.sentences().starts_with(says), "{}", advice.sentences());
}

/// The lock is granted and the test for a conflict fails: whether locks exclude is then unknown.
#[test]
fn a_call_that_fails_is_not_said_to_let_two_write() {
    let mut probe = fine();
    let failed = || trial(ProbeAnswer::Errno { errno: "EIO".to_owned() }, ProbeStanding::Broken);
    set(&mut probe, SecondWriterRefused, Ofd, failed());
    let advice = probe_meaning(&probe);
    assert_eq!(advice, [ProbeAdvice::TestFails { errno: "EIO".to_owned() }]);
    let quoted = "`Failed to get \"consistent read\" lock: Input/output error`";
    assert!(advice[0].sentences().contains(quoted), "{}", advice[0].sentences());
    let mut probe = fine();
    set(&mut probe, WriterKeepsWriterOut, Ofd, failed());
    assert_eq!(probe_meaning(&probe), [ProbeAdvice::CallFails { errno: "EIO".to_owned() }]);
}

//! Probes made by hand: one of a sound file system, one with every kind of
//! broken answer.

use std::time::Duration;

use imglock_core::Backend::{self, Ofd, Posix};
use imglock_engine::{
    Environment, Probe, ProbeAnswer, ProbeDelays, ProbeEvidence, ProbeMeasurement, ProbeStanding,
    ProbeTiming, ProbeTrial, Property, ReleaseDelay, TimeSpread,
};

use imglock_locks::{Extent, Reach};

use super::{json, write};
use crate::report::samples;

const PATIENCE: Duration = Duration::from_secs(10);

fn evidence(step: &str, outcome: &str, expected: &str) -> ProbeEvidence {
    let expected = (!expected.is_empty()).then(|| expected.to_owned());
    ProbeEvidence { step: step.to_owned(), outcome: outcome.to_owned(), expected }
}

fn trial(answer: ProbeAnswer, standing: ProbeStanding) -> ProbeTrial {
    let evidence = vec![evidence("vm1 open f image=disk.img mode=none", "granted", "")];
    ProbeTrial { answer, standing, evidence }
}

fn release(backend: Backend, uring: bool, [median_us, worst_us]: [u64; 2]) -> ReleaseDelay {
    let after_exit = TimeSpread { median_us, worst_us };
    let from_kill = TimeSpread { median_us: median_us + 212, worst_us: worst_us + 360 };
    ReleaseDelay {
        backend,
        uring,
        timing: ProbeTiming::Measured(ProbeDelays { rounds: 20, from_kill, after_exit }),
    }
}

fn reach(extent: Extent, because: Option<&str>) -> Reach {
    let because = because.map(str::to_owned);
    Reach { extent, file_system: "ext4".to_owned(), source: None, because }
}

fn sound() -> Probe {
    let held = |property: Property, backend| {
        trial(ProbeAnswer::of(property.must_be(backend)), ProbeStanding::Holds)
    };
    let measured = |property| ProbeMeasurement {
        property,
        ofd: held(property, Ofd),
        posix: held(property, Posix),
    };
    Probe {
        path: "/var/lib/libvirt/images".into(),
        reach: reach(Extent::Host, None),
        environment: Environment {
            mount_options: ["errors=remount-ro", "noatime", "rw"].map(str::to_owned).to_vec(),
            ..samples::environment()
        },
        null_has_ofd: true,
        properties: Property::ALL.map(measured).to_vec(),
        releases: vec![
            release(Ofd, false, [27, 310]),
            release(Posix, false, [0, 0]),
            release(Ofd, true, [25_100, 53_200]),
            release(Posix, true, [3, 41]),
        ],
    }
}

/// A probe with every kind of answer.
fn unsound() -> Probe {
    let mut probe = sound();
    let mut set = |property, ofd: ProbeTrial, posix: ProbeTrial| {
        let found = probe.properties.iter_mut().find(|measured| measured.property == property);
        *found.expect("every property is there") = ProbeMeasurement { property, ofd, posix };
    };
    let because = |why: &str, answer: fn(String) -> ProbeAnswer, standing| {
        trial(answer(why.to_owned()), standing)
    };
    let broken =
        |errno: &str| trial(ProbeAnswer::Errno { errno: errno.to_owned() }, ProbeStanding::Broken);
    let intruder = ProbeTrial {
        answer: ProbeAnswer::No,
        standing: ProbeStanding::Broken,
        evidence: vec![
            evidence("vm1 open f image=disk.img mode=none", "granted", ""),
            evidence("vm1 lock f type=write start=10 len=10", "granted", ""),
            evidence("vm2 open f image=disk.img mode=none", "granted", ""),
            evidence("vm2 lock f type=write start=19 len=1", "granted", "EAGAIN"),
        ],
    };
    let sound = trial(ProbeAnswer::Yes, ProbeStanding::Holds);
    set(Property::WriterKeepsWriterOut, intruder, sound);
    let silent = "`vm1 exit` gave no answer within 10s; allow a step more with --timeout";
    set(
        Property::EndsOnExit,
        because(silent, |why| ProbeAnswer::NoAnswer { why }, ProbeStanding::Broken),
        broken("EIO"),
    );
    let no_links = "`host hardlink other.img to=disk.img` gave EPERM";
    let untried =
        || because(no_links, |why| ProbeAnswer::NotTried { why }, ProbeStanding::NotTried);
    set(Property::MetByHardLink, untried(), untried());
    probe.environment.file_system = "fuse.example".to_owned();
    probe.releases[0].timing = ProbeTiming::NotReleased;
    let why =
        "io_uring gave EPERM: kernel.io_uring_disabled is 2: disabled for every process".to_owned();
    probe.releases[2].timing = ProbeTiming::NotTried { why };
    probe
}

fn told(probe: &Probe) -> String {
    let text = samples::written(|out| write(probe, PATIENCE, out));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    text
}

#[test]
fn a_person_reads_that_all_is_well() {
    insta::assert_snapshot!(told(&sound()));
}

#[test]
fn a_person_reads_what_is_not_as_it_must_be() {
    insta::assert_snapshot!(told(&unsound()));
}

#[test]
fn a_person_reads_that_locks_reach_only_this_host() {
    let reach = reach(Extent::OnlyThisHost, Some("local_lock=all"));
    let reach =
        Reach { file_system: "nfs".to_owned(), source: Some("store:/".to_owned()), ..reach };
    insta::assert_snapshot!(told(&Probe { reach, ..sound() }));
}

#[test]
fn one_round_has_one_time() {
    let mut probe = sound();
    probe.releases.truncate(1);
    if let ProbeTiming::Measured(delays) = &mut probe.releases[0].timing {
        delays.rounds = 1;
    }
    let text = told(&probe);
    assert!(text.contains("Time until a lock is released  one round\n"), "{text}");
    assert!(text.contains("  after the SIGKILL                         670 µs"), "{text}");
}

#[test]
fn colours_follow_the_rules_and_not_the_words() {
    let text = samples::coloured(|out| write(&unsound(), PATIENCE, out));
    let line = |label: &str| text.lines().find(|line| line.contains(label)).expect("a line");
    let (red, green, yellow) = ("\u{1b}[1m\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m");
    let refused = line("refused: write against write");
    assert!(refused.contains(&format!("{red}no\u{1b}[0m")), "{refused:?}");
    assert!(refused.contains(&format!("{green}yes\u{1b}[0m")), "{refused:?}");
    let lost = line("kept when a second descriptor closes");
    assert!(lost.contains(&format!("{yellow}no, by rule\u{1b}[0m")), "{lost:?}");
}

#[test]
fn json_holds_everything_of_every_directory() {
    let some = [Property::Granted, Property::WriterKeepsWriterOut, Property::MetByHardLink];
    let mut probes = [sound(), unsound()];
    probes[0].properties.truncate(1);
    probes[0].releases.truncate(1);
    probes[1].properties.retain(|measured| some.contains(&measured.property));
    insta::assert_snapshot!(samples::written(|out| json(&probes, out)));
}

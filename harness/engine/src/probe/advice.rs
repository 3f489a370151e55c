use serde::Serialize;

use super::data::{Probe, ProbeAnswer, ProbeStanding, ProbeTrial};
use super::property::Property;
use super::series::ProbeTiming;
use crate::process::describe;
use imglock_core::{Backend, Errno};
use imglock_locks::{Extent, Reach};

/// The maximum number of consequences to report, most serious first.
const MOST: usize = 3;

/// A lock that remains for at most this long after its holder's death conflicts
/// with no start of QEMU, in microseconds. QEMU's own start takes longer before
/// its first lock (`qemu-io` opens, reads and exits in some 20 ms).
const UNNOTICED_US: u64 = 10_000;

/// A consequence of a probe's results for QEMU in that directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "advice", rename_all = "kebab-case")]
pub enum ProbeAdvice {
    /// OFD locks work, and reach every opener of an image.
    Fine,
    /// OFD locks work among some openers of an image, and not, or perhaps not, among all.
    Limited {
        /// How far they reach.
        reach: Reach,
    },
    /// A call did not return in time.
    Hangs,
    /// Locks are granted, but do not exclude other processes.
    ExcludesNobody {
        /// The lock type.
        backend: Backend,
    },
    /// QEMU uses OFD locks, and the file system does not support them.
    LockFails {
        /// The error of a lock call, by its symbol.
        errno: String,
    },
    /// The kernel has no OFD locks, so QEMU does not lock; POSIX locks work.
    OnlyPosix,
    /// The kernel has no OFD locks, and POSIX locks do not work either.
    NothingWorks {
        /// The error of a POSIX lock call, by its symbol.
        errno: String,
    },
    /// Locks work, and the test for a conflicting lock fails, so QEMU does not start.
    TestFails {
        /// The error of the test, by its symbol.
        errno: String,
    },
    /// A lock is granted at first, and a later lock call fails.
    CallFails {
        /// The error of the lock call, by its symbol.
        errno: String,
    },
    /// Single locks work, but lock bytes that stand for a claim do not.
    ProtocolFails,
    /// A compatible lock is refused.
    RefusesTheCompatible,
    /// OFD locks are lost when another descriptor closes or the parent exits.
    OfdLikePosix,
    /// A lock remains after its holder has exited.
    Outlives,
    /// Each name of a file has its own set of locks.
    NamesApart,
    /// The lock table does not show a lock.
    Unseen,
    /// OFD locks work and POSIX locks do not.
    PosixDiffers,
    /// A lock is released some time after its holder was killed.
    Late {
        /// The longest time after the holder's death, in microseconds.
        worst_us: u64,
        /// Whether only files registered with io_uring were released this late.
        uring: bool,
    },
}

/// The consequences of `probe`, most serious first.
pub fn probe_meaning(probe: &Probe) -> Vec<ProbeAdvice> {
    let of_ofd = match granted(probe, Backend::Ofd) {
        Ok(()) => held_by(probe, Backend::Ofd),
        Err(refused) => vec![without_ofd(probe, refused)],
    };
    let mut advice = match (of_ofd.is_empty(), probe.reach.is_whole()) {
        (true, true) => vec![ProbeAdvice::Fine],
        (true, false) => vec![ProbeAdvice::Limited { reach: probe.reach.clone() }],
        (false, _) => of_ofd,
    };
    match advice.first() {
        Some(ProbeAdvice::Fine | ProbeAdvice::Limited { .. })
            if is_broken(probe, Backend::Posix) =>
        {
            advice.push(ProbeAdvice::PosixDiffers);
        }
        Some(ProbeAdvice::OnlyPosix) => advice.extend(held_by(probe, Backend::Posix)),
        _ => {}
    }
    advice.extend(late(probe));
    advice.truncate(MOST);
    advice
}

/// Whether a lock is granted. The error is the errno, or `None` if no answer
/// came.
fn granted(probe: &Probe, backend: Backend) -> Result<(), Option<String>> {
    match probe.trial(Property::Granted, backend).map(|trial| &trial.answer) {
        Some(ProbeAnswer::Yes) => Ok(()),
        Some(ProbeAnswer::Errno { errno }) => Err(Some(errno.clone())),
        Some(ProbeAnswer::No) => Err(Some("EAGAIN".to_owned())),
        Some(ProbeAnswer::NoAnswer { .. } | ProbeAnswer::NotTried { .. }) | None => Err(None),
    }
}

fn is_broken(probe: &Probe, backend: Backend) -> bool {
    probe.properties.iter().any(|measured| measured.on(backend).standing == ProbeStanding::Broken)
}

/// The faults of locks that are granted.
fn held_by(probe: &Probe, backend: Backend) -> Vec<ProbeAdvice> {
    use Property::*;
    let hangs = |trial: &ProbeTrial| matches!(trial.answer, ProbeAnswer::NoAnswer { .. });
    let broken = |properties: &[Property]| {
        let trials = properties.iter().filter_map(|property| probe.trial(*property, backend));
        // A call that fails says neither that a lock excludes nor that it does not.
        let answered = |trial: &&ProbeTrial| !hangs(trial) && errno(trial).is_none();
        trials.filter(answered).any(|trial| trial.standing == ProbeStanding::Broken)
    };
    let failed = |property: Property| probe.trial(property, backend).and_then(errno);
    let test = failed(SecondWriterRefused).map(|errno| ProbeAdvice::TestFails { errno });
    let call = Property::ALL.into_iter().find_map(failed);
    let call = call.map(|errno| ProbeAdvice::CallFails { errno });
    let outlives = broken(&[EndsOnClose, EndsOnExit, EndsOnKill]);
    let excludes = !broken(&[WriterKeepsWriterOut, WriterKeepsReaderOut, ReaderKeepsWriterOut]);
    let advice = [
        (!excludes, ProbeAdvice::ExcludesNobody { backend }),
        (probe.properties.iter().any(|measured| hangs(measured.on(backend))), ProbeAdvice::Hangs),
        (excludes && broken(&[SecondWriterRefused]), ProbeAdvice::ProtocolFails),
        (broken(&[ReadersShare, NeighboursFree]), ProbeAdvice::RefusesTheCompatible),
        (broken(&[SurvivesOtherClose, KeptByChild]) && backend == Backend::Ofd, {
            ProbeAdvice::OfdLikePosix
        }),
        (outlives || never_released(probe, backend), ProbeAdvice::Outlives),
        (broken(&[MetByHardLink, MetBySymlink, SurvivesUnlink]), ProbeAdvice::NamesApart),
        (broken(&[Shown]), ProbeAdvice::Unseen),
    ];
    let advice = advice.into_iter().filter(|(is_so, _)| *is_so).map(|(_, advice)| advice);
    test.or(call).into_iter().chain(advice).collect()
}

/// The errno of a property whose calls failed.
fn errno(trial: &ProbeTrial) -> Option<String> {
    match &trial.answer {
        ProbeAnswer::Errno { errno } => Some(errno.clone()),
        _ => None,
    }
}

fn never_released(probe: &Probe, backend: Backend) -> bool {
    let never = |timing: &ProbeTiming| *timing == ProbeTiming::NotReleased;
    probe.releases.iter().any(|release| release.backend == backend && never(&release.timing))
}

/// QEMU's behaviour if no OFD lock is granted. It tests /dev/null for OFD locks
/// and applies the answer to every file (`qemu_probe_lock_ops` in
/// util/osdep.c).
fn without_ofd(probe: &Probe, ofd: Option<String>) -> ProbeAdvice {
    match (ofd, granted(probe, Backend::Posix)) {
        (None, _) => ProbeAdvice::Hangs,
        (Some(errno), _) if probe.null_has_ofd => ProbeAdvice::LockFails { errno },
        (Some(_), Ok(())) => ProbeAdvice::OnlyPosix,
        (Some(_), Err(Some(errno))) => ProbeAdvice::NothingWorks { errno },
        (Some(_), Err(None)) => ProbeAdvice::Hangs,
    }
}

/// The longest delay of a release, if it is long enough to conflict with a
/// start.
fn late(probe: &Probe) -> Option<ProbeAdvice> {
    let worst = |uring: bool| {
        let times = probe.releases.iter().filter_map(|release| match release.timing {
            ProbeTiming::Measured(delays) if release.uring == uring => {
                Some(delays.after_exit.worst_us)
            }
            _ => None,
        });
        times.max().filter(|worst_us| *worst_us > UNNOTICED_US)
    };
    let (plain, uring) = (worst(false), worst(true));
    let worst_us = plain.max(uring)?;
    Some(ProbeAdvice::Late { worst_us, uring: plain.is_none() })
}

impl ProbeAdvice {
    /// One to three sentences for the report.
    pub fn sentences(&self) -> String {
        match self {
            ProbeAdvice::Fine => {
                "Fine: `locking=auto`, the default, takes OFD locks here, and they \
                             hold. A second QEMU that wants to write is refused."
                    .to_owned()
            }
            ProbeAdvice::Limited { reach } => format!(
                "{} `locking=auto`, the default, takes OFD locks here, and among these openers they hold. \
                 Ensure by other means that no other opener writes to the same image.",
                limit(reach)
            ),
            ProbeAdvice::Hangs => {
                "A call did not come back in time, and QEMU would wait there without \
                              a word. See whether the file system's server and its lock manager \
                              answer, or allow a step more time."
                    .to_owned()
            }
            ProbeAdvice::ExcludesNobody { backend } => format!(
                "Worse than no locks: {} locks are granted here and do not exclude other processes. \
                 QEMU assumes exclusive use while a second QEMU writes to the same image. Keep \
                 important images elsewhere, or ensure by other means that each has one user.",
                backend.name().to_uppercase()
            ),
            ProbeAdvice::LockFails { errno } => format!(
                "QEMU does not start: `Failed to lock byte 100: {}`, with `locking=auto` and with \
                 `locking=on`, because it uses OFD locks everywhere if /dev/null supports them. \
                 Use `locking=off`, and ensure by other means that an image has one user.",
                in_words(errno)
            ),
            ProbeAdvice::TestFails { errno } => format!(
                "QEMU does not start: `Failed to get \"consistent read\" lock{}`, with `locking=auto` and \
                 with `locking=on`. The lock itself is granted, and the test whether another process has a \
                 conflicting lock fails. Use `locking=off`, and ensure by other means that an image has \
                 one user.",
                // QEMU takes this errno for a conflict.
                if errno == "EACCES" { String::new() } else { format!(": {}", in_words(errno)) }
            ),
            ProbeAdvice::CallFails { errno } => format!(
                "Lock calls fail with {errno} ({}) after a first lock was granted, so QEMU can fail to open \
                 an image that no other process uses.",
                in_words(errno)
            ),
            ProbeAdvice::OnlyPosix => {
                "With `locking=auto`, the default, QEMU locks nothing here and prints no \
                                  warning. `locking=on` falls back to POSIX locks, which QEMU \
                                  loses whenever it closes another descriptor of the image: a \
                                  plain start with -drive is enough."
                    .to_owned()
            }
            ProbeAdvice::NothingWorks { errno } => format!(
                "With `locking=auto`, the default, QEMU locks nothing here and prints no warning; \
                 `locking=on` fails with `Failed to lock byte 100: {}`. Use `locking=off`, and \
                 ensure by other means that an image has one user.",
                in_words(errno)
            ),
            ProbeAdvice::ProtocolFails => {
                "Single locks exclude other processes, but QEMU's lock bytes do not: \
                                      two QEMUs can write to one image."
                    .to_owned()
            }
            ProbeAdvice::RefusesTheCompatible => {
                "Compatible locks are refused: QEMU can fail to open an image that it \
                                             may share."
                    .to_owned()
            }
            ProbeAdvice::OfdLikePosix => {
                "OFD locks behave like POSIX locks here: QEMU loses them when \
                                     it closes another descriptor of the image, and a second \
                                     QEMU can then open it."
                    .to_owned()
            }
            ProbeAdvice::Outlives => {
                "A lock can outlive its holder: the next start is refused with \
                                 `Failed to get \"write\" lock` although no process uses the image."
                    .to_owned()
            }
            ProbeAdvice::NamesApart => {
                "Locks taken under one name of an image do not conflict with locks taken under \
                                   another name: always open an image by the same path."
                    .to_owned()
            }
            ProbeAdvice::Unseen => {
                "/proc/locks does not show locks correctly: lslocks(8) cannot report \
                               the holder of an image."
                    .to_owned()
            }
            ProbeAdvice::PosixDiffers => {
                "POSIX locks do not work correctly. QEMU does not need them here; other \
                                     programs may."
                    .to_owned()
            }
            ProbeAdvice::Late { worst_us, uring } => {
                let time = readable(*worst_us);
                let holder = match uring {
                    true => "a killed process that had registered the image with io_uring",
                    false => "a killed process",
                };
                format!(
                    "The lock of {holder} remained for up to {time} after its death: an immediate \
                     restart may be refused, and succeeds when tried again."
                )
            }
        }
    }
}

/// The conclusion from a limited reach, as a sentence.
fn limit(reach: &Reach) -> String {
    let because = reach.because.as_deref().unwrap_or(&reach.file_system);
    match reach.extent {
        Extent::EveryHost => format!("Locks work on every host ({because})."),
        Extent::Host | Extent::OnlyThisHost => format!("Locks work only on this host ({because})."),
        Extent::OnlyThisMount => format!("Locks work only through this mount ({because})."),
        Extent::OnlyThisNode => format!("Locks work only through this node ({because})."),
        Extent::Unknown => {
            format!(
                "Locks work on this host, and perhaps only here: their reach is unknown ({because})."
            )
        }
    }
}

/// The text of strerror(3).
fn in_words(errno: &str) -> String {
    match errno.parse::<Errno>() {
        Ok(name) => describe(&std::io::Error::from_raw_os_error(name.raw())),
        Err(()) => errno.to_owned(),
    }
}

fn readable(micros: u64) -> String {
    match micros {
        0..1_000_000 => format!("{} ms", micros.div_ceil(1000)),
        _ => format!("{:.1} s", micros as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests;

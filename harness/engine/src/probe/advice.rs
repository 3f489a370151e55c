use serde::Serialize;

use super::data::{Probe, ProbeAnswer, ProbeStanding, ProbeTrial};
use super::property::Property;
use super::series::ProbeTiming;
use crate::process::describe;
use imglock_core::Backend;
use imglock_core::Errno;

/// The most pieces of advice that are given; the gravest come first.
const MOST: usize = 3;

/// A lock that is gone so long after its holder's death is in nobody's way, in
/// microseconds: QEMU's own start takes longer before it locks anything
/// (`qemu-io` opens, reads and exits in some 20 ms).
const UNNOTICED_US: u64 = 10_000;

/// What a probe means for whoever runs QEMU there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "advice", rename_all = "kebab-case")]
pub enum ProbeAdvice {
    /// OFD locks hold.
    Fine,
    /// A call did not return in time.
    Hangs,
    /// Locks are granted, and others are let in all the same.
    ExcludesNobody {
        /// Which kind.
        backend: Backend,
    },
    /// QEMU asks for OFD locks, and the file system has none.
    LockFails {
        /// What the system says, by its symbol.
        errno: String,
    },
    /// The kernel has no OFD locks, so QEMU does not lock; POSIX locks work.
    OnlyPosix,
    /// The kernel has no OFD locks, and POSIX locks do not work either.
    NothingWorks {
        /// What a POSIX lock gives, by its symbol.
        errno: String,
    },
    /// The claim bytes do not do what single locks do.
    ProtocolFails,
    /// Who may have a lock does not get it.
    RefusesTheCompatible,
    /// OFD locks go when another descriptor closes or the parent exits.
    OfdLikePosix,
    /// A lock stays when its holder has gone.
    Outlives,
    /// One file has a set of locks for each of its names.
    NamesApart,
    /// A lock cannot be seen.
    Unseen,
    /// OFD locks hold and POSIX locks do not.
    PosixDiffers,
    /// A lock goes some time after its killed holder.
    Late {
        /// The longest time after the holder's death, in microseconds.
        worst_us: u64,
        /// Whether only files registered with io_uring were so late.
        uring: bool,
    },
}

/// What follows from `probe`, gravest first.
pub fn probe_meaning(probe: &Probe) -> Vec<ProbeAdvice> {
    let of_ofd = match granted(probe, Backend::Ofd) {
        Ok(()) => held_by(probe, Backend::Ofd),
        Err(refused) => vec![without_ofd(probe, refused)],
    };
    let mut advice = if of_ofd.is_empty() { vec![ProbeAdvice::Fine] } else { of_ofd };
    match advice.first() {
        Some(ProbeAdvice::Fine) if is_broken(probe, Backend::Posix) => {
            advice.push(ProbeAdvice::PosixDiffers);
        }
        Some(ProbeAdvice::OnlyPosix) => advice.extend(held_by(probe, Backend::Posix)),
        _ => {}
    }
    advice.extend(late(probe));
    advice.truncate(MOST);
    advice
}

/// Whether a lock is granted; why not is told by its errno, or by none where
/// no answer came.
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

/// What is wrong with locks that are granted.
fn held_by(probe: &Probe, backend: Backend) -> Vec<ProbeAdvice> {
    use Property::*;
    let hangs = |trial: &ProbeTrial| matches!(trial.answer, ProbeAnswer::NoAnswer { .. });
    let broken = |properties: &[Property]| {
        let trials = properties.iter().filter_map(|property| probe.trial(*property, backend));
        trials.filter(|trial| !hangs(trial)).any(|trial| trial.standing == ProbeStanding::Broken)
    };
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
    advice.into_iter().filter(|(is_so, _)| *is_so).map(|(_, advice)| advice).collect()
}

fn never_released(probe: &Probe, backend: Backend) -> bool {
    let never = |timing: &ProbeTiming| *timing == ProbeTiming::NotReleased;
    probe.releases.iter().any(|release| release.backend == backend && never(&release.timing))
}

/// What QEMU does where no OFD lock is granted. It asks /dev/null whether the
/// kernel has them, and believes that of every file.
fn without_ofd(probe: &Probe, ofd: Option<String>) -> ProbeAdvice {
    match (ofd, granted(probe, Backend::Posix)) {
        (None, _) => ProbeAdvice::Hangs,
        (Some(errno), _) if probe.null_has_ofd => ProbeAdvice::LockFails { errno },
        (Some(_), Ok(())) => ProbeAdvice::OnlyPosix,
        (Some(_), Err(Some(errno))) => ProbeAdvice::NothingWorks { errno },
        (Some(_), Err(None)) => ProbeAdvice::Hangs,
    }
}

/// The longest lateness, if anybody could notice it.
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
    /// In one or two sentences.
    pub fn sentences(&self) -> String {
        match self {
            ProbeAdvice::Fine => {
                "Fine: `locking=auto`, the default, takes OFD locks here, and they \
                             hold. A second QEMU that wants to write is refused."
                    .to_owned()
            }
            ProbeAdvice::Hangs => {
                "A call did not come back in time, and QEMU would wait there without \
                              a word. See whether the file system's server and its lock manager \
                              answer, or allow a step more time."
                    .to_owned()
            }
            ProbeAdvice::ExcludesNobody { backend } => format!(
                "Worse than no locks: {} locks are granted here and keep nobody out, so QEMU \
                 believes to be alone while a second one writes to the same image. Keep images \
                 that matter elsewhere, or make sure by other means that each has one user.",
                backend.name().to_uppercase()
            ),
            ProbeAdvice::LockFails { errno } => format!(
                "QEMU does not start: `Failed to lock byte 100: {}`, with `locking=auto` and \
                 `locking=on` alike, because it trusts OFD locks once /dev/null has them. \
                 Use `locking=off`, and make sure by other means that an image has one user.",
                in_words(errno)
            ),
            ProbeAdvice::OnlyPosix => {
                "`locking=auto`, the default, locks nothing here and does not \
                                  say so. `locking=on` falls back to POSIX locks, which QEMU loses \
                                  whenever it closes another descriptor of the image: a plain \
                                  start with -drive is enough."
                    .to_owned()
            }
            ProbeAdvice::NothingWorks { errno } => format!(
                "`locking=auto`, the default, locks nothing here and does not say so; \
                 `locking=on` ends in `Failed to lock byte 100: {}`. Use `locking=off`, and make \
                 sure by other means that an image has one user.",
                in_words(errno)
            ),
            ProbeAdvice::ProtocolFails => {
                "Single locks keep others out, and QEMU's lock bytes do not: \
                                      two QEMUs can write to one image."
                    .to_owned()
            }
            ProbeAdvice::RefusesTheCompatible => {
                "Locks are refused to those who may have them: QEMU \
                                             can fail to open an image that it may share."
                    .to_owned()
            }
            ProbeAdvice::OfdLikePosix => {
                "OFD locks behave like POSIX locks here: QEMU loses them when \
                                     it closes another descriptor of the image, and a second \
                                     QEMU gets in."
                    .to_owned()
            }
            ProbeAdvice::Outlives => {
                "A lock can outlive its holder: the next start is refused with \
                                 `Failed to get \"write\" lock` although nobody is there."
                    .to_owned()
            }
            ProbeAdvice::NamesApart => {
                "One image under two names is two images to its locks: always \
                                   open it by the same path."
                    .to_owned()
            }
            ProbeAdvice::Unseen => {
                "Locks are not shown as they are in /proc/locks: lslocks(8) cannot \
                               say who holds an image."
                    .to_owned()
            }
            ProbeAdvice::PosixDiffers => {
                "POSIX locks are not as they must be. QEMU does not need them \
                                     here; other programs may."
                    .to_owned()
            }
            ProbeAdvice::Late { worst_us, uring } => {
                let time = readable(*worst_us);
                let who =
                    if *uring { "that had registered the image with io_uring was" } else { "was" };
                format!(
                    "The lock of a killed process {who} there for up to {time} after its death: a \
                     restart at once may be refused, and works when tried again."
                )
            }
        }
    }
}

/// As strerror(3) says it.
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

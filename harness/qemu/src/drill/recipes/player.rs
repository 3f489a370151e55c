//! What plays the recipes, and what it is asked to trace.

use crate::drill::{DrillPlace, DrillPlayer};
use crate::qemu::{QemuProgram, QemuVersion};
use imglock_core::{Claim, Permissions};

/// The oldest version that was measured.
pub(super) const FIRST: QemuVersion = QemuVersion::new(7, 2);
/// The first version in which a node can be inactive on request.
pub(super) const TENTH: QemuVersion = QemuVersion::new(10, 0);

pub(super) const SYSTEM: &[DrillPlayer] = &[DrillPlayer::since(QemuProgram::System, FIRST)];
pub(super) const DAEMON: &[DrillPlayer] = &[DrillPlayer::since(QemuProgram::StorageDaemon, FIRST)];
pub(super) const TENTH_DAEMON: &[DrillPlayer] =
    &[DrillPlayer::since(QemuProgram::StorageDaemon, TENTH)];
pub(super) const MONITORED: &[DrillPlayer] = &[
    DrillPlayer::since(QemuProgram::System, FIRST),
    DrillPlayer::since(QemuProgram::StorageDaemon, FIRST),
];
pub(super) const IO: &[DrillPlayer] = &[DrillPlayer::since(QemuProgram::Io, FIRST)];
pub(super) const IMG: &[DrillPlayer] = &[DrillPlayer::since(QemuProgram::Img, FIRST)];

/// The name of the QEMU that plays.
pub(super) const QEMU: &str = "qemu";
/// Makes QEMU print a trace line whenever it passes work to a thread: before it
/// reads a header, truncates or extends. (The event has another name since QEMU
/// 10.)
pub(super) const TRACE_THREADS: &str = "enable=thread_pool_submit*";
/// Makes QEMU print a trace line whenever it begins a request.
pub(super) const TRACE_REQUESTS: &str = "enable=blk_co_*";

/// The QEMU that plays, and the image that shows its locks.
pub(super) const fn on(image: &'static str) -> DrillPlace {
    DrillPlace { actor: QEMU, image }
}

/// The claim with these held and unshared permissions; one bit for each.
pub(super) const fn claim(held: u8, unshared: u8) -> Claim {
    Claim::new(
        Permissions::from_bits_truncate(held),
        Permissions::from_bits_truncate(unshared).complement(),
    )
}

use serde::{Deserialize, Serialize};

use super::{DrillVariant, ImageLocks, LockEffect};
use crate::qemu::QemuBinary;
use imglock_core::{Claim, Mode, Outcome};
use imglock_engine::Message;

/// The events of one drill, in order. It is plain data, and reports are made
/// from it alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillAccount {
    /// The drill's name.
    pub drill: String,
    /// The conditions.
    pub variant: DrillVariant,
    /// The QEMU.
    pub program: QemuBinary,
    /// The events.
    pub entries: Vec<DrillEntry>,
    /// The results of the proofs.
    pub cells: Vec<DrillCell>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillEntry {
    /// The actor: `vm1`, or a tool.
    pub actor: String,
    /// The purpose, in one sentence.
    pub title: String,
    /// The action.
    pub act: DrillAct,
    /// The QMP messages.
    pub messages: Vec<Message>,
    /// The lines that the actor has printed meanwhile.
    pub printed: Vec<String>,
    /// The locks afterwards, for each existing image.
    pub locks: Vec<ImageLocks>,
}

/// The action of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrillAct {
    /// A QEMU was started; contains the equivalent command line for a person.
    Start(Vec<String>),
    /// A program was run to its end.
    Run {
        /// The equivalent command line for a person.
        command: Vec<String>,
        /// Its exit status.
        status: i32,
    },
    /// A QEMU received the command in the messages.
    Tell,
    /// The event in the messages was awaited.
    Await,
    /// A process was killed (SIGKILL).
    Kill,
    /// An observation.
    Note,
    /// A process received another signal, such as `SIGSTOP`.
    Signal(String),
    /// A QEMU ended without a request, with this exit status; 128 plus the
    /// signal number if a signal ended it.
    End(i32),
    /// A second QEMU tried to open an image, and closed it.
    Prove(Outcome),
}

/// One proof: whether an image is protected at a point of the drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillCell {
    /// The image and the time, such as `base.img while the job runs`.
    pub place: String,
    /// The image.
    pub image: String,
    /// The user of the image.
    pub actor: String,
    /// The claim that the user should hold.
    pub stated: Claim,
    /// The claim in the kernel's lock table.
    pub measured: Claim,
    /// The mode in which a second QEMU tried to open the image.
    pub second: Mode,
    /// The outcome of this try.
    pub outcome: Outcome,
    /// The effect; `None` if the lock table and the second opener contradict
    /// each other.
    pub effect: Option<LockEffect>,
}

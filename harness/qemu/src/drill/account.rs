use serde::{Deserialize, Serialize};

use super::{DrillVariant, ImageLocks, LockEffect};
use crate::qemu::QemuBinary;
use imglock_core::Outcome;
use imglock_core::{Claim, Mode};
use imglock_engine::Message;

/// What happened in one drill, in order: plain data, from which everything
/// that is printed is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillAccount {
    /// The drill's name.
    pub drill: String,
    /// Under which conditions.
    pub variant: DrillVariant,
    /// Which QEMU.
    pub program: QemuBinary,
    /// What happened.
    pub entries: Vec<DrillEntry>,
    /// What was proved.
    pub cells: Vec<DrillCell>,
}

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillEntry {
    /// Who was told: `vm1`; or a tool.
    pub actor: String,
    /// Why, in one sentence.
    pub title: String,
    /// What was done.
    pub act: DrillAct,
    /// What was said by QMP.
    pub messages: Vec<Message>,
    /// The lines that the actor has printed meanwhile.
    pub printed: Vec<String>,
    /// The locks afterwards, for each image that there was.
    pub locks: Vec<ImageLocks>,
}

/// What can be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrillAct {
    /// A QEMU was started: the words that a person would type.
    Start(Vec<String>),
    /// A program was run to its end.
    Run {
        /// The words that a person would type.
        command: Vec<String>,
        /// Its exit status.
        status: i32,
    },
    /// A QEMU was told something, which is in the messages.
    Tell,
    /// It was waited for what is in the messages.
    Await,
    /// A process was killed (SIGKILL).
    Kill,
    /// Something was found out.
    Note,
    /// A process was sent another signal, such as `SIGSTOP`.
    Signal(String),
    /// A QEMU ended by itself, with this exit status; 128 and more when a
    /// signal ended it.
    End(i32),
    /// A second QEMU tried to open an image, and gave it back.
    Prove(Outcome),
}

/// One proof: whether an image is protected at a point of the drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillCell {
    /// Which image and when, such as `base.img while the job runs`.
    pub place: String,
    /// The image.
    pub image: String,
    /// Who uses it.
    pub actor: String,
    /// What it should hold there.
    pub stated: Claim,
    /// What the kernel's lock table says that it holds.
    pub measured: Claim,
    /// How a second QEMU tried to open it.
    pub second: Mode,
    /// What came of that.
    pub outcome: Outcome,
    /// What that amounts to; `None` when lock table and second opener
    /// contradict each other.
    pub effect: Option<LockEffect>,
}

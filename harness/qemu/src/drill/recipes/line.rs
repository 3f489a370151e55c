use serde_json::Value;

use super::player::QEMU;
use crate::drill::Lab;
use crate::qemu::{Command, QemuProgram};
use imglock_core::Claim;
use imglock_engine::StepFailure;

/// The command line of a QEMU with a monitor.
#[derive(Debug, Default)]
pub(super) struct Line(Vec<String>);

impl Line {
    /// A block node. The emulator accepts two dashes as well as one.
    pub(super) fn node(node: &Value) -> Line {
        Line::default().and(node)
    }

    /// Words, separated by blanks.
    pub(super) fn of(words: &str) -> Line {
        Line::default().words(words)
    }

    /// Another block node.
    pub(super) fn and(mut self, node: &Value) -> Line {
        self.0.extend(["--blockdev".to_owned(), node.to_string()]);
        self
    }

    /// More words, separated by blanks.
    pub(super) fn words(mut self, words: &str) -> Line {
        self.0.extend(words.split_whitespace().map(str::to_owned));
        self
    }

    /// A `blkdebug` node above `node` that makes this claim on it.
    pub(super) fn claim(self, node: &str, claim: Claim, read_only: bool) -> Line {
        self.and(&Command::add_claim("user", node, claim, read_only).arguments)
    }

    /// An NBD server, and an export of `disk`.
    pub(super) fn nbd(self, writable: bool) -> Line {
        let line = self.words("--nbd-server addr.type=unix,addr.path=nbd.sock --export");
        line.words(&format!("type=nbd,id=export,node-name=disk{}", writing(writable)))
    }

    /// An export of `disk` by vhost-user.
    pub(super) fn vhost_user(self, writable: bool) -> Line {
        let place = "addr.type=unix,addr.path=vhost.sock";
        let export = format!("type=vhost-user-blk,id=export,node-name=disk,{place}");
        self.words(&format!("--export {export}{}", writing(writable)))
    }

    /// Starts the QEMU that plays. When its monitor sends its greeting, the
    /// whole command line has been executed.
    pub(super) fn start(self, lab: &mut Lab<'_>) -> Result<(), StepFailure> {
        let words = self.whole(lab)?;
        lab.start(QEMU, "A QEMU is started", &words)
    }

    /// Starts QEMU so that it blocks in its first message.
    pub(super) fn start_sleepy(self, lab: &mut Lab<'_>) -> Result<(), StepFailure> {
        let words = self.whole(lab)?;
        lab.start_sleepy(QEMU, "A QEMU is started whose standard error is full", &words)
    }

    fn whole(self, lab: &Lab<'_>) -> Result<Vec<String>, StepFailure> {
        let machine = match (lab.program(), std::env::consts::ARCH) {
            (QemuProgram::System, "x86_64") => Line::of("-machine q35"),
            (QemuProgram::System, other) => {
                return Err(StepFailure::Cannot(format!(
                    "the devices are those of a PC, not {other}"
                )));
            }
            _ => Line::default(),
        };
        Ok([machine.0, self.0].concat())
    }
}

fn writing(writable: bool) -> &'static str {
    if writable { ",writable=on" } else { "" }
}

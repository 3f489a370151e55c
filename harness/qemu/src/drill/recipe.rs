use serde::{Deserialize, Serialize};

use super::{DrillAccount, Lab};
use crate::qemu::{QemuBinaries, QemuBinary, QemuProgram, QemuVersion};
use imglock_core::{Claim, Mode, Verdict};
use imglock_engine::StepFailure;

/// One way to bring a real QEMU into a mode and to keep it there.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// The mode.
    pub mode: Mode,
    /// The way, in one phrase.
    pub how: &'static str,
    /// The programs that support it.
    pub players: &'static [DrillPlayer],
    /// The claim that is held instead of the mode's, for a similar case that is
    /// a different mode.
    pub instead: Option<Claim>,
    /// The commands; returns the actor and the image that show the mode.
    pub body: fn(&mut Lab<'_>) -> Result<DrillPlace, StepFailure>,
}

/// A program in a range of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrillPlayer {
    /// The program.
    pub program: QemuProgram,
    /// The first version.
    pub since: QemuVersion,
    /// The first version that is too new, if there is one.
    pub before: Option<QemuVersion>,
}

/// The location of a mode's locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrillPlace {
    /// The actor.
    pub actor: &'static str,
    /// The image.
    pub image: &'static str,
}

/// The result of a recipe with one QEMU, as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModeCheck {
    /// The mode.
    pub mode: Mode,
    /// The way, in one phrase.
    pub how: String,
    /// The QEMU.
    pub program: QemuBinary,
    /// Passed if the kernel's lock bytes are those of the stated claim.
    pub verdict: Verdict,
    /// The reason, in one sentence; empty for a pass.
    pub reason: String,
    /// The expected claim: the mode's, or the one that the recipe states
    /// instead.
    pub stated: Claim,
    /// The claim in the kernel's lock table; `None` if the check did not get
    /// that far.
    pub measured: Option<Claim>,
    /// The events.
    pub account: DrillAccount,
}

impl Recipe {
    pub(super) const fn new(
        mode: Mode,
        how: &'static str,
        players: &'static [DrillPlayer],
        body: fn(&mut Lab<'_>) -> Result<DrillPlace, StepFailure>,
    ) -> Recipe {
        Recipe { mode, how, players, instead: None, body }
    }

    /// The recipe leads to this claim, and not to the mode's.
    pub(super) const fn but(self, instead: Claim) -> Recipe {
        Recipe { instead: Some(instead), ..self }
    }

    /// The expected claim.
    pub fn stated(&self) -> Claim {
        self.instead.unwrap_or(self.mode.claim())
    }

    /// Every QEMU that supports the recipe, the preferred one first.
    pub fn players<'b>(&self, binaries: &'b QemuBinaries) -> Vec<&'b QemuBinary> {
        let of = |player: &DrillPlayer| {
            let player = *player;
            binaries.all(player.program).filter(move |binary| player.is(binary))
        };
        self.players.iter().flat_map(of).collect()
    }
}

impl DrillPlayer {
    /// A program since this version.
    pub const fn since(program: QemuProgram, since: QemuVersion) -> DrillPlayer {
        DrillPlayer { program, since, before: None }
    }

    /// Only before this version.
    pub const fn before(self, version: QemuVersion) -> DrillPlayer {
        DrillPlayer { before: Some(version), ..self }
    }

    /// Whether the binary is this program in a supported version.
    pub fn is(&self, binary: &QemuBinary) -> bool {
        binary.program == self.program
            && binary.version >= self.since
            && self.before.is_none_or(|version| binary.version < version)
    }
}

impl std::fmt::Display for DrillPlayer {
    /// For example `qemu-io 7.2 or newer`, or `qemu-io 7.2, before 8.0`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let DrillPlayer { program, since, before } = self;
        write!(f, "{} {}.{}", program.file_name(), since.major, since.minor)?;
        match before {
            None => f.write_str(" or newer"),
            Some(version) => write!(f, ", before {}.{}", version.major, version.minor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(QemuVersion::new(7, 1), false)]
    #[case(QemuVersion::new(7, 2), true)]
    #[case(QemuVersion { major: 7, minor: 2, micro: 22 }, true)]
    #[case(QemuVersion::new(8, 0), false)]
    fn a_player_has_a_range_of_versions(#[case] version: QemuVersion, #[case] plays: bool) {
        let player = DrillPlayer::since(QemuProgram::Io, QemuVersion::new(7, 2))
            .before(QemuVersion::new(8, 0));
        let path = "/usr/bin/qemu-io".into();
        assert_eq!(player.is(&QemuBinary { program: QemuProgram::Io, path, version }), plays);
    }
}

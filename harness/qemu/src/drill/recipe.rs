use serde::{Deserialize, Serialize};

use super::{DrillAccount, Lab};
use crate::qemu::{QemuBinaries, QemuBinary, QemuProgram, QemuVersion};
use imglock_core::Verdict;
use imglock_core::{Claim, Mode};
use imglock_engine::StepFailure;

/// One way to bring a real QEMU into a mode and to hold it there.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// The mode.
    pub mode: Mode,
    /// How QEMU is asked, in one phrase.
    pub how: &'static str,
    /// Who can be asked that way.
    pub players: &'static [DrillPlayer],
    /// What is locked instead of the mode's bytes, where it looks like the mode
    /// and is another thing.
    pub instead: Option<Claim>,
    /// What is done; gives who shows the mode, and on which image.
    pub body: fn(&mut Lab<'_>) -> Result<DrillPlace, StepFailure>,
}

/// A program in a range of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrillPlayer {
    /// Which program.
    pub program: QemuProgram,
    /// The first version.
    pub since: QemuVersion,
    /// The first version that is too new, if there is one.
    pub before: Option<QemuVersion>,
}

/// Where a mode shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrillPlace {
    /// Who has it.
    pub actor: &'static str,
    /// On which image.
    pub image: &'static str,
}

/// What a recipe came to with one QEMU: plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModeCheck {
    /// The mode.
    pub mode: Mode,
    /// How QEMU was asked.
    pub how: String,
    /// Which QEMU.
    pub program: QemuBinary,
    /// Passed when the kernel's lock bytes are those that are stated.
    pub verdict: Verdict,
    /// Why not, in one sentence; empty for a pass.
    pub reason: String,
    /// What is to be locked: what the mode does, or what the recipe says
    /// instead.
    pub stated: Claim,
    /// What the kernel's lock table said; `None` when it did not come to that.
    pub measured: Option<Claim>,
    /// What happened.
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

    /// It comes to this, and not to what the mode locks.
    pub(super) const fn but(self, instead: Claim) -> Recipe {
        Recipe { instead: Some(instead), ..self }
    }

    /// What is to be locked.
    pub fn stated(&self) -> Claim {
        self.instead.unwrap_or(self.mode.claim())
    }

    /// Every QEMU that can be asked this way, the preferred one first.
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

    /// Whether it is this QEMU.
    pub fn is(&self, binary: &QemuBinary) -> bool {
        binary.program == self.program
            && binary.version >= self.since
            && self.before.is_none_or(|version| binary.version < version)
    }
}

impl std::fmt::Display for DrillPlayer {
    /// Such as `qemu-io 7.2 or newer`, or `qemu-io 7.2, before 8.0`.
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

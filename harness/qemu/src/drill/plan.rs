use super::{DrillExpected, DrillVariant, Lab, LockEffect};
use crate::qemu::{QemuBinaries, QemuBinary, QemuProgram, QemuVersion};
use imglock_engine::StepFailure;

/// A sequence of QEMU's own commands, and its effects on locks.
#[derive(Debug, Clone, Copy)]
pub struct Drill {
    /// Its name, such as `hotplug`.
    pub name: &'static str,
    /// The tested commands, such as `blockdev-add`, `blockdev-del`.
    pub commands: &'static str,
    /// The effect, in one sentence.
    pub summary: &'static str,
    /// The reason, in a few sentences.
    pub about: &'static str,
    /// How to avoid the effect.
    pub safe: &'static str,
    /// The programs that support these commands, the preferred one first, each
    /// with its first version.
    pub players: &'static [(QemuProgram, QemuVersion)],
    /// Conditions that do not apply to it, each with the reason.
    pub unable: &'static [(DrillVariant, &'static str)],
    /// The expected effect on each image at each proof.
    pub expected: &'static [DrillExpected],
    /// The commands.
    pub body: fn(&mut Lab<'_>) -> Result<(), StepFailure>,
}

impl Drill {
    /// Every QEMU that supports these commands, the preferred one first.
    pub fn players<'b>(&self, binaries: &'b QemuBinaries) -> impl Iterator<Item = &'b QemuBinary> {
        let of = |(program, since): &(QemuProgram, QemuVersion)| {
            let (program, since) = (*program, *since);
            binaries.all(program).filter(move |binary| binary.version >= since)
        };
        self.players.iter().flat_map(of).collect::<Vec<_>>().into_iter()
    }

    /// The preferred QEMU that supports these commands.
    ///
    /// # Errors
    /// The supported programs, if none of them is installed.
    pub fn player<'b>(&self, binaries: &'b QemuBinaries) -> Result<&'b QemuBinary, String> {
        let name = |(program, since): &(QemuProgram, QemuVersion)| {
            format!("{} {}.{} or newer", program.file_name(), since.major, since.minor)
        };
        self.players(binaries).next().ok_or_else(|| {
            let names: Vec<String> = self.players.iter().map(name).collect();
            format!("{} needs {}, and none is installed", self.name, names.join(" or "))
        })
    }

    /// The reason why these conditions do not apply; `None` if they do.
    pub fn inability(&self, variant: DrillVariant) -> Option<&'static str> {
        self.unable.iter().find(|(other, _)| *other == variant).map(|(_, why)| *why)
    }

    /// The conditions with the most damage: those where the drill itself loses
    /// locks; OFD locks if there are none.
    pub fn worst(&self) -> DrillVariant {
        // Locks that return, even in part, are not the drill's subject.
        let loses = |variant: &DrillVariant| {
            let effects = self.expected.iter().rev().map(|one| one.on(*variant));
            effects
                .take_while(|effect| *effect != LockEffect::Weakens)
                .any(|one| one == LockEffect::Loses)
        };
        // The first condition with a loss, so that most locks remain until the
        // drill's own commands lose them.
        let losing =
            DrillVariant::ALL.into_iter().filter(|one| self.inability(*one).is_none()).find(loses);
        losing.unwrap_or(DrillVariant::ALL[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAYERS: &[(QemuProgram, QemuVersion)] = &[
        (QemuProgram::System, QemuVersion::new(7, 2)),
        (QemuProgram::Io, QemuVersion::new(10, 0)),
    ];

    fn drill(expected: &'static [DrillExpected]) -> Drill {
        Drill {
            name: "drill",
            commands: "",
            summary: "",
            about: "",
            safe: "",
            players: PLAYERS,
            unable: &[],
            expected,
            body: |_| Ok(()),
        }
    }

    const LOST: &[DrillExpected] =
        &[DrillExpected::posix("a", LockEffect::Loses, LockEffect::Loses)];
    const LOST_AUTO: &[DrillExpected] =
        &[DrillExpected::posix("a", LockEffect::Keeps, LockEffect::Loses)];
    const LOST_INLINE: &[DrillExpected] =
        &[DrillExpected::posix("a", LockEffect::Keeps, LockEffect::Keeps)
            .inline(LockEffect::Loses)];
    const OPEN: &[DrillExpected] = &[DrillExpected::always("a", LockEffect::Open)];

    #[rstest::rstest]
    #[case::at_once(LOST, "posix, read-write")]
    #[case::auto(LOST_AUTO, "posix, auto-read-only")]
    #[case::inline(LOST_INLINE, "posix, inline")]
    #[case::never(OPEN, "ofd, read-write")]
    fn the_worst_conditions_are_the_first_that_lose(
        #[case] expected: &'static [DrillExpected],
        #[case] worst: &str,
    ) {
        assert_eq!(drill(expected).worst().to_string(), worst);
    }

    #[test]
    fn who_is_too_old_or_another_program_cannot_play() {
        let binary = |program, version| QemuBinary { program, path: "/q".into(), version };
        let drill = drill(&[]);
        let found: QemuBinaries = [
            binary(QemuProgram::Io, QemuVersion::new(7, 2)),
            binary(QemuProgram::Io, QemuVersion::new(10, 0)),
            binary(QemuProgram::StorageDaemon, QemuVersion::new(10, 0)),
            binary(QemuProgram::System, QemuVersion::new(6, 2)),
            binary(QemuProgram::System, QemuVersion::new(7, 2)),
        ]
        .into_iter()
        .collect();
        let players: Vec<String> = drill.players(&found).map(QemuBinary::to_string).collect();
        let system = format!("{} 7.2.0", QemuProgram::System.file_name());
        assert_eq!(players, [system.as_str(), "qemu-io 10.0.0"]);
        let missing = drill.player(&QemuBinaries::default()).expect_err("no program is installed");
        assert!(missing.contains("qemu-io 10.0 or newer"), "{missing}");
    }
}

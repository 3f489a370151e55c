use super::{Effect, FileNode, Lab, Variant};
use crate::qemu::{Binaries, Binary, Program, Version};
use imglock_core::lock::Backend;
use imglock_engine::subject::StepFailure;

/// A sequence of QEMU's own commands, and what becomes of the locks.
#[derive(Debug, Clone, Copy)]
pub struct Drill {
    /// Its name, such as `hotplug`.
    pub name: &'static str,
    /// The commands that it is about, such as `blockdev-add`, `blockdev-del`.
    pub commands: &'static str,
    /// What happens, in one sentence.
    pub summary: &'static str,
    /// Why, in a few sentences.
    pub about: &'static str,
    /// What to do so that it does not happen.
    pub safe: &'static str,
    /// Who can be told these commands, the preferred one first, each since a
    /// version.
    pub players: &'static [(Program, Version)],
    /// Conditions that make no sense for it, each with the reason.
    pub unable: &'static [(Variant, &'static str)],
    /// What becomes of each image at each point where it is looked.
    pub expected: &'static [Expected],
    /// The commands.
    pub body: fn(&mut Lab<'_>) -> Result<(), StepFailure>,
}

/// What must come of one proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Which image and when: the place of the proof.
    pub place: &'static str,
    /// With OFD locks, however the image is opened.
    pub ofd: Effect,
    /// With POSIX locks, on a node that is read-write for life.
    pub fixed: Effect,
    /// With POSIX locks, on a node that is auto-read-only.
    pub auto: Effect,
    /// With POSIX locks, on a node that is written into its format node.
    pub inline: Effect,
}

impl Expected {
    /// With OFD locks it keeps what it must hold; with POSIX locks this, and
    /// where the node is inline the same as where it is read-write.
    pub const fn posix(place: &'static str, fixed: Effect, auto: Effect) -> Expected {
        Expected { place, ofd: Effect::Keeps, fixed, auto, inline: fixed }
    }

    /// The same whatever the conditions are.
    pub const fn always(place: &'static str, effect: Effect) -> Expected {
        Expected { place, ofd: effect, fixed: effect, auto: effect, inline: effect }
    }

    /// With OFD locks this.
    #[must_use]
    pub const fn ofd(self, ofd: Effect) -> Expected {
        Expected { ofd, ..self }
    }

    /// With POSIX locks on an inline node this.
    #[must_use]
    pub const fn inline(self, inline: Effect) -> Expected {
        Expected { inline, ..self }
    }

    /// What must come of it under these conditions.
    pub fn on(&self, variant: Variant) -> Effect {
        match (variant.backend, variant.node) {
            (Backend::Ofd, _) => self.ofd,
            (Backend::Posix, FileNode::ReadWrite) => self.fixed,
            (Backend::Posix, FileNode::AutoReadOnly) => self.auto,
            (Backend::Posix, FileNode::Inline) => self.inline,
        }
    }
}

impl Drill {
    /// Every QEMU that can be told these commands, the preferred one first.
    pub fn players<'b>(&self, binaries: &'b Binaries) -> impl Iterator<Item = &'b Binary> {
        let of = |(program, since): &(Program, Version)| {
            let (program, since) = (*program, *since);
            binaries.all(program).filter(move |binary| binary.version >= since)
        };
        self.players.iter().flat_map(of).collect::<Vec<_>>().into_iter()
    }

    /// The preferred QEMU that can be told these commands.
    ///
    /// # Errors
    /// Which ones could, when there is none.
    pub fn player<'b>(&self, binaries: &'b Binaries) -> Result<&'b Binary, String> {
        let name = |(program, since): &(Program, Version)| {
            format!("{} {}.{} or newer", program.file_name(), since.major, since.minor)
        };
        self.players(binaries).next().ok_or_else(|| {
            let names: Vec<String> = self.players.iter().map(name).collect();
            format!("{} takes {}, and there is none", self.name, names.join(" or "))
        })
    }

    /// Why it makes no sense under these conditions, if it does not.
    pub fn inability(&self, variant: Variant) -> Option<&'static str> {
        self.unable.iter().find(|(other, _)| *other == variant).map(|(_, why)| *why)
    }

    /// The conditions under which most goes wrong: where locks are lost that
    /// the drill itself loses; with OFD locks where none are.
    pub fn worst(&self) -> Variant {
        // What comes back, if only in part, is not what the drill is about.
        let loses = |variant: &Variant| {
            let effects = self.expected.iter().rev().map(|one| one.on(*variant));
            effects.take_while(|effect| *effect != Effect::Weakens).any(|one| one == Effect::Loses)
        };
        // The first of those that lose, so that as much as possible is kept
        // until the drill's own commands lose it.
        let losing =
            Variant::ALL.into_iter().filter(|one| self.inability(*one).is_none()).find(loses);
        losing.unwrap_or(Variant::ALL[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAYERS: &[(Program, Version)] =
        &[(Program::System, Version::new(7, 2)), (Program::Io, Version::new(10, 0))];

    fn drill(expected: &'static [Expected]) -> Drill {
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

    const LOST: &[Expected] = &[Expected::posix("a", Effect::Loses, Effect::Loses)];
    const LOST_AUTO: &[Expected] = &[Expected::posix("a", Effect::Keeps, Effect::Loses)];
    const LOST_INLINE: &[Expected] =
        &[Expected::posix("a", Effect::Keeps, Effect::Keeps).inline(Effect::Loses)];
    const OPEN: &[Expected] = &[Expected::always("a", Effect::Open)];

    #[rstest::rstest]
    #[case::at_once(LOST, "posix, read-write")]
    #[case::auto(LOST_AUTO, "posix, auto-read-only")]
    #[case::inline(LOST_INLINE, "posix, inline")]
    #[case::never(OPEN, "ofd, read-write")]
    fn the_worst_conditions_are_the_first_that_lose(
        #[case] expected: &'static [Expected],
        #[case] worst: &str,
    ) {
        assert_eq!(drill(expected).worst().to_string(), worst);
    }

    #[test]
    fn who_is_too_old_or_another_program_cannot_play() {
        let binary = |program, version| Binary { program, path: "/q".into(), version };
        let drill = drill(&[]);
        let found: Binaries = [
            binary(Program::Io, Version::new(7, 2)),
            binary(Program::Io, Version::new(10, 0)),
            binary(Program::StorageDaemon, Version::new(10, 0)),
            binary(Program::System, Version::new(6, 2)),
            binary(Program::System, Version::new(7, 2)),
        ]
        .into_iter()
        .collect();
        let players: Vec<String> = drill.players(&found).map(Binary::to_string).collect();
        let system = format!("{} 7.2.0", Program::System.file_name());
        assert_eq!(players, [system.as_str(), "qemu-io 10.0.0"]);
        let nobody = drill.player(&Binaries::default()).expect_err("nobody is there");
        assert!(nobody.contains("qemu-io 10.0 or newer"), "{nobody}");
    }
}

//! Proofs with a second QEMU.

use std::time::{Duration, Instant};

use super::Lab;
use crate::drill::account::{DrillAct, DrillCell};
use crate::drill::effect::LockEffect;
use crate::drill::intruder::Intruder;
use imglock_core::{Mode, Outcome};
use imglock_engine::StepFailure;

/// The time limit for a block graph to settle after a job.
const SETTLING: Duration = Duration::from_secs(5);

/// The claim of a proof: an actor holds the locks that it should, and they
/// exclude a second opener.
#[derive(Debug, Clone, Copy)]
pub struct DrillProof<'a> {
    /// The image and the time, such as `base.img while the job runs`.
    pub place: &'static str,
    /// The user of the image.
    pub actor: &'a str,
    /// The image.
    pub image: &'a str,
    /// The claim that the user should hold.
    pub holds: Mode,
    /// The mode in which a second QEMU tries to open the image.
    pub second: Mode,
}

impl Lab<'_> {
    /// Proves that an actor protects an image as a read-write user must.
    pub fn prove(
        &mut self,
        place: &'static str,
        actor: &str,
        image: &str,
        holds: Mode,
    ) -> Result<(), StepFailure> {
        self.prove_against(DrillProof { place, actor, image, holds, second: Mode::Rw })
    }

    /// As [`Lab::prove`], after a job: QEMU's graph may settle a moment after
    /// the end of the job, so the lab waits for the expected effect.
    pub fn prove_settled(
        &mut self,
        place: &'static str,
        actor: &str,
        image: &str,
        holds: Mode,
    ) -> Result<(), StepFailure> {
        let expected = self.expected.iter().find(|one| one.place == place);
        let expected = expected.map(|one| one.on(self.variant()));
        let deadline = Instant::now() + SETTLING;
        loop {
            let complete = self.claim_of(actor, image)? == holds.claim();
            if complete != matches!(expected, Some(LockEffect::Loses | LockEffect::Weakens))
                || Instant::now() > deadline
            {
                return self.prove(place, actor, image, holds);
            }
            std::thread::yield_now();
        }
    }

    /// Proves whether an actor excludes a second QEMU from an image.
    pub fn prove_against(&mut self, proof: DrillProof<'_>) -> Result<(), StepFailure> {
        let DrillProof { place, actor, image, holds, second } = proof;
        let measured = self.claim_of(actor, image)?;
        let stated = holds.claim();
        let outcome = self.intrude(image, second)?;
        self.account.cells.push(DrillCell {
            place: place.to_owned(),
            image: image.to_owned(),
            actor: actor.to_owned(),
            stated,
            measured,
            second,
            effect: LockEffect::of(stated, measured, second.claim(), outcome == Outcome::Granted),
            outcome,
        });
        Ok(())
    }

    /// Opens and closes an image with a second QEMU.
    fn intrude(&mut self, image: &str, mode: Mode) -> Result<Outcome, StepFailure> {
        const SECOND: &str = "second";
        if self.intruder.is_none() {
            self.intruder = Some(Intruder::default());
            let arguments = Intruder::arguments(self.program());
            self.start(SECOND, "Another QEMU is started on the same host", &arguments)?;
        }
        let deadline = self.deadline();
        let program = self.program();
        let mut intruder = self.intruder.take().unwrap_or_default();
        let outcome = intruder.open(&mut self.machine(SECOND)?.qmp, program, image, mode, deadline);
        // The locks of this event are those while the second QEMU has the image
        // open.
        let title = format!("It opens {image} (mode {mode})");
        let act = match &outcome {
            Ok(outcome) => DrillAct::Prove(outcome.clone()),
            Err(_) => DrillAct::Tell,
        };
        self.enter(SECOND, &title, act)?;
        let granted =
            *outcome.as_ref().map_or(&Outcome::NotOpen, |outcome| outcome) == Outcome::Granted;
        if granted {
            intruder.close(&mut self.machine(SECOND)?.qmp, program, deadline)?;
            self.enter(SECOND, &format!("It closes {image}"), DrillAct::Tell)?;
        }
        self.intruder = Some(intruder);
        outcome
    }
}

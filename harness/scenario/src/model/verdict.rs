use super::attempt::Call;
use super::process::Place;
use super::world::World;
use imglock_core::{Access, ByteRange, Errno, Outcome};

/// The outcome of `calls`, and the number of calls that decide it.
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    pub(super) made: usize,
}

impl World {
    /// Finds the first of `calls` that fails at `place` in the current state. Locks of the same owner do
    /// not conflict, so the earlier calls do not affect it.
    pub(super) fn verdict(&self, place: Place, calls: &[Call]) -> Verdict {
        for (before, call) in calls.iter().enumerate() {
            let (byte, kind) = call.asks();
            let foreign = self.locks_of(place.file).is_some_and(|table| {
                table.obstructed(&[place.owner], kind, ByteRange::new(byte, byte))
            });
            let outcome = match call {
                Call::Lock(byte) if place.access == Access::WriteOnly => {
                    Outcome::LockByte { byte: *byte, error: Errno::EBADF }
                }
                Call::Lock(byte) if foreign => {
                    Outcome::LockByte { byte: *byte, error: Errno::EAGAIN }
                }
                Call::Test(_, refusal) if foreign => Outcome::Refused(*refusal),
                _ => continue,
            };
            return Verdict { outcome, made: before + 1 };
        }
        Verdict { outcome: Outcome::Granted, made: calls.len() }
    }

    /// The verdict, unless the pause comes first.
    pub(super) fn attempt(
        &self,
        place: Place,
        calls: &[Call],
        pause_after: Option<u32>,
    ) -> Outcome {
        let verdict = self.verdict(place, calls);
        match pause_after {
            Some(halt) if (halt as usize) < verdict.made => Outcome::Paused,
            _ => verdict.outcome,
        }
    }
}

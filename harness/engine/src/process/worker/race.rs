//! A worker's part in a race: rounds that it runs together with other workers,
//! without the command.

use nix::errno::Errno;
use std::os::fd::{AsFd, OwnedFd, RawFd};

use super::node::NodeWork;
use crate::arena::{Answered, Arena, Jitter, Ledger, Left, RaceBatch, RaceEntry};
use crate::process::next::failed;
use crate::process::planted::Planted;
use crate::process::release::monotonic;
use crate::raw::numbered;
use imglock_core::{Access, Claim, Outcome};

/// Runs a batch of rounds in the memory that came with the request. An
/// abandoned batch ends normally: the memory has its entries so far.
pub(super) fn race(batch: &RaceBatch, planted: &Planted, memory: Vec<OwnedFd>) -> Outcome {
    let Some(memory) = memory.into_iter().next() else { return failed(Errno::EMFILE) };
    let arena = match Arena::open(memory.as_fd(), batch.openers) {
        Ok(arena) => arena,
        Err(errno) => return failed(Errno::from_raw(errno.raw_os_error())),
    };
    let barrier = arena.barrier();
    for index in 0..batch.rounds {
        match barrier.wait(batch.patience) {
            Ok(()) => {}
            Err(Left::Abandoned) => break,
            Err(Left::Late) => {
                barrier.abandon();
                return failed(Errno::ETIMEDOUT);
            }
        }
        let round = batch.first + index as u64;
        let (claim, jitter) = batch.part(round);
        let entry = Turn { batch, planted, arena: &arena, round, claim, jitter }.take();
        arena.enter(batch.opener, index, round, &entry);
    }
    Outcome::Done
}

/// One opener's turn in one round.
struct Turn<'a> {
    batch: &'a RaceBatch,
    planted: &'a Planted,
    arena: &'a Arena,
    round: u64,
    claim: Claim,
    jitter: Jitter,
}

impl Turn<'_> {
    /// Opens the image as any node is opened. A granted opener proves its claim
    /// and closes the image again.
    fn take(mut self) -> RaceEntry {
        let RaceBatch { path, backend, .. } = self.batch;
        let (claim, access) = (self.claim, Access::needed_by(self.claim));
        self.jitter.pass();
        let attempt_ns = now_ns();
        let before = &mut || self.jitter.pass();
        let mut nodes = NodeWork { planted: self.planted, before };
        let opened = nodes.open(path, access, true, Some(*backend), claim);
        let answer_ns = now_ns();
        let answered = answered(&opened.outcome);
        let mut entry = RaceEntry { attempt_ns, answer_ns, answered, ..RaceEntry::default() };
        if let Some(node) = opened.node
            && let Err(errno) = self.stay(node.fd, &mut entry)
        {
            entry.answered = Answered::Failed(errno as i32);
        }
        entry
    }

    fn stay(&mut self, fd: RawFd, entry: &mut RaceEntry) -> Result<(), Errno> {
        let me = self.batch.opener;
        let claims = self.arena.claims();
        claims.publish(me, self.claim);
        entry.against_entering = claims.against(me, self.claim);
        let proved = self.prove(fd, entry);
        entry.against_leaving = claims.against(me, self.claim);
        claims.withdraw(me);
        let from_ns = now_ns();
        self.planted.close(fd)?;
        entry.closed = Some((from_ns, now_ns()));
        proved
    }

    fn prove(&mut self, fd: RawFd, entry: &mut RaceEntry) -> Result<(), Errno> {
        let image = numbered(fd).ok_or(Errno::EBADF)?;
        let mut ledger = Ledger::new(image, self.claim);
        let stamp = self.round << 8 | self.batch.opener as u64;
        entry.counted_from = ledger.arrive(stamp, &mut self.jitter)?;
        self.jitter.pass();
        entry.changed = ledger.has_changed()?;
        Ok(())
    }
}

fn answered(outcome: &Outcome) -> Answered {
    match outcome {
        Outcome::Granted => Answered::Granted,
        Outcome::Refused(refusal) => Answered::Refused(*refusal),
        Outcome::LockByte { byte, error } => Answered::LockByte { byte: *byte, errno: error.raw() },
        Outcome::Failed(error) => Answered::Failed(error.raw()),
        _ => Answered::Nothing,
    }
}

fn now_ns() -> u64 {
    u64::try_from(monotonic().as_nanos()).unwrap_or(u64::MAX)
}

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;

use super::claims::STRIDE;
use super::entry::{RaceEntry, WORDS};
use super::{Barrier, Claims};
use crate::raw::{SharedMemory, shared_memory};

/// Sets of openers are 64-bit numbers.
pub const MOST_OPENERS: usize = 64;

/// The cells of the barrier, each in a cache line of its own.
const ARRIVED: usize = 0;
const GENERATION: usize = 16;

/// The shared memory of one batch.
#[derive(Debug)]
pub struct Arena {
    memory: SharedMemory,
    openers: usize,
    rounds: usize,
}

impl Arena {
    /// Makes memory for batches of up to `rounds` rounds with `openers`
    /// openers. Returns it with the descriptor that shares it with other
    /// processes.
    ///
    /// # Errors
    /// When there is no memory or no descriptor left.
    pub fn create(openers: usize, rounds: usize) -> Result<(Arena, OwnedFd), Errno> {
        let openers = openers.min(MOST_OPENERS);
        let descriptor = shared_memory("imglock-race", openers * (STRIDE + rounds * WORDS))?;
        let arena = Arena { memory: SharedMemory::map(&descriptor)?, openers, rounds };
        Ok((arena, descriptor))
    }

    /// Maps memory that [`Arena::create`] made for `openers` openers.
    ///
    /// # Errors
    /// `EINVAL` for any other descriptor.
    pub fn open(descriptor: BorrowedFd<'_>, openers: usize) -> Result<Arena, Errno> {
        let memory = SharedMemory::map(descriptor.as_fd())?;
        let words = memory.words().len();
        if !(1..=MOST_OPENERS).contains(&openers) || words < openers * STRIDE {
            return Err(Errno::INVAL);
        }
        let rounds = (words - openers * STRIDE) / (openers * WORDS);
        Ok(Arena { memory, openers, rounds })
    }

    /// The most rounds of a batch.
    pub fn rounds(&self) -> usize {
        self.rounds
    }

    /// The barrier of the openers.
    pub fn barrier(&self) -> Barrier<'_> {
        let cells = self.memory.cells();
        Barrier::new(&cells[ARRIVED], &cells[GENERATION], self.openers)
    }

    /// The claims that the openers believe to hold.
    pub fn claims(&self) -> Claims<'_> {
        Claims::new(&self.memory.words()[..self.openers * STRIDE])
    }

    /// Records an opener's entry. `index` is the round's index in the batch,
    /// `round` its number in the race.
    pub fn enter(&self, opener: usize, index: usize, round: u64, entry: &RaceEntry) {
        if let Some(place) = self.place(opener, index) {
            entry.write(place, round);
        }
    }

    /// An opener's entry of a round; `None` when it did not come that far.
    pub fn entry(&self, opener: usize, index: usize, round: u64) -> Option<RaceEntry> {
        RaceEntry::read(self.place(opener, index)?, round)
    }

    fn place(&self, opener: usize, index: usize) -> Option<&[std::sync::atomic::AtomicU64]> {
        if opener >= self.openers || index >= self.rounds {
            return None;
        }
        let from = self.openers * STRIDE + (opener * self.rounds + index) * WORDS;
        self.memory.words().get(from..from + WORDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_one_are_read_by_another_and_do_not_overlap() {
        let (here, descriptor) = Arena::create(3, 5).expect("memory");
        let there = Arena::open(descriptor.as_fd(), 3).expect("the same");
        assert_eq!((here.rounds(), there.rounds()), (5, 5));
        let entry = |opener: usize, index: usize| RaceEntry {
            attempt_ns: (opener * 10 + index) as u64,
            ..RaceEntry::default()
        };
        let all = || (0..3).flat_map(|opener| (0..5).map(move |index| (opener, index)));
        for (opener, index) in all() {
            there.enter(opener, index, index as u64 + 7, &entry(opener, index));
        }
        for (opener, index) in all() {
            let read = here.entry(opener, index, index as u64 + 7);
            assert_eq!(read, Some(entry(opener, index)));
        }
        assert_eq!(here.entry(0, 5, 12), None);
        assert_eq!(here.entry(3, 0, 7), None);
    }
}

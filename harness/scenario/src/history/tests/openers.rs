//! Openers that use QEMU's protocol on a lock table in memory, interleaved call by call, and the
//! history that they write.

use crate::history::{HistoryOpener, OpenAnswer, Opening, OpeningEnd};
use crate::model::TableLocks;
use imglock_core::{Backend, Blocker, ByteLocks, Claim, LockError, LockType, RangeSpec};
use imglock_locks::{AcquireError, ByteClaims};

/// The answer to one call.
#[derive(Debug, Clone)]
enum Answered {
    Set(Result<(), LockError>),
    Test(Result<Option<Blocker>, LockError>),
}

/// Lets a protocol make one more call than before.
///
/// A protocol cannot be interrupted, but it repeats its calls if it receives the same answers. So it
/// is started again for each call: recorded calls are answered from the record, one more call is
/// made, and later calls are not made and do not count.
struct OneCallMore<'a> {
    locks: &'a mut TableLocks,
    record: &'a mut Vec<Answered>,
    next: usize,
    is_over: bool,
    was_stopped: bool,
}

impl OneCallMore<'_> {
    fn answer(&mut self, call: impl FnOnce(&mut TableLocks) -> Answered) -> Option<Answered> {
        if self.next == self.record.len() {
            if self.is_over {
                self.was_stopped = true;
                return None;
            }
            self.is_over = true;
            self.record.push(call(self.locks));
        }
        self.next += 1;
        Some(self.record[self.next - 1].clone())
    }

    fn set(
        &mut self,
        call: impl FnOnce(&mut TableLocks) -> Result<(), LockError>,
    ) -> Result<(), LockError> {
        match self.answer(|locks| Answered::Set(call(locks))) {
            Some(Answered::Set(answer)) => answer,
            Some(Answered::Test(_)) => panic!("a different call than in the record"),
            None => Err(LockError::Interrupted),
        }
    }
}

impl ByteLocks for OneCallMore<'_> {
    fn set(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError> {
        self.set(|locks| locks.set(kind, range))
    }

    fn set_wait(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError> {
        self.set(|locks| locks.set_wait(kind, range))
    }

    fn unlock(&mut self, range: RangeSpec) -> Result<(), LockError> {
        self.set(|locks| locks.unlock(range))
    }

    fn test(&mut self, kind: LockType, range: RangeSpec) -> Result<Option<Blocker>, LockError> {
        match self.answer(|locks| Answered::Test(locks.test(kind, range))) {
            Some(Answered::Test(answer)) => answer,
            Some(Answered::Set(_)) => panic!("a different call than in the record"),
            None => Err(LockError::Interrupted),
        }
    }
}

/// The next action of an opener.
#[derive(Debug)]
enum Stage {
    Away,
    Locking {
        locks: TableLocks,
        record: Vec<Answered>,
    },
    /// Refused, with its descriptor still open.
    Leaving {
        locks: TableLocks,
        answer: OpenAnswer,
    },
    Has {
        locks: TableLocks,
    },
    /// It has recorded that it is about to close the image.
    Closing {
        locks: TableLocks,
    },
    /// It has closed the image.
    Closed,
}

/// All openers of one image, and their history.
#[derive(Debug)]
pub struct HistoryImage {
    double: TableLocks,
    processes: Vec<TableLocks>,
    seats: Vec<(usize, Stage)>,
    pub openers: Vec<HistoryOpener>,
    pub stays: Vec<Opening>,
    /// The current opening of each opener.
    current: Vec<usize>,
    now: u64,
}

/// The next turn of an opener.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// The opener.
    pub opener: usize,
    /// Its claim, if it is about to open the image.
    pub claim: Claim,
    /// Whether it keeps the image that it has.
    pub stays: bool,
    /// Whether its process dies instead.
    pub dies: bool,
    /// The time since the previous turn.
    pub later_ns: u64,
}

impl HistoryImage {
    /// One opener for each number, which is its process.
    pub fn new(backend: Backend, processes: &[usize]) -> HistoryImage {
        let double = TableLocks::new(backend);
        let count = processes.iter().max().map_or(0, |most| most + 1);
        let opener = |(index, process): (usize, &usize)| HistoryOpener {
            name: format!("o{index}"),
            process: format!("p{process}"),
        };
        HistoryImage {
            processes: (0..count).map(|_| double.in_another_process()).collect(),
            double,
            seats: processes.iter().map(|process| (*process, Stage::Away)).collect(),
            openers: processes.iter().enumerate().map(opener).collect(),
            stays: Vec::new(),
            current: vec![usize::MAX; processes.len()],
            now: 0,
        }
    }

    /// Makes the next call of one opener, or records what it is about to do.
    pub fn turn(&mut self, turn: Turn) {
        let Turn { opener, claim, stays, dies, later_ns } = turn;
        self.now += later_ns;
        if dies {
            return self.die(self.seats[opener].0);
        }
        let stage = std::mem::replace(&mut self.seats[opener].1, Stage::Away);
        self.seats[opener].1 = match stage {
            Stage::Away => {
                self.current[opener] = self.stays.len();
                let attempt_ns = self.now;
                self.stays.push(Opening { opener, claim, attempt_ns, answer: None, end: None });
                let process = &self.processes[self.seats[opener].0];
                Stage::Locking { locks: process.in_the_same_process(), record: Vec::new() }
            }
            Stage::Locking { locks, record } => self.lock(opener, locks, record),
            Stage::Leaving { locks, answer } => {
                locks.close();
                self.answer(opener, answer);
                Stage::Away
            }
            Stage::Has { locks } if stays => Stage::Has { locks },
            Stage::Has { locks } => {
                self.end(opener, OpeningEnd::Closed { from_ns: self.now, until_ns: u64::MAX });
                Stage::Closing { locks }
            }
            Stage::Closing { locks } => {
                locks.close();
                Stage::Closed
            }
            Stage::Closed => {
                let stay = &mut self.stays[self.current[opener]];
                let from_ns = stay.end.expect("it is closing").from_ns();
                stay.end = Some(OpeningEnd::Closed { from_ns, until_ns: self.now });
                Stage::Away
            }
        };
    }

    /// Finishes everything that was started.
    pub fn finish(&mut self) {
        for opener in 0..self.seats.len() {
            while !matches!(self.seats[opener].1, Stage::Away) {
                let claim = Claim::NOTHING;
                let turn = Turn { opener, claim, stays: false, dies: false, later_ns: 10 };
                self.turn(turn);
            }
        }
        assert_eq!(self.double.held(), [], "a lock is left");
    }

    fn lock(&mut self, opener: usize, mut locks: TableLocks, mut record: Vec<Answered>) -> Stage {
        let claim = self.stays[self.current[opener]].claim;
        let mut one_call_more = OneCallMore {
            locks: &mut locks,
            record: &mut record,
            next: 0,
            is_over: false,
            was_stopped: false,
        };
        let result = ByteClaims::default().change(&mut one_call_more, claim);
        let was_stopped = one_call_more.was_stopped;
        match result {
            _ if was_stopped => Stage::Locking { locks, record },
            Ok(()) => {
                self.answer(opener, OpenAnswer::Granted);
                Stage::Has { locks }
            }
            Err(AcquireError::Refused(refusal)) => {
                Stage::Leaving { locks, answer: OpenAnswer::Refused(Some(refusal)) }
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn answer(&mut self, opener: usize, answer: OpenAnswer) {
        self.stays[self.current[opener]].answer = Some((self.now, answer));
    }

    fn end(&mut self, opener: usize, end: OpeningEnd) {
        self.stays[self.current[opener]].end = Some(end);
    }

    /// The death of a whole process, which is seen a moment later.
    fn die(&mut self, process: usize) {
        let from_ns = self.now;
        for opener in 0..self.seats.len() {
            if self.seats[opener].0 != process {
                continue;
            }
            let until_ns = from_ns + 5;
            let stage = std::mem::replace(&mut self.seats[opener].1, Stage::Away);
            let end = match stage {
                Stage::Away => continue,
                Stage::Locking { locks, .. }
                | Stage::Leaving { locks, .. }
                | Stage::Has { locks } => {
                    locks.close();
                    OpeningEnd::Died { from_ns, until_ns }
                }
                Stage::Closing { locks } => {
                    locks.close();
                    self.closes(opener, until_ns)
                }
                Stage::Closed => self.closes(opener, until_ns),
            };
            self.end(opener, end);
        }
        self.now += 5;
    }

    fn closes(&self, opener: usize, until_ns: u64) -> OpeningEnd {
        let stay = &self.stays[self.current[opener]];
        OpeningEnd::Closed { from_ns: stay.end.expect("it is closing").from_ns(), until_ns }
    }
}

use imglock_core::{Backend, ByteLocks, ByteRange, Errno, LockError, LockType, RangeSpec};

use super::{Answer, ByteAnswers, ForeignLock, Inquiry, InquiryGap, Manner, lock_bytes};

/// The most questions of one walk. Each lock takes at most two; a file with more locks than this is
/// not walked to its end.
const MOST_QUESTIONS: usize = 8192;

/// The whole file.
const WHOLE: ByteRange = ByteRange { first: 0, last: ByteRange::EOF };
/// The range that a Ceph client reports for a lock on the whole file. Ceph's length of such a lock is
/// 0, and the client computes the last byte from it (`ceph_lock_message`, fs/ceph/locks.c).
const CEPHS_WHOLE: ByteRange = ByteRange { first: 0, last: 0 };

/// Asks about QEMU's lock bytes, each with both types of lock, and then about the whole file unless
/// `manner` is sparing.
///
/// `locks`, of kind `backend`, must belong to a descriptor without locks of its own: locks of the same
/// owner never conflict.
pub(crate) fn inquire(locks: &mut dyn ByteLocks, backend: Backend, manner: Manner) -> Inquiry {
    let mut walk = Walk { locks, left: MOST_QUESTIONS, gap: None };
    let bytes = lock_bytes()
        .map(|byte| {
            let range = ByteRange::new(byte, byte);
            let read = walk.answer(LockType::Read, range);
            ByteAnswers { byte, read, write: walk.answer(LockType::Write, range) }
        })
        .collect();
    let mut met = Vec::new();
    if manner == Manner::Sparing {
        walk.leave_gap(InquiryGap::LockBytesOnly);
    } else {
        // A write lock conflicts with every lock. The second walk finds write locks that lie behind
        // read locks: the kernel reports one of all that conflict.
        walk.over(LockType::Write, &mut met);
        walk.over(LockType::Read, &mut met);
    }
    // A lock on byte 0 beside one on the whole file is the same one if the server is Ceph's.
    let whole: Vec<LockType> =
        met.iter().filter(|lock| lock.range == WHOLE).map(|lock| lock.kind).collect();
    met.retain(|lock| lock.range != CEPHS_WHOLE || !whole.contains(&lock.kind));
    met.sort_unstable_by_key(|lock| (lock.range, lock.kind, lock.pid, lock.exact));
    met.dedup();
    Inquiry { backend, bytes, met, gap: walk.gap }
}

struct Walk<'a> {
    locks: &'a mut dyn ByteLocks,
    left: usize,
    gap: Option<InquiryGap>,
}

impl Walk<'_> {
    /// The first gap counts.
    fn leave_gap(&mut self, gap: InquiryGap) {
        self.gap.get_or_insert(gap);
    }

    fn answer(&mut self, kind: LockType, range: ByteRange) -> Answer {
        let answer = self.asked(kind, range);
        if let Answer::Failed(errno) = answer {
            self.leave_gap(InquiryGap::Failed(errno));
        }
        answer
    }

    fn asked(&mut self, kind: LockType, range: ByteRange) -> Answer {
        match self.locks.test(kind, spec(range)) {
            Ok(None) => Answer::Free,
            Ok(Some(blocker)) if blocker.range.overlaps(range) => {
                Answer::Conflict(ForeignLock::from(blocker))
            }
            Ok(Some(blocker)) if blocker.range == CEPHS_WHOLE => {
                Answer::Conflict(ForeignLock { range: WHOLE, ..ForeignLock::from(blocker) })
            }
            // Such a server makes no sense, and nothing follows from its answer.
            Ok(Some(_)) => Answer::Failed(Errno::EPROTO),
            Err(LockError::WouldBlock { blocker }) => match blocker {
                Some(blocker) => Answer::Conflict(ForeignLock::from(blocker)),
                None => Answer::Conflict(ForeignLock { kind, range, exact: false, pid: None }),
            },
            Err(error) => Answer::Failed(error.errno()),
        }
    }

    /// The locks that conflict with a lock of type `kind`, which are added to `met`.
    ///
    /// The kernel keeps its locks by owner, so its answer need not be the first one in the file: the
    /// bytes before and behind an answer are asked for too.
    fn over(&mut self, kind: LockType, met: &mut Vec<ForeignLock>) {
        let mut open = vec![WHOLE];
        while let Some(range) = open.pop() {
            if self.left == 0 {
                return self.leave_gap(InquiryGap::ManyLocks);
            }
            self.left -= 1;
            let mut lock = match self.answer(kind, range) {
                Answer::Free => continue,
                Answer::Failed(_) => return,
                Answer::Conflict(lock) => lock,
            };
            if lock.range == range && range.first < range.last {
                lock.exact = self.is_exact(kind, lock);
            }
            let (first, last) = (lock.range.first, lock.range.last);
            met.push(lock);
            if range.first < first {
                open.push(ByteRange::new(range.first, first - 1));
            }
            if last < range.last {
                open.push(ByteRange::new(last + 1, range.last));
            }
        }
    }

    /// Returns whether an answer that repeats the range of the question is the range of a lock: then
    /// a question for its first byte has the same answer.
    fn is_exact(&mut self, kind: LockType, lock: ForeignLock) -> bool {
        let first = ByteRange::new(lock.range.first, lock.range.first);
        matches!(self.answer(kind, first), Answer::Conflict(again) if again.range == lock.range)
    }
}

fn spec(range: ByteRange) -> RangeSpec {
    let len = if range.last == ByteRange::EOF { 0 } else { range.last - range.first + 1 };
    RangeSpec::at(range.first, len)
}

#[cfg(test)]
mod tests;

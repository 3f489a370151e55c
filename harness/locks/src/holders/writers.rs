use std::collections::BTreeSet;

use super::SurveyedImage;
use imglock_core::{LockType, Permission, Permissions, held_byte};

/// The number of owners that hold `write` and have no process in common. A process that has the
/// image open twice, and a child that shares its parent's descriptions, are one writer.
///
/// The owner of an unexplained lock is in no known process, so each of these locks counts, and so does
/// a holder that this host cannot name. Of the clients of a file server, each lock has an owner of its
/// own.
pub(super) fn independent_writers(image: &SurveyedImage) -> usize {
    let byte = held_byte(Permission::Write);
    let served = image.served.iter().flat_map(|served| &served.locks);
    let unknown = image.unexplained.iter().map(|one| &one.lock).chain(served).filter(|lock| {
        let on_byte = (lock.range.first..=lock.range.last).contains(&byte);
        lock.class.backend().is_some() && lock.kind == Some(LockType::Read) && on_byte
    });
    let mut known: BTreeSet<i32> = BTreeSet::new();
    let hidden = image.hidden.iter().filter(|hidden| hidden.locks_byte(byte));
    let mut writers = unknown.count() + hidden.count();
    for holder in &image.holders {
        if !holder.claim().is_some_and(|claim| claim.held.contains(Permissions::WRITE)) {
            continue;
        }
        let pids: Vec<i32> = holder.processes.iter().map(|process| process.pid).collect();
        writers += usize::from(pids.iter().all(|pid| !known.contains(pid)));
        known.extend(pids);
    }
    writers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::ForeignLock;
    use crate::holders::{
        HiddenHolder, Holder, HolderOwner, HolderProcess, OwnedLock, UnexplainedLock,
    };
    use crate::lock_table::LockClass;
    use imglock_core::{ByteRange, Mode, lock_bytes};

    fn lock(class: LockClass, byte: i64) -> OwnedLock {
        OwnedLock { class, kind: Some(LockType::Read), range: ByteRange::new(byte, byte) }
    }

    fn holder(mode: Mode, pids: &[i32]) -> Holder {
        let process = |pid: &i32| HolderProcess::of_pid(*pid);
        Holder {
            owner: HolderOwner::Description,
            guessed: false,
            processes: pids.iter().map(process).collect(),
            locks: lock_bytes(mode.claim())
                .into_iter()
                .map(|byte| lock(LockClass::Ofd, byte))
                .collect(),
        }
    }

    fn image(holders: Vec<Holder>, unexplained: &[OwnedLock]) -> SurveyedImage {
        let unexplained = unexplained.iter().map(|lock| UnexplainedLock {
            lock: *lock,
            process: None,
            likely: Vec::new(),
            could_be: Vec::new(),
        });
        let unexplained = unexplained.collect();
        SurveyedImage { holders, unexplained, ..SurveyedImage::unlocked_sample() }
    }

    #[rstest::rstest]
    #[case::guests("share-rw 1; share-rw 2", 2)]
    #[case::tools("tool-rw 1; tool-rw 2; tool-rw 3", 3)]
    #[case::a_reader_beside("share-rw 1; force-share 2", 1)]
    #[case::one_process_twice("share-rw 1; share-rw 1", 1)]
    #[case::a_child_that_shares("share-rw 1; share-rw 1 2", 1)]
    #[case::readers("ro 1; ro 2", 0)]
    fn processes_that_share_nothing_are_independent(#[case] holders: &str, #[case] writers: usize) {
        let one = |text: &str| {
            let (mode, pids) = text.split_once(' ').expect("a mode and pids");
            let pids: Vec<i32> = pids.split(' ').map(|pid| pid.parse().expect("a pid")).collect();
            holder(mode.parse().expect("a mode"), &pids)
        };
        let holders = holders.split("; ").map(one).collect();
        assert_eq!(independent_writers(&image(holders, &[])), writers);
    }

    #[test]
    fn an_unknown_owner_of_the_write_byte_is_a_writer() {
        let known = || vec![holder(Mode::ShareRw, &[1])];
        for (lock, writers) in [
            (lock(LockClass::Ofd, 101), 2),
            (lock(LockClass::Ofd, 100), 1),
            (lock(LockClass::Lease, 101), 1),
            (OwnedLock { kind: Some(LockType::Write), ..lock(LockClass::Ofd, 101) }, 1),
            (OwnedLock { range: ByteRange::new(100, 101), ..lock(LockClass::Ofd, 101) }, 2),
        ] {
            assert_eq!(independent_writers(&image(known(), &[lock])), writers, "{lock:?}");
        }
        let range = ByteRange::new(101, 101);
        let elsewhere = ForeignLock { kind: LockType::Read, range, exact: true, pid: None };
        let (processes, could_be) = (Vec::new(), Vec::new());
        let hidden =
            HiddenHolder { locks: vec![elsewhere], beside: Vec::new(), processes, could_be };
        let image = SurveyedImage { hidden: Some(hidden), ..image(known(), &[]) };
        assert_eq!(independent_writers(&image), 2);
    }
}

use std::sync::mpsc::{Receiver, channel};

use super::*;
use imglock_core::LockType::{Read, Write};

const FILE: INodeNo = INodeNo(5);
const ALL: ByteRange = ByteRange::new(0, 9);

/// A thread that is never sent a signal: the test's own.
fn asker(owner: u64) -> Asker {
    let thread = rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned();
    Asker { file: FILE, handle: owner, owner: Owner::Numbered(owner), pid: 7, thread }
}

fn desk(locks: FuseLocks) -> LockDesk {
    LockDesk::open(locks).expect("a thread")
}

type Answers = Receiver<(u64, Result<(), Errno>)>;

/// Asks for a lock; the answer comes with the owner's number.
fn ask(desk: &LockDesk, asker: Asker, kind: LockType, wait: bool) -> Answers {
    let (sender, answers) = channel();
    let Owner::Numbered(owner) = asker.owner else {
        panic!("an owner that is gone asks for a lock")
    };
    let reply = move |answer| sender.send((owner, answer)).expect("a receiver");
    desk.lock(asker, kind, ALL, wait, Box::new(reply));
    answers
}

fn answer(answers: &Answers) -> Option<Result<(), Errno>> {
    answers.try_recv().ok().map(|(_, answer)| answer)
}

#[test]
fn who_does_not_wait_is_answered_at_once() {
    let desk = desk(FuseLocks::Served);
    assert_eq!(answer(&ask(&desk, asker(1), Write, false)), Some(Ok(())));
    assert_eq!(answer(&ask(&desk, asker(2), Read, false)), Some(Err(Errno::AGAIN)));
    assert_eq!(desk.test(asker(2), Read, ALL).map(|held| held.owner), Some(asker(1).owner));
    desk.unlock(asker(1), ALL);
    assert_eq!(desk.test(asker(2), Read, ALL), None);
    assert!(!desk.has_locks(FILE));
}

#[test]
fn who_waits_is_answered_once_nobody_is_in_the_way() {
    let desk = desk(FuseLocks::Served);
    ask(&desk, asker(1), Write, false);
    let [writer, reader, late] = [(2, Write), (3, Read), (4, Read)]
        .map(|(owner, kind)| ask(&desk, asker(owner), kind, true));
    assert_eq!([answer(&writer), answer(&reader), answer(&late)], [None; 3]);
    desk.flush(FILE, asker(1).owner);
    assert_eq!([answer(&writer), answer(&reader), answer(&late)], [Some(Ok(())), None, None]);
    // After a downgrade a read lock is granted.
    ask(&desk, asker(2), Read, false);
    assert_eq!([answer(&reader), answer(&late)], [Some(Ok(())); 2]);
}

#[test]
fn who_is_gone_while_it_waits_is_answered_all_the_same() {
    let desk = desk(FuseLocks::Served);
    ask(&desk, asker(1), Write, false);
    let mut child = std::process::Command::new("true").spawn().expect("a process");
    let thread = child.id();
    child.wait().expect("its end");
    let answers = ask(&desk, Asker { thread, ..asker(2) }, Read, true);
    let answer = answers.recv_timeout(Duration::from_secs(10));
    assert_eq!(answer.expect("an answer in time"), (2, Err(Errno::INTR)));
    // Its request has left the queue.
    desk.unlock(asker(1), ALL);
    assert_eq!(desk.test(asker(3), Write, ALL), None);
}

#[rstest::rstest]
#[case(FuseLocks::Served, true)]
#[case(FuseLocks::ServedByNumber, true)]
#[case(FuseLocks::ServedByHandle, false)]
fn what_a_handle_had_stays_or_goes(#[case] locks: FuseLocks, #[case] stays: bool) {
    let desk = desk(locks);
    ask(&desk, asker(1), Write, false);
    desk.release(FILE, 1);
    assert_eq!(answer(&ask(&desk, asker(2), Write, false)) == Some(Err(Errno::AGAIN)), stays);
    let same_number = answer(&ask(&desk, Asker { handle: 2, ..asker(1) }, Write, false));
    let is_taken_for_the_same = same_number == Some(Ok(()));
    assert_eq!(is_taken_for_the_same, locks == FuseLocks::ServedByNumber);
    desk.forget(FILE);
    assert!(!desk.has_locks(FILE));
}

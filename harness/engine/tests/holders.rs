//! Surveys of real locks, and their predictions for an open, compared with the
//! hand-written matrix and with real attempts.

use std::fs::{File, OpenOptions};
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;
use std::time::{Duration, Instant};

use imglock_core::{Backend, ByteLocks, ByteRange, Claim, LockType, Mode, Outcome, RangeSpec};
use imglock_locks::{
    AcquireError, ByteClaims, Danger, Forecast, HolderOwner, HoldersAnswer, KernelLocks, LockClass,
    LockProtocol, Obstacle, SurveyError, SurveyedImage, survey, would_grant,
};
use imglock_scenario::ModeMatrix;
use rstest::rstest;
use rustix::fs::inotify;

const MATRIX: &str = include_str!("../../../scenarios/matrix.kdl");

fn image() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    file.as_file().set_len(1 << 20).expect("a length");
    file
}

fn open(path: &Path) -> File {
    OpenOptions::new().read(true).write(true).open(path).expect("the image")
}

fn seen(path: &Path) -> SurveyedImage {
    let mut survey = survey(&[path]).expect("a survey");
    assert!(survey.settled);
    survey.images.remove(0)
}

/// The result of a real open, through another description.
fn attempt(path: &Path, claim: Claim) -> Option<Obstacle> {
    let file = open(path);
    let mut locks = KernelLocks::new(file.as_fd(), Backend::Ofd);
    match ByteClaims::default().change(&mut locks, claim) {
        Ok(()) => None,
        Err(AcquireError::Refused(refusal)) => Some(Obstacle::Permission(refusal)),
        Err(AcquireError::LockByte { byte, .. }) => Some(Obstacle::LockByte(byte)),
        Err(error @ AcquireError::Test { .. }) => panic!("{error}"),
    }
}

/// The conflict that an answer predicts.
fn predicted(answer: &HoldersAnswer) -> Option<Obstacle> {
    match answer.forecast {
        Forecast::Granted => None,
        Forecast::Refused(obstacle) => Some(obstacle),
        other => panic!("{other:?}"),
    }
}

/// The result that the matrix states.
fn stated(outcome: Outcome) -> Option<Obstacle> {
    match outcome {
        Outcome::Granted => None,
        Outcome::Refused(refusal) => Some(Obstacle::Permission(refusal)),
        other => panic!("the matrix says {other}"),
    }
}

#[rstest]
#[case(Backend::Ofd, HolderOwner::Description)]
#[case(Backend::Posix, HolderOwner::Table)]
fn every_mode_that_is_held_gives_the_answers_of_the_matrix(
    #[case] backend: Backend,
    #[case] owner: HolderOwner,
) {
    let matrix = ModeMatrix::parse("matrix.kdl", MATRIX).expect("the matrix");
    let image = image();
    for &held in Mode::ALL {
        let file = open(image.path());
        let mut locks = KernelLocks::new(file.as_fd(), backend);
        ByteClaims::default().change(&mut locks, held.claim()).expect("no conflicting lock");
        let seen = seen(image.path());
        if held.claim() == Claim::NOTHING {
            assert!(!seen.is_held(), "{held}: {seen:?}");
        } else {
            let [holder] = &seen.holders[..] else { panic!("{held}: {seen:?}") };
            assert_eq!(holder.owner, owner);
            assert!(holder.modes().contains(&held), "{held}: {:?}", holder.modes());
            assert!(holder.modes().iter().all(|mode| mode.claim() == held.claim()));
            assert_eq!(holder.protocol(seen.size), LockProtocol::Qemu);
            assert_eq!(holder.processes[0].pid, std::process::id() as i32);
            assert_eq!(holder.processes[0].fds, [file.as_raw_fd()]);
        }
        for &asked in Mode::ALL {
            let answer = would_grant(&seen, asked.claim());
            let expected = stated(matrix.cell(held, asked));
            assert_eq!(predicted(&answer), expected, "{held} held, {asked} asked");
            assert_eq!(answer.holders.is_empty(), expected.is_none(), "{held} held, {asked} asked");
            assert!(!answer.by_unknown(), "{answer:?}");
        }
    }
}

/// Locks of other programs, and two locks as QEMU takes them.
#[rstest]
#[case::whole_file("write 0-eof", Some("Failed to lock byte 100"))]
#[case::whole_image("write 0-1048575", Some("Failed to lock byte 100"))]
#[case::on_a_byte("write 101", Some("Failed to lock byte 101"))]
#[case::on_an_unshared_byte("write 201", Some("Failed to lock byte 201"))]
#[case::whole_file_to_read("read 0-eof", Some("Failed to get \"consistent read\" lock"))]
#[case::up_to_the_lock_bytes("write 0-99", None)]
#[case::between_the_lock_bytes("write 104-199", None)]
#[case::behind_the_lock_bytes("write 204-eof", None)]
#[case::like_a_reader("read 100", None)]
#[case::like_one_who_unshares("read 201", Some("Failed to get \"write\" lock"))]
fn foreign_locks_give_the_answer_that_trying_gives(
    #[case] lock: &str,
    #[case] writer_told: Option<&str>,
    #[values(Backend::Ofd, Backend::Posix)] backend: Backend,
) {
    let image = image();
    let file = open(image.path());
    let (kind, range) = lock.split_once(' ').expect("kind and range");
    let range: ByteRange = range.parse().expect("a range");
    let len = if range.last == ByteRange::EOF { 0 } else { range.last - range.first + 1 };
    let mut locks = KernelLocks::new(file.as_fd(), backend);
    let kind: LockType = kind.parse().expect("a kind");
    locks.set(kind, RangeSpec::at(range.first, len)).expect("no conflicting lock");

    let seen = seen(image.path());
    let told =
        predicted(&would_grant(&seen, Mode::Rw.claim())).map(|obstacle| obstacle.to_string());
    assert_eq!(told.as_deref(), writer_told);
    // An attempt closes a descriptor of this process, which drops POSIX locks.
    // So all predictions come before the first attempt.
    let answers: Vec<_> = Mode::ALL.iter().map(|mode| would_grant(&seen, mode.claim())).collect();
    for (mode, answer) in Mode::ALL.iter().zip(answers) {
        if backend == Backend::Posix {
            locks.set(kind, RangeSpec::at(range.first, len)).expect("no conflicting lock");
        }
        assert_eq!(predicted(&answer), attempt(image.path(), mode.claim()), "{lock}, {mode}");
    }
}

#[test]
fn a_flock_keeps_nobody_out_and_is_a_danger() {
    let image = image();
    let file = open(image.path());
    file.lock().expect("no conflicting lock");
    let exclusive = seen(image.path());
    let [holder] = &exclusive.holders[..] else { panic!("{exclusive:?}") };
    assert_eq!(holder.classes(), [LockClass::Flock]);
    assert_eq!(holder.locks[0].kind, Some(LockType::Write));
    assert_eq!(holder.protocol(exclusive.size), LockProtocol::Flock);
    assert_eq!((holder.claim(), holder.modes()), (None, Vec::new()));
    for mode in Mode::ALL {
        assert!(would_grant(&exclusive, mode.claim()).is_granted(), "{mode}");
        assert_eq!(attempt(image.path(), mode.claim()), None, "{mode}");
    }
    assert_eq!(exclusive.dangers(), [Danger::FlockUnseen]);

    file.unlock().expect("the lock is this file's");
    file.lock_shared().expect("no conflicting lock");
    assert_eq!(seen(image.path()).holders[0].locks[0].kind, Some(LockType::Read));
    let writer = open(image.path());
    let mut locks = KernelLocks::new(writer.as_fd(), Backend::Ofd);
    ByteClaims::default()
        .change(&mut locks, Mode::Rw.claim())
        .expect("flock(2) locks do not conflict");
    assert_eq!(seen(image.path()).dangers(), [Danger::TwoProtocols, Danger::FlockUnseen]);
}

#[test]
fn one_description_with_several_kinds_of_lock_is_one_holder() {
    let image = image();
    let file = open(image.path());
    let copy = file.try_clone().expect("a copy");
    file.lock().expect("no conflicting lock");
    let mut locks = KernelLocks::new(file.as_fd(), Backend::Ofd);
    locks.set(LockType::Read, RangeSpec::byte(100)).expect("no conflicting lock");
    let seen = seen(image.path());
    let [holder] = &seen.holders[..] else { panic!("{seen:?}") };
    assert_eq!(holder.classes(), [LockClass::Ofd, LockClass::Flock]);
    assert_eq!(holder.protocol(seen.size), LockProtocol::Mixed);
    let mut fds = [file.as_raw_fd(), copy.as_raw_fd()];
    fds.sort_unstable();
    assert_eq!(holder.processes[0].fds, fds);
}

/// Only kcmp(2) can tell which two of three descriptors share a description.
#[test]
fn two_descriptions_with_the_same_locks_are_two_holders() {
    let image = image();
    let files = [open(image.path()), open(image.path())];
    let copy = files[1].try_clone().expect("a copy");
    for file in &files {
        let mut locks = KernelLocks::new(file.as_fd(), Backend::Ofd);
        locks.set(LockType::Read, RangeSpec::byte(100)).expect("readers get along");
    }
    let seen = seen(image.path());
    let mut fds: Vec<_> =
        seen.holders.iter().map(|holder| holder.processes[0].fds.clone()).collect();
    fds.sort_unstable_by_key(Vec::len);
    let mut shared = vec![files[1].as_raw_fd(), copy.as_raw_fd()];
    shared.sort_unstable();
    assert_eq!(fds, [vec![files[0].as_raw_fd()], shared]);
    assert!(seen.holders.iter().all(|holder| !holder.guessed));
}

/// A descriptor in flight belongs to no process; its locks stay.
#[test]
fn a_lock_that_no_descriptor_explains_is_reported_as_such() {
    use std::io::IoSlice;

    use nix::sys::socket::{
        AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, sendmsg, socketpair,
    };

    let image = image();
    let file = open(image.path());
    let mut locks = KernelLocks::new(file.as_fd(), Backend::Ofd);
    ByteClaims::default().change(&mut locks, Mode::Rw.claim()).expect("no conflicting lock");
    let (ours, _theirs) =
        socketpair(AddressFamily::Unix, SockType::Datagram, None, SockFlag::empty())
            .expect("a socket pair");
    let fds = [file.as_raw_fd()];
    let message = [ControlMessage::ScmRights(&fds)];
    let bytes = [IoSlice::new(b"x")];
    sendmsg::<()>(ours.as_raw_fd(), &bytes, &message, MsgFlags::empty(), None).expect("sent");
    drop(file);

    let seen = seen(image.path());
    assert_eq!(seen.holders, []);
    let ranges: Vec<String> =
        seen.unexplained.iter().map(|one| one.lock.range.to_string()).collect();
    assert_eq!(ranges, ["100-101", "201"]);
    assert!(seen.unexplained.iter().all(|one| one.could_be.len() >= 3), "{seen:?}");
    let refused = would_grant(&seen, Mode::Rw.claim());
    assert_eq!(predicted(&refused), attempt(image.path(), Mode::Rw.claim()));
    assert_eq!((refused.holders, refused.unexplained), (Vec::new(), vec![0, 1]));
}

/// The kernel answers questions about locks only through a descriptor that is open for reading. Such
/// a descriptor cannot change the image.
#[test]
fn a_survey_only_opens_the_image_for_reading() {
    let image = image();
    let file = open(image.path());
    let mut locks = KernelLocks::new(file.as_fd(), Backend::Ofd);
    locks.set(LockType::Write, RangeSpec::at(0, 0)).expect("no conflicting lock");
    let events = inotify::init(inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC)
        .expect("inotify");
    let all = inotify::WatchFlags::ALL_EVENTS;
    inotify::add_watch(&events, image.path(), all).expect("a watch");
    assert_eq!(seen(image.path()).holders.len(), 1);
    let happened = || {
        let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(&events, &mut buffer);
        let mut happened = inotify::ReadFlags::empty();
        while let Ok(event) = reader.next() {
            happened |= event.events();
        }
        happened
    };
    let (opened, closed) = (inotify::ReadFlags::OPEN, inotify::ReadFlags::CLOSE_NOWRITE);
    assert_eq!(happened(), opened | closed);
    // The watch reports a descriptor that is open for writing.
    drop(open(image.path()));
    assert!(happened().contains(inotify::ReadFlags::CLOSE_WRITE));
}

/// A program that links the crate may hold the image with POSIX locks. Closing any descriptor of
/// the image would drop them.
#[test]
fn a_survey_drops_no_posix_lock_of_its_own_process() {
    let image = image();
    let file = open(image.path());
    let mut locks = KernelLocks::new(file.as_fd(), Backend::Posix);
    locks.set(LockType::Read, RangeSpec::byte(100)).expect("no conflicting lock");
    for _ in 0..2 {
        let seen = seen(image.path());
        assert_eq!(seen.holders.len(), 1, "{seen:?}");
        assert_eq!((seen.hidden, seen.asked.is_ok()), (None, true));
    }
}

#[test]
fn images_are_told_apart_in_one_survey_and_may_be_named_twice() {
    let (locked, free) = (image(), image());
    let mut locks = KernelLocks::new(locked.as_file().as_fd(), Backend::Ofd);
    locks.set(LockType::Read, RangeSpec::byte(100)).expect("no conflicting lock");
    let survey = survey(&[free.path(), locked.path(), locked.path()]).expect("a survey");
    let held: Vec<bool> = survey.images.iter().map(SurveyedImage::is_held).collect();
    assert_eq!(held, [false, true, true]);
    assert_eq!(survey.images[1], survey.images[2]);
    assert_ne!(survey.images[0].key, survey.images[1].key);
}

#[test]
fn a_path_that_leads_nowhere_is_an_error() {
    let error = survey(&["/nonexistent/disk.img"]).expect_err("no such file");
    assert!(matches!(&error, SurveyError::Image { path, .. } if path.ends_with("disk.img")));
    let text = error.to_string();
    assert!(text.starts_with("cannot look at /nonexistent/disk.img: No such file"), "{text}");
}

/// The kind of a thread's wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Ofd,
    Posix,
    Flock,
}

/// The kernel's table names no owner of a waiting OFD lock; the waiting system
/// call does.
#[rstest]
#[case::ofd(Wait::Ofd, LockClass::Ofd)]
#[case::posix(Wait::Posix, LockClass::Posix)]
#[case::flock(Wait::Flock, LockClass::Flock)]
fn whoever_waits_is_named(#[case] wait: Wait, #[case] class: LockClass) {
    let image = image();
    let (holder, waiter) = (open(image.path()), open(image.path()));
    let mut locks = KernelLocks::new(holder.as_fd(), Backend::Ofd);
    locks.set(LockType::Write, RangeSpec::at(0, 10)).expect("no conflicting lock");
    holder.lock().expect("no conflicting lock");
    std::thread::scope(|scope| {
        let backend = if wait == Wait::Posix { Backend::Posix } else { Backend::Ofd };
        let waits = &waiter;
        let thread = scope.spawn(move || match wait {
            Wait::Flock => waits.lock_shared().expect("the lock, in the end"),
            Wait::Ofd | Wait::Posix => KernelLocks::new(waits.as_fd(), backend)
                .set_wait(LockType::Read, RangeSpec::at(5, 10))
                .expect("the lock, in the end"),
        });
        let deadline = Instant::now() + Duration::from_secs(30);
        // The thread may not wait yet, so /proc/locks is read again and again.
        let seen = loop {
            let seen = seen(image.path());
            if seen.waiters.iter().any(|waiter| !waiter.processes[..].is_empty()) {
                break seen;
            }
            assert!(Instant::now() < deadline, "no thread waits: {seen:?}");
        };
        let [waiting] = &seen.waiters[..] else { panic!("{seen:?}") };
        assert_eq!((waiting.lock.class, waiting.lock.kind), (class, Some(LockType::Read)));
        assert_eq!(waiting.processes[0].pid, std::process::id() as i32);
        assert!(waiting.certain);
        assert_eq!(waiting.processes[0].fds, [waiter.as_raw_fd()]);
        // A waiting lock conflicts with no request.
        assert_eq!(seen.holders.len(), 1);
        assert!(would_grant(&seen, Mode::Rw.claim()).is_granted());
        drop(holder);
        thread.join().expect("it has its lock");
    });
}

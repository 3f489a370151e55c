//! Tests of a hold within one process. tests/hold uses several processes.

use std::fs::File;

use nix::sys::stat;
use nix::unistd::mkfifo;

use super::*;
use imglock_core::{ByteLocks, LockType, Mode, RangeSpec};

fn opened(path: &Path, mode: Mode) -> Hold {
    Hold::open(path, mode.claim(), Locking::Auto).expect("an image")
}

#[test]
fn a_test_answers_as_acquiring_would_and_locks_nothing() {
    let image = tempfile::NamedTempFile::new().expect("a file");
    for &first in Mode::ALL {
        for &second in Mode::ALL {
            let mut holder = opened(image.path(), first);
            let mut other = opened(image.path(), second);
            assert_eq!(holder.acquire(), Ok(()), "{first}");
            let answer = other.test();
            assert_eq!(holder.claims.claim(), first.claim());
            // The test left no lock behind.
            let mut third = KernelLocks::new(holder.as_fd(), Backend::Ofd);
            for byte in 0..300 {
                assert_eq!(third.test(LockType::Write, RangeSpec::byte(byte)), Ok(None));
            }
            assert_eq!(other.acquire(), answer, "{second} beside {first}");
        }
    }
}

#[test]
fn a_foreign_write_lock_is_met_by_the_test_too() {
    let image = tempfile::NamedTempFile::new().expect("a file");
    let foreign = image.reopen().expect("a second descriptor");
    let mut locks = KernelLocks::new(foreign.as_fd(), Backend::Ofd);
    locks.set(LockType::Write, RangeSpec::byte(100)).expect("no conflict");
    let mut hold = opened(image.path(), Mode::Ro);
    let met = hold.test().expect_err("the byte is locked");
    assert!(matches!(met, AcquireError::LockByte { byte: 100, .. }), "{met}");
    assert!(met.is_conflict());
    assert_eq!(hold.acquire(), Err(met));
}

#[test]
fn it_lets_go_when_it_is_dropped() {
    let image = tempfile::NamedTempFile::new().expect("a file");
    let mut first = opened(image.path(), Mode::Rw);
    let mut second = opened(image.path(), Mode::Rw);
    assert_eq!(first.acquire(), Ok(()));
    assert!(second.acquire().is_err());
    drop(first);
    assert_eq!(second.acquire(), Ok(()), "a refused claim can be tried again");
}

#[test]
fn without_locking_nobody_is_met_and_nobody_meets_it() {
    let image = tempfile::NamedTempFile::new().expect("a file");
    let unlocked = || Hold::open(image.path(), Mode::Rw.claim(), Locking::Off).expect("an image");
    let (mut first, mut second) = (unlocked(), unlocked());
    assert_eq!(first.acquire(), Ok(()));
    assert_eq!((second.test(), second.acquire()), (Ok(()), Ok(())));
    assert_eq!((first.backend(), first.falls_back()), (None, false));
    assert_eq!(opened(image.path(), Mode::Rw).acquire(), Ok(()));
}

#[test]
fn what_is_no_image_is_not_opened() {
    let directory = tempfile::tempdir().expect("a directory");
    let fifo = directory.path().join("fifo");
    mkfifo(&fifo, stat::Mode::S_IRWXU).expect("a FIFO");
    let socket = directory.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    let refused = |path: &Path| {
        Hold::open(path, Mode::Ro.claim(), Locking::Auto).expect_err("no image").to_string()
    };
    let name = directory.path().display();
    assert_eq!(refused(directory.path()), format!("{name} is a directory, not an image"));
    assert_eq!(refused(&fifo), format!("{name}/fifo is a FIFO, not an image"));
    assert_eq!(refused(&socket), format!("{name}/socket is a socket, not an image"));
    assert_eq!(refused(Path::new("/dev/null")), "/dev/null is a character device, not an image");
    let missing = directory.path().join("disk.img");
    assert_eq!(refused(&missing), format!("image {name}/disk.img does not exist"));
    let below_a_file = directory.path().join("file/disk.img");
    File::create(directory.path().join("file")).expect("a file");
    let why = refused(&below_a_file);
    assert!(
        why.starts_with(&format!("cannot open {name}/file/disk.img: Not a directory")),
        "{why}"
    );
}

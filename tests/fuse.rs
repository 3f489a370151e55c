//! Directories that are served through FUSE, by a server that leaves locks to
//! the kernel and by a lock server.
//!
//! It takes root and /dev/fuse. Without them a test is skipped and says why,
//! unless `IMGLOCK_REQUIRE` names `fuse`.

mod outside;

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use imglock_core::{Access, Backend, ByteLocks, Claim, LockError, LockType, Outcome, RangeSpec};
use imglock_engine::{
    FuseLocks, FuseServer, Launcher, LauncherOptions, PrivateMounts, ProcessHandle, ReceiveError,
    Reply, Request, StopToken, Worker,
};
use imglock_locks::KernelLocks;
use outside::{imglock, is_met, not_root};
use predicates::str::contains;

const PROGRAM: &str = env!("CARGO_BIN_EXE_imglock");
/// Longer than any step that does not hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// Serves an empty directory, and passes the path of the mount to `test`.
fn served(locks: FuseLocks, test: impl FnOnce(&Path, FuseServer) + Send) {
    let missing = || (!Path::new("/dev/fuse").exists()).then(|| "there is no /dev/fuse".to_owned());
    if !is_met("fuse", not_root("mounting a FUSE file system").or_else(missing)) {
        return;
    }
    let scratch = tempfile::tempdir().expect("a directory");
    let [backing, seen] = ["backing", "seen"].map(|name| scratch.path().join(name));
    for path in [&backing, &seen] {
        fs::create_dir(path).expect("a directory");
    }
    // The mount namespace ends with the thread.
    let run = || {
        PrivateMounts::enter().expect("a mount namespace");
        let (_trigger, stop) = StopToken::pair().expect("a pipe");
        let program = Path::new(PROGRAM);
        let server = FuseServer::start_as(program, &backing, &seen, locks, &stop);
        test(&seen, server.expect("a server"));
        assert!(fs::read_dir(&seen).expect("a directory").next().is_none(), "it is still mounted");
    };
    std::thread::scope(|scope| scope.spawn(run).join().expect("the test passes"));
}

fn writable(path: &Path) -> File {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    file.expect("a file")
}

fn lock(file: &File, backend: Backend, kind: LockType) -> Result<(), LockError> {
    KernelLocks::new(file.as_fd(), backend).set(kind, RangeSpec::at(0, 10))
}

#[test]
fn files_are_what_they_are_in_the_directory_that_is_served() {
    served(FuseLocks::Kernel, |seen, _server| {
        let path = |name: &str| seen.join(name);
        let mut file = writable(&path("a"));
        file.write_all(b"hello, world").expect("written");
        file.write_all_at(b"W", 7).expect("written");
        fs::hard_link(path("a"), path("b")).expect("a second name");
        symlink("b", path("c")).expect("a link");
        assert_eq!(fs::read_to_string(path("c")).expect("a text"), "hello, World");
        let [one, other] = ["a", "c"].map(|name| fs::metadata(path(name)).expect("a file"));
        assert_eq!((one.ino(), one.nlink()), (other.ino(), 2));

        fs::create_dir(path("d")).expect("a directory");
        fs::rename(path("a"), path("d/e")).expect("renamed");
        assert_eq!(
            fs::remove_dir(path("d")).expect_err("not empty").kind(),
            ErrorKind::DirectoryNotEmpty
        );
        for name in ["d/e", "b", "c"] {
            fs::remove_file(path(name)).expect("removed");
        }
        // The file has no name any more, but an open descriptor keeps it.
        file.set_len(5).expect("cut");
        let mut text = String::new();
        file.seek(SeekFrom::Start(0)).expect("an offset");
        file.read_to_string(&mut text).expect("a text");
        assert_eq!((text.as_str(), file.metadata().expect("its data").nlink()), ("hello", 0));

        for number in 0..300 {
            drop(writable(&path(&format!("d/{number}"))));
        }
        assert_eq!(fs::read_dir(path("d")).expect("a directory").count(), 300);
        let other = writable(&path("d/7"));
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        other.set_modified(then).expect("a time");
        other.set_permissions(fs::Permissions::from_mode(0o640)).expect("a mode");
        let seen = fs::metadata(path("d/7")).expect("a file");
        assert_eq!((seen.modified().expect("a time"), seen.mode() & 0o777), (then, 0o640));
        assert_eq!(File::open(path("d/301")).expect_err("no file").kind(), ErrorKind::NotFound);
        fs::remove_dir_all(path("d")).expect("removed");
    });
}

/// The themes in which names, closes and waits matter most.
const THEMES: [&str; 4] = ["names", "ranges", "waiting", "process"];

#[test]
fn locks_that_are_left_to_the_kernel_are_as_anywhere() {
    served(FuseLocks::Kernel, |seen, _server| {
        let run = imglock().args(["run", "--dir"]).arg(seen).args(THEMES).assert().success();
        run.stdout(contains(" passed, 0 failed, 0 skipped, 0 timed out"));
        imglock().args(["matrix", "--dir"]).arg(seen).assert().success();
    });
}

#[test]
fn a_server_that_drops_what_a_handle_had_keeps_every_rule_that_shows_in_outcomes() {
    served(FuseLocks::ServedByHandle, |seen, _server| {
        let run = imglock().args(["run", "--dir"]).arg(seen).args(THEMES).assert().success();
        run.stdout(contains(" 0 failed, "))
            .stdout(contains(
                "shows no lock of this file system, so a wait for a lock cannot be observed",
            ))
            .stdout(contains(
                "judged by outcomes alone at this place: the kernel shows no lock there",
            ));
    });
}

#[test]
fn an_ofd_lock_outlives_its_file_and_a_posix_lock_does_not() {
    served(FuseLocks::Served, |seen, _server| {
        for (backend, stays) in [(Backend::Ofd, true), (Backend::Posix, false)] {
            let path = seen.join(backend.name());
            let holder = writable(&path);
            lock(&holder, backend, LockType::Write).expect("nobody is there");
            drop(holder);
            // A POSIX lock of this process and the OFD lock tried here have
            // different owners.
            let next = writable(&path);
            let refused = lock(&next, Backend::Ofd, LockType::Write).is_err();
            assert_eq!(refused, stays, "{backend}");
        }
        let closes = imglock()
            .args(["run", "--backend", "ofd", "--dir"])
            .arg(seen)
            .arg("contract/close-lets-the-next-one-in")
            .assert()
            .code(1);
        closes
            .stdout(contains("the outcome is `refused write`, and the scenario expects `granted`"));
    });
}

/// The owner's number is derived from the address of the open file. The next
/// open file nearly always has the same address.
#[test]
fn the_number_of_an_owner_that_is_gone_comes_back() {
    let taken_over = |locks| {
        let mut count = 0;
        served(locks, |seen, _server| {
            for number in 0..100 {
                let path = seen.join(number.to_string());
                lock(&writable(&path), Backend::Ofd, LockType::Write).expect("nobody is there");
                count += usize::from(lock(&writable(&path), Backend::Ofd, LockType::Write).is_ok());
            }
        });
        count
    };
    if is_met("fuse", not_root("mounting a FUSE file system")) && Path::new("/dev/fuse").exists() {
        assert!(taken_over(FuseLocks::ServedByNumber) > 0, "a number never came back");
        assert_eq!(taken_over(FuseLocks::Served), 0);
    }
}

/// A worker that has `path` open.
fn opener(worker: &mut Worker, path: &Path, stop: &StopToken) -> i32 {
    let request = Request::Open {
        path: path.to_owned(),
        access: Access::ReadWrite,
        cloexec: true,
        locks: Some(Backend::Ofd),
        claim: Claim::NOTHING,
        pause_after: None,
    };
    let reply = worker.ask(&request, Instant::now() + PATIENCE, stop).expect("an answer");
    reply.node.expect("it is open").fd
}

#[test]
fn whoever_waits_can_be_interrupted_and_killed() {
    served(FuseLocks::Served, |seen, server| {
        let (_trigger, stop) = StopToken::pair().expect("a pipe");
        let program = PathBuf::from(PROGRAM);
        let options =
            LauncherOptions { program, ..LauncherOptions::new(seen.to_owned(), stop.clone()) };
        let mut launcher = Launcher::start(&options).expect("a launcher");
        let path = launcher.begin().expect("a directory").join("disk.img");
        let holder = writable(&path);
        lock(&holder, Backend::Ofd, LockType::Write).expect("nobody is there");
        let names = ["signalled", "killed"].map(str::to_owned);
        let mut workers = launcher.spawn(&names).expect("two workers");
        for worker in &mut workers {
            let fd = opener(worker, &path, &stop);
            let (backend, kind, range) = (Backend::Ofd, LockType::Read, RangeSpec::byte(0));
            let request = Request::Lock { fd, backend, kind, range, wait: true };
            worker.channel.send(&request).expect("sent");
            let soon = Instant::now() + Duration::from_millis(100);
            assert!(matches!(worker.channel.wait(soon, &stop), Err(ReceiveError::Timeout)));
        }
        let handles =
            [0, 1].map(|index| ProcessHandle::open(workers[index].pid).expect("a process"));
        handles[0].interrupt().expect("sent");
        workers[0].channel.wait(Instant::now() + PATIENCE, &stop).expect("an answer in time");
        let reply: Reply = workers[0].channel.receive().expect("an answer");
        assert_eq!(reply.outcome, "EINTR".parse::<Outcome>().expect("an outcome"));
        handles[1].kill().expect("sent");
        handles[1].await_exit(Instant::now() + PATIENCE, &stop).expect("it dies while it waits");
        // Nothing is left to wait for.
        launcher.end().expect("all of it ends");
        drop((launcher, holder));
        let began = Instant::now();
        drop(server);
        assert!(began.elapsed() < PATIENCE);
    });
}

#[test]
fn a_server_that_is_killed_leaves_no_mount_behind() {
    served(FuseLocks::Served, |seen, server| {
        drop(writable(&seen.join("a")));
        let process = ProcessHandle::open(i32::try_from(server.pid()).expect("a pid"));
        process.expect("a process").kill().expect("sent");
        drop(server);
    });
}

//! `--locking`, also on a kernel without OFD locks. A seccomp filter refuses
//! these locks, and every process started under the filter inherits it.

use std::path::Path;
use std::process::Command;

use imglock_core::Mode;
use imglock_engine::ProcessHandle;
use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::Signal;
use rstest::rstest;

use crate::holder::{Ended, Holder, await_exit, hold, run};
use crate::outside::Folder;
use crate::outside::refusing::{OFD, Refusal, under};
use crate::table::{locks_for, locks_of, locks_on};

const FALLBACK: &str = "imglock: warning: File lock requested but OFD locking syscall is \
                        unavailable, falling back to POSIX file locks\n\
                        Due to the implementation, locks can be lost unexpectedly.\n";

/// `F_SETLK` and `F_OFD_SETLK`. Asking for a conflicting lock still works.
const LOCKING: [u64; 2] = [6, 37];
/// `F_GETLK` and `F_OFD_GETLK`. Acquiring locks still works.
const TESTING: [u64; 2] = [5, 36];

/// Does `work` without OFD locks. A kernel before 3.15 returns `EINVAL` for them.
fn without_ofd_locks<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    under(&[Refusal::fcntl(&OFD, libc::EINVAL)], work)
}

fn holder(image: &Path, locking: &str) -> (Holder, String) {
    let mut holder = Holder::start(hold(image, "rw", &["--locking", locking]));
    let mut said = String::new();
    while !said.contains("holding rw on") {
        let line = holder.error_line();
        assert!(!line.is_empty(), "it ended after {said}");
        said += &format!("{line}\n");
    }
    (holder, said)
}

const OFF: &str = "imglock: warning: the image is not locked, because of --locking off\n";
const NONE: &str = "imglock: warning: the image is not locked: OFD locks are not available, and \
                    --locking auto takes no others; --locking on falls back to POSIX locks\n";

#[rstest]
#[case::auto(true, "auto", "", "with ofd locks", locks_for("ofd", Mode::Rw))]
#[case::on(true, "on", "", "with ofd locks", locks_for("ofd", Mode::Rw))]
#[case::off(true, "off", OFF, "without locks", vec![])]
#[case::auto_without_ofd(false, "auto", NONE, "without locks", vec![])]
#[case::on_without_ofd(false, "on", FALLBACK, "with posix locks", locks_for("posix", Mode::Rw))]
#[case::off_without_ofd(false, "off", OFF, "without locks", vec![])]
fn it_locks_what_it_says(
    #[case] ofd: bool,
    #[case] locking: &str,
    #[case] warning: &str,
    #[case] how: &str,
    #[case] locks: Vec<String>,
) {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let (holder, said) = match ofd {
        true => holder(&image, locking),
        false => without_ofd_locks(|| holder(&image, locking)),
    };
    let said = folder.redacted(said.as_bytes());
    assert_eq!(said, format!("{warning}holding rw on DIR/disk.img {how}; Ctrl-C releases it\n"));
    assert_eq!((locks_of(holder.pid()), locks_on(&image)), (locks.clone(), locks));
}

#[test]
fn posix_locks_and_ofd_locks_refuse_each_other() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let beside = |locking| run(hold(&image, "rw", &["--locking", locking, "--", "true"]));
    let (posix, _) = without_ofd_locks(|| holder(&image, "on"));
    assert_eq!(beside("auto").code, 1);
    assert_eq!(without_ofd_locks(|| beside("on")).code, 1);
    assert_eq!(beside("off").code, 0);
    drop(posix);
    let _ofd = holder(&image, "auto");
    assert_eq!(without_ofd_locks(|| beside("on")).code, 1);
    // Like QEMU, it does not notice the locks of others, either.
    assert_eq!(without_ofd_locks(|| beside("auto")).code, 0);
}

#[test]
fn posix_locks_are_kept_while_the_command_runs_and_are_not_inherited() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let script = "echo ready; echo $$; exec cat";
    let arguments = ["--locking", "on", "--inherit"];
    let mut holder = without_ofd_locks(|| Holder::with_script(&image, &arguments, script));
    let command = holder.line().parse().expect("a pid");
    let alive = ProcessHandle::open(command).expect("the command runs");
    assert_eq!(locks_on(&image), locks_for("posix", Mode::Rw));
    holder.signal(Signal::SIGKILL);
    await_exit(&holder.process());
    assert!(locks_on(&image).is_empty());
    alive.kill().expect("the command lives on");
    let Ended { code, stderr, .. } = holder.ended();
    let warning = "imglock: warning: POSIX locks are not inherited: they end with imglock, \
                   despite --inherit\n";
    assert_eq!((code, stderr), (-9, format!("{FALLBACK}{warning}")));
}

/// The filter works as the tests assume.
#[test]
fn the_filter_refuses_ofd_locks_to_qemus_tools_as_well() {
    let missing = crate::outside::not_installed("qemu-io");
    if !crate::outside::is_met("qemu-tools", missing) {
        return;
    }
    let folder = Folder::new();
    let image = folder.file("disk.img", &"\0".repeat(512));
    let mut qemu = Command::new("qemu-io");
    qemu.args(["-c", "quit", "--image-opts"]);
    qemu.arg(format!("driver=raw,file.locking=on,file.filename={}", image.display()));
    let ended = without_ofd_locks(|| run(qemu));
    let ours = without_ofd_locks(|| run(hold(&image, "rw", &["--locking", "on", "--", "true"])));
    let words = |text: &str| text.split_once("warning: ").map(|(_, words)| words.to_owned());
    assert_eq!(words(&ours.stderr), words(&ended.stderr), "{ended:?}");
    assert!(words(&ours.stderr).is_some(), "{ours:?}");
}

const OTHER_PLACE: &str =
    "move the image to another file system, or hold it without locks: --locking off";
const ALLOW: &str = "allow lock calls on the image in the security module or on the file server; \
                     `imglock probe DIR` shows which locks work in its directory";

/// As on a network file system without a lock manager, or under a security module. There is no
/// conflicting lock, so waiting is of no use.
#[rstest]
#[case::no_lock_manager(
    Errno::ENOLCK,
    ": No locks available",
    "locks do not work on DIR/disk.img: ENOLCK (no locks available)",
    OTHER_PLACE
)]
#[case::no_such_locks(
    Errno::EOPNOTSUPP,
    ": Operation not supported",
    "locks do not work on DIR/disk.img: EOPNOTSUPP (the file system does not support this lock)",
    OTHER_PLACE
)]
#[case::no_such_call(
    Errno::ENOSYS,
    ": Function not implemented",
    "locks do not work on DIR/disk.img: ENOSYS (the file system has no lock calls)",
    OTHER_PLACE
)]
#[case::server_lost(
    Errno::ETIMEDOUT,
    ": Connection timed out",
    "locks do not work on DIR/disk.img: ETIMEDOUT (the file server does not answer)",
    OTHER_PLACE
)]
#[case::file_lost(
    Errno::ESTALE,
    ": Stale file handle",
    "locks do not work on DIR/disk.img: ESTALE (the file server no longer has this file)",
    OTHER_PLACE
)]
#[case::denied(
    Errno::EACCES,
    "",
    "Permission denied: a security module or the file server forbids locks on DIR/disk.img; \
     no conflicting lock was found",
    ALLOW
)]
fn where_the_file_system_has_no_locks(
    #[case] errno: Errno,
    #[case] why: &str,
    #[case] what: &str,
    #[case] advice: &str,
    #[values((&LOCKING, "Failed to lock byte 100"), (&TESTING, "Failed to get \"consistent read\" lock"))]
    call: (&[u64; 2], &str),
) {
    let (calls, words) = call;
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let arguments = ["--wait", "5", "--conflict-exit-code", "75", "--", "echo", "ran"];
    let refusal = Refusal::fcntl(calls, errno as i32);
    let ended = under(&[refusal], || run(hold(&image, "rw", &arguments)));
    assert_eq!((ended.code, ended.stdout.as_str()), (4, ""), "{ended:?}");
    assert_eq!(
        folder.redacted(ended.stderr.as_bytes()),
        format!("error: {words}{why}\n{what}\nhelp: {advice}\n")
    );
}

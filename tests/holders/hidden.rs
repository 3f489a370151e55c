//! Locks that no table of this host shows, and answers that the kernel did not give.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use imglock_core::{Backend, Mode};
use imglock_engine::{FuseLocks, FuseServer, PrivateMounts, StopToken};
use nix::errno::Errno;
use rstest::rstest;
use serde_json::{Value, json};

use crate::as_nobody;
use crate::outside::refusing::{Refusal, under};
use crate::outside::{is_met, not_installed, not_root};
use crate::place::{Place, image, locked, open, take};

const PROGRAM: &str = env!("CARGO_BIN_EXE_imglock");

fn holders(args: &[&str], path: &Path) -> Output {
    Command::new(PROGRAM).arg("holders").args(args).arg(path).output().expect("imglock runs")
}

/// The exit code, and standard output as one line.
fn told(run: &Output) -> (Option<i32>, String) {
    let text = String::from_utf8_lossy(&run.stdout);
    (run.status.code(), text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The first image of the document.
fn seen(run: &Output) -> Value {
    let document: Value = serde_json::from_slice(&run.stdout)
        .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&run.stderr)));
    document["images"][0].clone()
}

fn answer(image: &Value, mode: &str) -> Value {
    let answers = image["answers"].as_array().expect("answers");
    answers.iter().find(|one| one["mode"] == mode).expect("a mode").clone()
}

/// A lock server keeps byte-range locks and leaves flock(2) to the kernel.
#[test]
fn a_lock_that_only_a_file_server_knows_is_seen_beside_a_visible_one() {
    let missing = || (!Path::new("/dev/fuse").exists()).then(|| "there is no /dev/fuse".to_owned());
    if !is_met("fuse", not_root("mounting a FUSE file system").or_else(missing)) {
        return;
    }
    let folder = Place::new();
    let [backing, mount] = ["backing", "mount"].map(|name| folder.path().join(name));
    for path in [&backing, &mount] {
        std::fs::create_dir(path).expect("a directory");
    }
    std::fs::write(backing.join("disk.img"), [0; 512]).expect("an image");
    let run = || {
        PrivateMounts::enter().expect("a mount namespace");
        let (_trigger, stop) = StopToken::pair().expect("a pipe");
        let program = Path::new(PROGRAM);
        let _server = FuseServer::start_as(program, &backing, &mount, FuseLocks::Served, &stop)
            .expect("a server");
        let path = mount.join("disk.img");
        let _holder = locked(&path, Mode::Rw);
        let flocked = open(&path);
        flocked.lock().expect("a flock");
        (
            holders(&["--json"], &path),
            holders(&["--for", "rw"], &path),
            holders(&["--for", "force-share"], &path),
        )
    };
    let (all, rw, force_share) =
        std::thread::scope(|scope| scope.spawn(run).join().expect("the runs"));
    let image = seen(&all);
    assert_eq!(image["holders"][0]["protocol"], "flock", "{image}");
    let lock = |first, last| json!({ "kind": "read", "first": first, "last": last, "exact": true });
    assert_eq!(image["hidden"]["locks"], json!([lock(100, 101), lock(201, 201)]));
    assert_eq!(image["hidden"]["modes"], json!(["rw"]));
    assert_eq!(image["hidden"]["could_be"][0], "file-system");
    assert_eq!(image["reach"]["extent"], "unknown");
    let expected = json!({
        "mode": "rw", "answer": "refused", "granted": false,
        "message": "Failed to get \"write\" lock", "by": [], "by_unknown": true, "by_servers": [],
    });
    assert_eq!(answer(&image, "rw"), expected);
    let (code, text) = told(&rw);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("Blocked by a holder that this host cannot name"), "{text}");
    assert_eq!(told(&force_share).0, Some(0));
}

/// In a pid namespace of its own, the kernel does not show POSIX locks of processes outside.
#[rstest]
#[case::posix(Backend::Posix)]
#[case::ofd(Backend::Ofd)]
fn a_holder_outside_the_pid_namespace_is_in_the_way(#[case] backend: Backend) {
    let missing = not_root("a pid namespace").or_else(|| not_installed("unshare"));
    if !is_met("root", missing) {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let inside = |args: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--mount-proc", PROGRAM, "holders"]).args(args).arg(&path);
        command.output().expect("unshare runs")
    };
    let file = open(&path);
    take(&file, backend, Mode::Rw);
    let image = seen(&inside(&["--json"]));
    let unknown = match backend {
        Backend::Posix => &image["hidden"],
        Backend::Ofd => &image["unexplained"][0],
    };
    let could_be = unknown["could_be"].as_array().expect("explanations");
    assert!(could_be.contains(&json!("other-namespace")), "{image}");
    assert_eq!(answer(&image, "rw")["by_unknown"], true, "{image}");
    let (code, text) = told(&inside(&["--for", "rw"]));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("QEMU would report: Failed to get \"write\" lock"), "{text}");
    assert!(text.contains("This process is in a pid namespace of its own"), "{text}");
    assert_eq!(told(&inside(&["--for", "force-share"])).0, Some(0));
    drop(file);
    assert_eq!(told(&inside(&["--for", "rw"])).0, Some(0));
}

/// The commands with which holders asks: `F_OFD_GETLK`, and `F_GETLK` where that is refused.
const ASKING: [u64; 2] = [36, 5];

#[rstest]
#[case::no_lock_manager(Errno::ENOLCK, ": No locks available")]
#[case::no_such_call(Errno::ENOSYS, ": Function not implemented")]
#[case::no_such_locks(Errno::EOPNOTSUPP, ": Operation not supported")]
#[case::broken(Errno::EIO, ": Input/output error")]
#[case::not_answered(Errno::ETIMEDOUT, ": Connection timed out")]
#[case::lost(Errno::ESTALE, ": Stale file handle")]
#[case::denied(Errno::EACCES, "")]
fn a_question_that_fails_is_never_a_grant(#[case] errno: Errno, #[case] why: &str) {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let refusal = || [Refusal::fcntl(&ASKING, errno as i32)];
    let (code, text) = told(&under(&refusal(), || holders(&["--for", "rw"], &path)));
    assert_eq!(code, Some(1), "{text}");
    let message = format!("QEMU would report: Failed to get \"consistent read\" lock{why}");
    assert!(text.contains("rw would fail") && text.contains(&message), "{text}");
    for locking in ["locking=auto", "locking=on", "locking=off"] {
        assert!(text.contains(locking), "{text}");
    }
    let all = under(&refusal(), || holders(&["--json"], &path));
    assert_eq!(all.status.code(), Some(4));
    let image = seen(&all);
    assert_eq!((&image["state"], &image["held"]), (&json!("unknown"), &json!(false)));
    let name = imglock_core::Errno::from_raw(errno as i32).to_string();
    assert_eq!(image["asked"]["errno"], json!(name));
    assert_eq!(answer(&image, "rw")["answer"], "fails");
    // This mode makes no lock call.
    assert_eq!(answer(&image, "none")["answer"], "granted");
    // A lock in the table is in the way too.
    let _file = locked(&path, Mode::Rw);
    let (code, text) = told(&under(&refusal(), || holders(&["--for", "rw"], &path)));
    assert_eq!(code, Some(1));
    let us = format!("Blocked by pid {}", std::process::id());
    assert!(text.contains("rw would fail") && text.contains(&us), "{text}");
}

/// As on a kernel before Linux 3.15.
#[test]
fn without_ofd_locks_posix_locks_are_asked_for() {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let refusal = || [Refusal::fcntl(&[36, 37, 38], Errno::EINVAL as i32)];
    let run = |args: &[&str]| under(&refusal(), || holders(args, &path));
    assert_eq!(told(&run(&[])).0, Some(0));
    assert_eq!(seen(&run(&["--json"]))["asked"]["backend"], "posix");
    let _file = locked(&path, Mode::Rw);
    assert_eq!(told(&run(&["--for", "rw"])).0, Some(1));
}

#[test]
fn an_image_that_cannot_be_opened_is_not_called_free() {
    if !is_met("root", not_root("running as another user")) {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    assert_eq!(told(&as_nobody(&folder, &["--for", "rw"], &path)).0, Some(0));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("our image");
    let (code, text) = told(&as_nobody(&folder, &[], &path));
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("unknown: no lock is visible"), "{text}");
    assert!(text.contains("cannot be opened for reading (Permission denied)"), "{text}");
    let (code, text) = told(&as_nobody(&folder, &["--for", "rw"], &path));
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("rw unknown: no lock in the way is visible"), "{text}");
    assert_eq!(told(&as_nobody(&folder, &["--for", "none"], &path)).0, Some(0));
}

/// To ask would be to open the file, and that breaks a lease for writing.
#[test]
fn a_lease_is_left_alone() {
    if !is_met("root", not_installed("perl").or_else(|| not_root("a lease on another's file"))) {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    // F_SETLEASE is 1024, F_WRLCK is 1. SIGIO, which asks for the release, would end perl.
    let script = "open(F, '+<', $ARGV[0]) or die; fcntl(F, 1024, 1) or die $!; $| = 1; \
                  print \"leased\\n\"; <STDIN>;";
    let mut holder = Command::new("perl")
        .args(["-e", script])
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("perl runs");
    let mut line = String::new();
    BufReader::new(holder.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    assert_eq!(line, "leased\n");
    let run = holders(&["--json"], &path);
    let asked = told(&holders(&["--for", "rw"], &path));
    drop(holder.stdin.take());
    let ended = holder.wait().expect("it ends with its input");
    assert!(ended.success(), "the lease was broken: {ended}");
    let image = seen(&run);
    assert_eq!(image["asked"]["gap"], "lease");
    assert_eq!(image["dangers"], json!(["lease-waits"]));
    let (code, text) = asked;
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("a process holds a lease"), "{text}");
}

//! `holders` from outside: the processes that it lists, their description, and
//! its exit codes.

mod chain;
mod hidden;
mod orphans;
#[path = "../outside/mod.rs"]
mod outside;
mod place;
mod served;
mod storm;
mod threads;
mod unseen;
mod users;
mod watch;

use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use imglock_core::{Backend, Mode};
use outside::{imglock, is_met, not_root};
use place::{Place, image, locked, open, take};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json};

/// A user that owns no files.
const NOBODY: u32 = 65534;

/// The output of `holders --json` for one file.
fn seen(path: &Path) -> Value {
    let run = imglock().arg("holders").arg("--json").arg(path).output().expect("imglock runs");
    let document: Value = serde_json::from_slice(&run.stdout).expect("JSON");
    assert_eq!(document["schema"], 2);
    let image = document["images"][0].clone();
    let code = match image["state"].as_str() {
        Some("locked" | "in-use") => 1,
        Some("free") => 0,
        _ => 4,
    };
    assert_eq!(run.status.code(), Some(code), "{image}");
    image
}

/// The JSON on standard output.
fn document_of(run: &std::process::Output) -> Value {
    let errors = String::from_utf8_lossy(&run.stderr);
    serde_json::from_slice(&run.stdout).unwrap_or_else(|_| panic!("no JSON: {errors}"))
}

/// The output of `holders` for people, for one file, as one line.
fn told(path: &Path) -> String {
    let run = imglock().arg("holders").arg(path).output().expect("imglock runs");
    let text = String::from_utf8(run.stdout).expect("text");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn pids(holder: &Value) -> Vec<i64> {
    let processes = holder["processes"].as_array().expect("processes");
    processes.iter().filter_map(|process| process["pid"].as_i64()).collect()
}

/// Whether this is a possible explanation of a lock. Others can come and go with the processes of this
/// machine.
fn can_be(unexplained: &Value, why: &str) -> bool {
    unexplained["could_be"].as_array().is_some_and(|all| all.contains(&json!(why)))
}

fn this_pid() -> i64 {
    i64::from(std::process::id())
}

#[test]
fn a_free_image_exits_0() {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let run = imglock().arg("holders").arg(&path).assert().code(0);
    run.stdout(contains("disk.img  free: not locked"));
    imglock().args(["holders", "--for", "rw"]).arg(&path).assert().code(0);
    assert_eq!(seen(&path)["holders"], json!([]));
}

#[test]
fn a_locked_image_exits_1_and_names_who_has_it() {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let file = locked(&path, Mode::Rw);
    let run = imglock().arg("holders").arg(&path).assert().code(1);
    let us = format!("pid {} ", std::process::id());
    run.stdout(contains("disk.img  locked by 1 holder").and(contains(us)).and(contains("rw")));

    let image = seen(&path);
    let holder = &image["holders"][0];
    assert_eq!(pids(holder), [this_pid()]);
    assert_eq!(holder["owner"], "description");
    assert_eq!(holder["modes"], json!(["rw"]));
    assert_eq!(holder["protocol"], "qemu");
    let claim = json!({ "held": ["consistent-read", "write"], "unshared": ["write"] });
    assert_eq!(holder["claim"], claim);
    let lock = |first, last| json!({ "type": "ofd", "kind": "read", "first": first, "last": last, "waiting": false });
    assert_eq!(holder["locks"], json!([lock(100, 101), lock(201, 201)]));
    let process = &holder["processes"][0];
    assert_eq!(process["fds"], json!([file.as_raw_fd()]));
    let command: Vec<String> = std::env::args().collect();
    assert_eq!(process["command"], json!(command));
    let started: chrono::DateTime<chrono::Utc> =
        process["started"].as_str().expect("a time").parse().expect("ISO 8601");
    let age = (chrono::Utc::now() - started).num_seconds();
    assert!((0..3600).contains(&age), "started {age} s ago");
}

#[test]
fn what_is_asked_for_is_answered_in_qemus_words() {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let _file = locked(&path, Mode::Rw);
    let ask = |mode: &str| imglock().args(["holders", "--for", mode]).arg(&path).assert();
    let in_the_way = format!("Blocked by pid {}", std::process::id());
    ask("rw").code(1).stdout(
        contains("rw would be refused")
            .and(contains("QEMU would report: Failed to get \"write\" lock"))
            .and(contains(in_the_way)),
    );
    ask("ro").code(1).stdout(contains("Failed to get shared \"write\" lock"));
    ask("force-share").code(0).stdout(contains("force-share would be granted"));
    let answers = seen(&path)["answers"].clone();
    assert_eq!(answers.as_array().map(Vec::len), Some(Mode::ALL.len()));
    let rw = answers.as_array().and_then(|all| all.iter().find(|one| one["mode"] == "rw"));
    let expected = json!({
        "mode": "rw", "answer": "refused", "granted": false, "message": "Failed to get \"write\" lock",
        "by": [this_pid()], "by_unknown": false, "by_servers": [],
    });
    assert_eq!(rw, Some(&expected));
}

#[test]
fn several_images_are_free_only_if_all_are() {
    let folder = Place::new();
    let (free, held) = (image(&folder, "free.img"), image(&folder, "held.img"));
    let _file = locked(&held, Mode::Rw);
    let run = imglock().arg("holders").args([&free, &held]).assert().code(1);
    run.stdout(contains("free.img  free").and(contains("held.img  locked")));
    imglock().args(["holders", "--for", "ro"]).args([&free, &held]).assert().code(1);
}

#[rstest::rstest]
#[case::guests(Mode::ShareRw)]
#[case::tools(Mode::ToolRw)]
fn two_writers_that_share_the_image_get_a_note(#[case] mode: Mode) {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let _twice = [locked(&path, mode), locked(&path, mode)];
    assert_eq!(seen(&path)["dangers"], json!([]), "one process is one writer");
    let mut other = Command::new(env!("CARGO_BIN_EXE_imglock"))
        .arg("hold")
        .arg(&path)
        .args(["--mode", mode.name(), "--", "sh", "-c", "echo held; exec cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("imglock runs");
    let mut line = String::new();
    BufReader::new(other.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let both = (seen(&path)["dangers"].clone(), told(&path));
    drop(other.stdin.take());
    other.wait().expect("it ends with its input");
    assert_eq!(both.0, json!(["several-writers"]));
    let note = "Note: Several holders can write to this image at the same time.";
    assert!(both.1.contains(note), "{}", both.1);
    assert!(!both.1.contains("Danger"), "{}", both.1);
}

#[test]
fn a_flock_is_a_danger_and_no_obstacle() {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let file = open(&path);
    file.lock().expect("nobody else is there");
    let run = imglock().args(["holders", "--for", "rw"]).arg(&path).assert().code(0);
    run.stdout(contains("rw would be granted").and(contains("Danger: flock(2)")));
    let run = imglock().arg("holders").arg(&path).assert().code(1);
    run.stdout(contains("exclusive flock(2) on the whole file, as crosvm takes it"));
}

#[rstest::rstest]
#[case::no_image(&["holders"], "IMAGE")]
#[case::no_such_mode(&["holders", "--for", "rww", "x"], "possible values: none, inactive, ro")]
#[case::two_questions(&["holders", "--for", "rw", "--watch", "x"], "cannot be used with")]
#[case::no_file(
    &["holders", "/nonexistent/disk.img"],
    "cannot examine /nonexistent/disk.img: No such file or directory\nhelp: name a file that you can reach"
)]
#[case::behind_a_file(&["holders", "/etc/passwd/disk.img"], "Not a directory")]
fn wrong_usage_says_what_and_exits_2(#[case] args: &[&str], #[case] says: &str) {
    let _alone = Place::new();
    imglock().args(args).assert().code(2).stdout("").stderr(contains(says));
}

/// QEMU locks files and block devices alone, so a path to anything else is a mistake and not a
/// free image.
#[rstest::rstest]
#[case::a_directory("", "a directory", "name an image in this directory")]
#[case::a_fifo("fifo", "a FIFO", "name a file or a block device")]
#[case::a_socket("socket", "a socket", "name a file or a block device")]
#[case::a_device("/dev/null", "a character device", "name a file or a block device")]
#[case::behind_a_link("link", "a FIFO", "name a file or a block device")]
fn what_is_no_image_is_not_said_to_be_free(
    #[case] name: &str,
    #[case] what: &str,
    #[case] next: &str,
) {
    let folder = Place::new();
    let free = image(&folder, "disk.img");
    let fifo = folder.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("a FIFO");
    std::os::unix::fs::symlink(&fifo, folder.path().join("link")).expect("a symbolic link");
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket"));
    let path = folder.path().join(name);
    let says = format!("error: {} is {what}, not an image\nhelp: {next}\n", path.display());
    for options in [&[][..], &["--json"], &["--for", "rw"], &["--watch"]] {
        let run = imglock().arg("holders").args(options).args([&free, &path]).assert();
        run.code(2).stdout("").stderr(says.clone());
    }
}

/// With `locking=off`, QEMU neither blocks other openers nor notices their locks.
#[rstest::rstest]
#[case::to_read("<", false)]
#[case::to_write("<>", true)]
fn who_has_it_open_without_a_lock_is_named(#[case] redirection: &str, #[case] writable: bool) {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let script = format!("exec 3{redirection}\"$0\"; exec cat");
    let mut opener = Command::new("sh")
        .args(["-c", &script])
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sh runs");
    // cat prints this line back, so the shell has already opened the image.
    let mut stdin = opener.stdin.take().expect("a pipe");
    stdin.write_all(b"there?\n").expect("it reads");
    let mut line = String::new();
    BufReader::new(opener.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let pid = i64::from(opener.id());
    let seen = seen(&path);
    let text = told(&path);
    drop(stdin);
    opener.wait().expect("it ends with its input");

    let [one] = &seen["unlocked"].as_array().expect("a list")[..] else { panic!("{seen}") };
    assert_eq!((&one["process"]["pid"], &one["writable"]), (&json!(pid), &json!(writable)));
    assert_eq!((&one["process"]["fds"], &seen["held"]), (&json!([3]), &json!(false)));
    let dangers = if writable { json!(["writer-unlocked"]) } else { json!([]) };
    assert_eq!(seen["dangers"], dangers);
    let access = if writable { "to write" } else { "to read" };
    let state = if writable { "in use without a lock" } else { "free: not locked" };
    assert!(text.contains(&format!("disk.img {state} open without a lock")), "{text}");
    assert!(text.contains(&format!("{access} pid {pid} cat")), "{text}");
    assert_eq!(text.contains("a granted open does not mean exclusive use"), writable, "{text}");
}

#[test]
fn who_has_a_lock_or_waits_for_one_is_not_said_to_have_none() {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let _beside = open(&path);
    let _file = locked(&path, Mode::Rw);
    assert_eq!(seen(&path)["unlocked"], json!([]));
}

#[test]
fn an_image_is_known_by_all_its_names() {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let [symlink, hard_link] = ["symlink", "hard"].map(|name| folder.path().join(name));
    std::os::unix::fs::symlink(&path, &symlink).expect("a symbolic link");
    std::fs::hard_link(&path, &hard_link).expect("a hard link");
    let file = locked(&path, Mode::Rw);
    for name in [&path, &symlink, &hard_link] {
        assert_eq!(pids(&seen(name)["holders"][0]), [this_pid()], "{}", name.display());
    }
    for name in [path, hard_link] {
        std::fs::remove_file(name).expect("unlinked");
    }
    let deleted = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
    assert_eq!(pids(&seen(Path::new(&deleted))["holders"][0]), [this_pid()]);
}

/// Runs imglock as a user without access to the processes of other users.
fn as_nobody(folder: &Place, args: &[&str], path: &Path) -> std::process::Output {
    use std::os::unix::fs::PermissionsExt;

    // Another user may have no access to the build directory.
    let program = folder.path().join("imglock");
    if !program.exists() {
        std::fs::copy(env!("CARGO_BIN_EXE_imglock"), &program).expect("a copy");
    }
    let everybody = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), everybody).expect("our folder");
    let mut command = Command::new(program);
    command.arg("holders").args(args).arg(path).uid(NOBODY).gid(NOBODY);
    command.output().expect("imglock runs")
}

#[test]
fn processes_of_other_users_are_counted() {
    if !is_met("root", not_root("running as another user")) {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let file = locked(&path, Mode::Rw);
    let run = as_nobody(&folder, &["--json"], &path);
    assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));
    let document: Value = serde_json::from_slice(&run.stdout).expect("JSON");
    let seen = &document["images"][0];
    let count = &document["unreadable"]["processes"]["other-user"];
    assert!(count.as_u64().is_some_and(|count| count > 0), "{document}");
    assert_eq!(seen["holders"], json!([]));
    let unexplained = seen["unexplained"].as_array().expect("locks");
    assert_eq!(unexplained.len(), 2, "{seen}");
    assert!(can_be(&unexplained[0], "unreadable-process"), "{seen}");
    let answers = seen["answers"].as_array().expect("answers");
    assert!(answers.iter().any(|one| one["mode"] == "rw" && one["by_unknown"] == true), "{seen}");

    let text = as_nobody(&folder, &[], &path);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("an unknown holder"), "{text}");
    assert!(text.contains("of other users could not be inspected. Run as root"), "{text}");
    drop(file);

    // The kernel shows the owner of a POSIX lock to every user.
    let file = open(&path);
    take(&file, Backend::Posix, Mode::Rw);
    let run = as_nobody(&folder, &["--json"], &path);
    let document: Value = serde_json::from_slice(&run.stdout).expect("JSON");
    let holder = &document["images"][0]["holders"][0];
    assert_eq!(pids(holder), [this_pid()], "{document}");
    assert_eq!(holder["owner"], "table");
    assert_eq!(holder["processes"][0]["fds"], json!([]));
    assert_eq!(holder["processes"][0]["command"], json!(std::env::args().collect::<Vec<_>>()));
}

//! `probe` from outside: on a kernel that locks, on one that refuses to lock,
//! and on one that only pretends to lock.

mod outside;

use std::path::Path;
use std::process::{Command, Output};

use nix::errno::Errno;
use nix::libc;
use outside::refusing::{OFD, POSIX, Refusal, output_under};
use outside::{Folder, imglock, is_met, not_installed, not_root};
use predicates::prelude::*;
use predicates::str::contains;
use rstest::rstest;

/// The command, to be run under filters.
fn probe(directory: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_imglock"));
    command.args(["probe", "--rounds", "2"]).args(more).arg(directory);
    command
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// On one line, however it was wrapped.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The two answers of a line.
fn answers(text: &str, label: &str) -> (String, String) {
    let line = text.lines().find(|line| line.trim_start().starts_with(label)).expect("the line");
    let mut cells = line.trim_start()[label.len()..].split("  ").filter(|cell| !cell.is_empty());
    let mut cell = || cells.next().expect("two answers").trim().to_owned();
    (cell(), cell())
}

fn both(ofd: &str, posix: &str) -> (String, String) {
    (ofd.to_owned(), posix.to_owned())
}

fn is_empty(directory: &Path) -> bool {
    std::fs::read_dir(directory).expect("a directory").next().is_none()
}

#[test]
fn every_rule_holds_where_the_tests_run() {
    let folder = Folder::new();
    let output = imglock().args(["probe", "--rounds", "3"]).arg(folder.path()).assert().code(0);
    let text = text(output.get_output());
    assert_eq!(answers(&text, "refused: write against write"), both("yes", "yes"));
    assert_eq!(answers(&text, "kept when a second descriptor closes"), both("yes", "no, by rule"));
    assert_eq!(answers(&text, "kept by a forked child"), both("yes", "no, by rule"));
    assert!(text.contains("Fine: `locking=auto`, the default, takes OFD locks here"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80 || line.starts_with('/')), "{text}");
    assert!(is_empty(folder.path()), "something was left behind");
}

#[test]
fn json_has_every_property_and_its_evidence() {
    let folder = Folder::new();
    let output = imglock().args(["probe", "--json"]).arg(folder.path()).assert().code(0);
    let document: serde_json::Value =
        serde_json::from_slice(&output.get_output().stdout).expect("JSON");
    assert_eq!(document["schema"], 2);
    let probe = &document["probes"][0];
    assert_eq!(probe["holds"], true, "{probe}");
    assert_eq!(probe["meaning"][0]["advice"], "fine", "{probe}");
    let properties = probe["properties"].as_array().expect("an array");
    assert_eq!(properties.len(), imglock_engine::Property::ALL.len());
    for property in properties {
        for backend in ["ofd", "posix"] {
            assert_eq!(property[backend]["standing"], "holds", "{property}");
            assert!(property[backend]["evidence"][0]["step"].is_string(), "{property}");
        }
    }
}

/// The test cannot know the times. It checks that there are times, and of this
/// number of rounds.
#[test]
fn every_killed_holder_lets_go() {
    let folder = Folder::new();
    let output =
        imglock().args(["probe", "--json", "--rounds", "4"]).arg(folder.path()).assert().code(0);
    let document: serde_json::Value =
        serde_json::from_slice(&output.get_output().stdout).expect("JSON");
    let releases = document["probes"][0]["releases"].as_array().expect("an array");
    let what = |r: &serde_json::Value| (r["backend"].clone(), r["uring"].clone());
    let series: Vec<_> = releases.iter().map(what).collect();
    let of = |backend: &str, uring: bool| (backend.into(), uring.into());
    assert_eq!(
        series,
        [("ofd", false), ("posix", false), ("ofd", true), ("posix", true)].map(|(b, u)| of(b, u))
    );
    for release in releases {
        let timing = &release["timing"];
        if timing["result"] == "not-tried" {
            let why = timing["why"].as_str().expect("a reason");
            assert!(release["uring"] == true && why.starts_with("io_uring gave "), "{release}");
            continue;
        }
        assert_eq!(timing["result"], "measured", "{release}");
        assert_eq!(timing["rounds"], 4, "{release}");
        for series in ["from_kill", "after_exit"] {
            let [median, worst] = ["median_us", "worst_us"].map(|key| timing[series][key].as_u64());
            assert!(median.is_some() && median <= worst, "{release}");
        }
        // No process dies before the kill.
        for key in ["median_us", "worst_us"] {
            let [killed, died] =
                ["from_kill", "after_exit"].map(|series| timing[series][key].as_u64());
            assert!(killed > died, "{release}");
        }
    }
}

#[test]
fn without_ofd_locks_qemu_is_on_its_own() {
    let folder = Folder::new();
    let refused = [Refusal::fcntl(&OFD, Errno::EINVAL as i32)];
    let output = output_under(&refused, probe(folder.path(), &[]));
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!(answers(&text, "granted without a conflict"), both("EINVAL", "yes"), "{text}");
    assert_eq!(answers(&text, "refused: write against write"), both("not tried", "yes"));
    assert_eq!(answers(&text, "refuse a second writer"), both("not tried", "yes"));
    assert!(text.contains("not tried: no ofd lock is granted\n"), "{text}");
    let says = "With `locking=auto`, the default, QEMU locks nothing here and prints no warning. \
                `locking=on` falls back to POSIX locks";
    assert!(flat(&text).contains(says), "{text}");
    assert!(is_empty(folder.path()), "something was left behind");
}

#[test]
fn without_any_locks_qemu_is_to_be_told_so() {
    let folder = Folder::new();
    let refused = [Refusal::fcntl(&[OFD, POSIX].concat(), Errno::ENOLCK as i32)];
    let output = output_under(&refused, probe(folder.path(), &[]));
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!(answers(&text, "granted without a conflict"), both("ENOLCK", "ENOLCK"), "{text}");
    let says = "`locking=on` fails with `Failed to lock byte 100: No locks available`. \
                Use `locking=off`";
    assert!(flat(&text).contains(says), "{text}");
    assert!(is_empty(folder.path()), "something was left behind");
}

/// A file system without locks on a kernel that has them: /dev/null is asked
/// with `F_OFD_GETLK` only, and that works.
#[test]
fn where_only_dev_null_has_ofd_locks_qemu_does_not_start() {
    let folder = Folder::new();
    let refused = [Refusal::fcntl(&[37, 38, 6, 7], Errno::ENOLCK as i32)];
    let output = output_under(&refused, probe(folder.path(), &[]));
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        flat(&text).contains("QEMU does not start: `Failed to lock byte 100: No locks available`"),
        "{text}"
    );
}

/// Errno 0 is success: the call reports the lock as granted, but there is none.
#[rstest]
#[case::ofd(&OFD[1..], "ofd", "OFD")]
#[case::both(&[37, 38, 6, 7], "ofd", "OFD")]
#[case::posix(&[6, 7], "posix", "POSIX")]
fn locks_that_keep_nobody_out_are_found_out(
    #[case] commands: &[u64],
    #[case] backend: &str,
    #[case] name: &str,
) {
    let folder = Folder::new();
    let output = output_under(&[Refusal::fcntl(commands, 0)], probe(folder.path(), &[]));
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let of_backend = |label: &str| {
        let (ofd, posix) = answers(&text, label);
        if backend == "ofd" { ofd } else { posix }
    };
    assert_eq!(of_backend("granted without a conflict"), "yes", "{text}");
    assert_eq!(of_backend("refused: write against write"), "no", "{text}");
    assert_eq!(of_backend("shown correctly in /proc/locks"), "no", "{text}");
    assert_eq!(of_backend("gone when the file is closed"), "not tried", "{text}");
    assert_eq!(of_backend("refuse a second writer"), "no", "{text}");
    assert_eq!(of_backend("after the SIGKILL"), "not tried", "{text}");
    assert!(text.contains("not tried: a lock does not exclude other processes\n"), "{text}");
    let seen = format!("A lock is refused: write against write ({backend}): no\n");
    assert!(text.contains(&seen), "{text}");
    assert!(text.contains("granted, expected EAGAIN\n"), "{text}");
    let says = if name == "OFD" {
        "Worse than no locks: OFD locks are granted here and do not exclude other"
    } else {
        "POSIX locks do not work correctly. QEMU does not need them"
    };
    assert!(flat(&text).contains(says), "{text}");
    assert!(is_empty(folder.path()), "something was left behind");
}

#[rstest]
#[case::hidden(Errno::ENOSYS, "ENOSYS: this kernel has none, or a seccomp filter hides it")]
#[case::forbidden(Errno::EPERM, "io_uring gave EPERM: ")]
fn without_io_uring_the_rest_is_measured(#[case] errno: Errno, #[case] says: &str) {
    let folder = Folder::new();
    let refused = [Refusal::call(libc::SYS_io_uring_setup, errno as i32)];
    let output = output_under(&refused, probe(folder.path(), &[]));
    let text = text(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(flat(&text).contains(says), "{text}");
    let with = answers(&text, "after the SIGKILL, with io_uring");
    assert_eq!(with, both("not tried", "not tried"), "{text}");
}

#[test]
fn a_file_system_without_hard_links_is_no_fault_of_its_locks() {
    let folder = Folder::new();
    let refused = [Refusal::call(libc::SYS_linkat, Errno::EPERM as i32)];
    let output = output_under(&refused, probe(folder.path(), &[]));
    let text = text(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(answers(&text, "through a hard link"), both("not tried", "not tried"), "{text}");
    let why = "not tried: `host hardlink other.img to=disk.img` gave EPERM\n";
    assert!(text.contains(why), "{text}");
}

/// A process that runs at the right moment may answer before the deadline is
/// checked. With so many steps, not all of them do.
#[test]
fn a_call_that_does_not_return_is_said_to_hang() {
    let folder = Folder::new();
    let mut command = probe(folder.path(), &["--timeout", "0.000000001"]);
    let output = command.output().expect("imglock runs");
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(flat(&text).contains("gave no answer within 1ns"), "{text}");
    assert!(text.contains("- A call did not come back in time"), "{text}");
    assert!(is_empty(folder.path()), "something was left behind");
}

#[test]
fn a_file_stands_for_its_directory_and_is_not_touched() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "precious");
    let about = || std::fs::metadata(&image).expect("the file").modified().expect("a time");
    let before = about();
    let probe = ["probe", "--rounds", "1"];
    let named = imglock().args(probe).arg(&image).assert().code(0);
    assert!(text(named.get_output()).starts_with(&format!("{}\n", folder.path().display())));
    // By its bare name, from its own directory.
    let bare = imglock().args(probe).arg("disk.img").current_dir(folder.path()).assert().code(0);
    assert!(text(bare.get_output()).starts_with(".\n"));
    assert_eq!(std::fs::read(&image).expect("the file"), b"precious");
    assert_eq!(about(), before);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a directory").count(), 1);
}

/// The lock is granted, and only the test whether another process has one fails.
#[test]
fn a_test_that_fails_is_quoted_as_qemu_quotes_it() {
    let folder = Folder::new();
    let output =
        output_under(&[Refusal::fcntl(&[36, 5], Errno::EIO as i32)], probe(folder.path(), &[]));
    let text = flat(&text(&output));
    assert_eq!(output.status.code(), Some(1), "{text}");
    let says = "QEMU does not start: `Failed to get \"consistent read\" lock: Input/output error`";
    assert!(text.contains(says), "{text}");
    assert!(!text.contains("two QEMUs can write"), "{text}");
}

/// A loop device, detached when it is dropped.
struct Loop(std::path::PathBuf);

impl Loop {
    fn of(image: &Path) -> Loop {
        let run = Command::new("losetup").args(["--find", "--show"]).arg(image).output();
        let run = run.expect("losetup runs");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        Loop(String::from_utf8_lossy(&run.stdout).trim().into())
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").arg("--detach").arg(&self.0).status();
    }
}

#[test]
fn a_block_device_is_itself_locked() {
    let missing = not_root("a loop device").or_else(|| not_installed("losetup"));
    if !is_met("file-systems", missing) {
        return;
    }
    let folder = Folder::new();
    let image = folder.file("disk.img", &"x".repeat(1 << 20));
    let device = Loop::of(&image);
    let output = probe(&device.0, &[]).output().expect("imglock runs");
    let told = text(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.starts_with(&format!("{}\n  block device on", device.0.display())), "{told}");
    assert_eq!(answers(&told, "refused: write against write"), both("yes", "yes"), "{told}");
    assert_eq!(answers(&told, "through a hard link"), both("not tried", "not tried"), "{told}");
    assert!(flat(&told).contains("Locks work only through this node (a block device)."), "{told}");
    assert!(!told.contains("Fine"), "{told}");
    let content = std::fs::read(&image).expect("the image");
    assert!(content.iter().all(|byte| *byte == b'x'), "the device was written to");

    // The locks of the probe would be in the way of this process.
    let _user = std::fs::File::open(&device.0).expect("the device");
    let output = probe(&device.0, &[]).output().expect("imglock runs");
    let told = text(&output);
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("is in use, or it is not known that it is free"), "{told}");
    assert!(told.contains("imglock holders"), "{told}");
}

#[test]
fn several_places_are_told_one_after_the_other() {
    let (one, two) = (Folder::new(), Folder::new());
    let output =
        imglock().args(["probe", "--rounds", "1"]).args([one.path(), two.path()]).assert().code(0);
    let text = text(output.get_output());
    for folder in [&one, &two] {
        assert!(text.contains(&format!("{}\n", folder.path().display())), "{text}");
    }
    assert_eq!(text.matches("Consequences for QEMU").count(), 2, "{text}");
}

#[rstest]
#[case::not_there(
    "/nonexistent/images",
    "cannot examine /nonexistent/images: No such file",
    "name a directory, or a file or device that exists"
)]
#[case::proc("/proc", "cannot make a file in /proc: ", "name a directory that you can write to")]
fn a_place_that_cannot_be_used_is_said_to_be_so(
    #[case] path: &str,
    #[case] says: &str,
    #[case] next: &str,
) {
    let next = contains(next);
    imglock().args(["probe", path]).assert().code(4).stdout("").stderr(contains(says).and(next));
}

#[test]
fn a_directory_that_may_not_be_written_is_said_to_be_so() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;

    let folder = Folder::new();
    let mode = |mode| std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(mode));
    mode(0o555).expect("ours");
    let mut command = probe(folder.path(), &[]);
    // Root can write to every directory. User 65534 (nobody) therefore tries
    // it, with a copy of the command that this user can reach.
    let open = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir();
    let open = open.expect("a directory");
    if nix::unistd::geteuid().is_root() {
        let (built, copy) = (env!("CARGO_BIN_EXE_imglock"), open.path().join("imglock"));
        std::fs::hard_link(built, &copy)
            .or_else(|_| std::fs::copy(built, &copy).map(|_| ()))
            .expect("a copy");
        command = Command::new(copy);
        command.arg("probe").arg(folder.path()).uid(65534).gid(65534);
        mode(0o755).expect("ours");
    }
    let output = command.output().expect("imglock runs");
    mode(0o755).expect("ours");
    let text = text(&output);
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(
        text.contains(": Permission denied\nhelp: name a directory that you can write to"),
        "{text}"
    );
}

#[rstest]
#[case(&["probe"], "<PATH>")]
#[case(&["probe", "--rounds", "0", "/tmp"], "--rounds")]
#[case(&["probe", "--timeout", "0", "/tmp"], "more than 0 seconds")]
fn wrong_usage_says_what_and_exits_2(#[case] args: &[&str], #[case] says: &str) {
    imglock().args(args).assert().code(2).stdout("").stderr(contains(says));
}

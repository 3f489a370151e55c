//! Real QEMU plays the processes of scenarios, from outside.

mod outside;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use imglock_qemu::QemuProgram;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use outside::qemu::folders;
use outside::{Folder, LASTS, imglock};
use predicates::str::contains;
use serde_json::Value;

/// Long enough for a launcher on a busy machine to clean up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The available subjects, each with the folder of its program.
fn subjects() -> Vec<(&'static str, PathBuf)> {
    let tools = folders(QemuProgram::Io).into_iter().map(|folder| ("qemu-io", folder));
    monitored().into_iter().chain(tools).collect()
}

/// The subjects that are controlled by QMP.
fn monitored() -> Vec<(&'static str, PathBuf)> {
    let of = |name, program| folders(program).into_iter().map(move |folder| (name, folder));
    let daemons = of("qemu-storage-daemon", QemuProgram::StorageDaemon);
    daemons.chain(of("qemu-system", QemuProgram::System)).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// `imglock run` with a subject.
fn run(subject: &str, folder: &Path) -> assert_cmd::Command {
    let mut command = imglock();
    command.args(["run", "--subject", subject, "--qemu-dir"]).arg(folder);
    command
}

#[test]
fn a_scenario_comes_out_the_same_whoever_plays() {
    for (subject, folder) in subjects() {
        let output = run(subject, &folder).arg("--mix").assert().success();
        let said = text(&output.get_output().stdout);
        let summary =
            said.lines().find(|line| line.contains("the same results with every subject"));
        let words = summary.unwrap_or_else(|| panic!("no summary in\n{said}"));
        let number: usize =
            words.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number");
        assert!(number > 100, "only {number} scenarios were played by {subject} too");
        for cast in
            [format!("builtin+{subject}"), format!("{subject}+builtin"), format!("{subject} ")]
        {
            let played = |line: &&str| line.starts_with("passed") && line.contains(&cast);
            assert!(said.lines().any(|line| played(&line)), "nothing passed with {cast}");
        }
    }
}

#[test]
fn the_mode_matrix_is_the_same_whoever_plays() {
    for (subject, folder) in subjects() {
        let said = imglock()
            .args(["matrix", "--subject", subject, "--qemu-dir"])
            .arg(&folder)
            .assert()
            .success();
        let said = text(&said.get_output().stdout);
        for backend in ["ofd", "posix"] {
            let measured = format!("pairs measured on {backend} by {subject}, all as");
            assert!(said.contains(&measured), "{said}");
        }
    }
}

#[test]
fn data_is_read_and_written_by_qemu_io() {
    let folder_of_stories = Folder::new();
    let story = r#"summary "What one writes the other reads"
about "Data as a witness."
vm1 open disk mode=tool-rw
vm1 write disk at=510 data="aab!"
vm2 open disk mode=tool-ro
vm2 read disk at=509 len=6 {
    expect "data .aab!."
}
"#;
    let file = folder_of_stories.file("witness.kdl", story);
    for folder in folders(QemuProgram::Io) {
        run("qemu-io", &folder)
            .args(["--mix", "--backend", "ofd"])
            .arg(&file)
            .assert()
            .success()
            .stdout(contains("4 passed, 0 failed, 0 skipped"));
    }
}

#[test]
fn what_a_qemu_cannot_do_is_skipped_with_the_reason() {
    for (subject, folder) in subjects() {
        let reason = format!("{subject} cannot fork on request");
        run(subject, &folder)
            .args(["contract/three-writers-one-wins", "process/forked-child-keeps-the-lock"])
            .assert()
            .stdout(contains(reason));
    }
}

#[test]
fn the_report_says_which_qemu_played_and_what_was_said() {
    for (subject, folder) in monitored() {
        let report = run(subject, &folder)
            .args(["contract/three-writers-one-wins", "--backend", "posix", "--format", "json"])
            .assert()
            .success();
        let report: Value = serde_json::from_slice(&report.get_output().stdout).expect("JSON");
        let qemu = &report["places"][0]["environment"]["qemu"][0];
        assert!(qemu["path"].as_str().is_some_and(|path| Path::new(path).starts_with(&folder)));
        assert!(qemu["version"].as_str().is_some_and(|version| version.split('.').count() == 3));
        let result = &report["results"][0];
        assert_eq!(result["subject"], subject);
        let trace = &result["trace"];
        let printed = trace["processes"][0]["printed"].as_str().expect("what it printed");
        assert!(printed.contains("falling back to POSIX file locks"), "{printed}");
        let said = trace["events"][0]["kind"]["step"]["messages"].to_string();
        assert!(said.contains("blockdev-add") && said.contains("take-child-perms"), "{said}");
    }
}

#[test]
fn where_a_qemu_is_missing_that_is_the_reason() {
    imglock()
        .env("PATH", "")
        .args(["run", "--subject", "qemu-system", "contract"])
        .assert()
        .code(4)
        .stdout(contains(
            "qemu-system is not installed: no directory that was searched contains qemu-system-",
        ))
        .stderr(contains("every scenario was skipped"));
    imglock()
        .env("PATH", "")
        .args(["run", "--mix"])
        .assert()
        .code(4)
        .stderr(contains("no QEMU was found to mix with"));
    let empty = tempfile::tempdir().expect("a directory");
    imglock()
        .args(["run", "--subject", "qemu-system", "--qemu-dir"])
        .arg(empty.path())
        .assert()
        .code(2)
        .stderr(contains("holds none of QEMU's programs"));
}

#[test]
fn a_qemu_that_hangs_is_timed_out_with_what_was_said_last() {
    let folder_of_stories = Folder::new();
    let file = folder_of_stories.file("lasts.kdl", LASTS);
    for (number, (subject, folder)) in monitored().into_iter().enumerate() {
        let mark = format!("IMGLOCK_TEST_HANGS_{}_{number}", std::process::id());
        let said = tempfile::NamedTempFile::new().expect("a file");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_imglock"));
        command
            .args(["run", "--subject", subject, "--timeout", "2", "--backend", "posix"])
            .arg("--qemu-dir")
            .arg(&folder)
            .arg(&file)
            .env(&mark, "1")
            .stdout(said.reopen().expect("a file"));
        let mut running = Running::start(&mut command);
        let qemu = Pid::from_raw(await_qemu(&mark, &folder));
        // When it prints its first output, it has opened the image.
        while !has_printed(qemu) {
            std::thread::yield_now();
        }
        kill(qemu, Signal::SIGSTOP).expect("it runs");
        let status = running.0.wait().expect("it ends");
        let told = std::fs::read_to_string(said.path()).expect("text");
        assert_eq!(status.code(), Some(1), "{told}");
        assert!(told.contains("timed out  "), "{told}");
        assert!(
            told.contains("Messages to and from vm1:\n    -> {\"execute\":\"blockdev-"),
            "{told}"
        );
        assert!(told.contains("printed") && told.contains("falling back to POSIX"), "{told}");
    }
}

/// A command that does not outlive a test that fails.
struct Running(std::process::Child);

impl Running {
    fn start(command: &mut std::process::Command) -> Running {
        Running(command.spawn().expect("imglock starts"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a QEMU has printed anything into its log.
fn has_printed(qemu: Pid) -> bool {
    std::fs::metadata(format!("/proc/{qemu}/fd/2")).expect("it runs").len() > 0
}

#[test]
fn without_ofd_locks_the_others_are_tried() {
    imglock()
        .args(["run", "--deny-ofd", "contract/three-writers-one-wins"])
        .assert()
        .success()
        .stdout(contains("no ofd locks here"))
        .stdout(contains("1 passed, 0 failed, 1 skipped"));
}

/// The processes that have `mark` in their environment.
fn marked(mark: &str) -> Vec<i32> {
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let has = |pid: &i32| {
        let words = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        words.split(|byte| *byte == 0).any(|word| word.starts_with(mark.as_bytes()))
    };
    pids.filter(has).collect()
}

/// Waits until a marked process runs a program of `folder`.
fn await_qemu(mark: &str, folder: &Path) -> i32 {
    let deadline = Instant::now() + PATIENCE;
    // The QEMU that plays, not a QEMU that only prints its version.
    let is_qemu = |pid: &i32| {
        let exe = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
        let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        exe.starts_with(folder) && String::from_utf8_lossy(&words).contains("id=qmp")
    };
    loop {
        if let Some(pid) = marked(mark).into_iter().find(is_qemu) {
            return pid;
        }
        assert!(Instant::now() < deadline, "nothing of {} was started", folder.display());
    }
}

#[test]
fn a_killed_command_leaves_no_qemu() {
    for (number, (subject, folder)) in monitored().into_iter().enumerate() {
        for command in [&["run", "--subject", subject][..], &["repro", "mirror"]] {
            let directory = tempfile::tempdir().expect("a directory");
            let mark = format!("IMGLOCK_TEST_MARK_{}_{number}_{}", std::process::id(), command[0]);
            let mut imglock = std::process::Command::new(env!("CARGO_BIN_EXE_imglock"));
            imglock
                .args(command)
                .arg("--qemu-dir")
                .arg(&folder)
                .arg("--dir")
                .arg(directory.path())
                .env(&mark, "1")
                .stdout(std::process::Stdio::null());
            let mut running = Running::start(&mut imglock);
            // `repro` may use any of the programs.
            let anywhere = Path::new("/");
            await_qemu(&mark, if command[0] == "run" { &folder } else { anywhere });
            running.0.kill().expect("it runs");
            running.0.wait().expect("it is our child");
            let deadline = Instant::now() + PATIENCE;
            while !marked(&mark).is_empty() {
                assert!(Instant::now() < deadline, "{:?} still run", marked(&mark));
            }
            let left = std::fs::read_dir(directory.path()).expect("the directory").count();
            assert_eq!(left, 0, "{subject} {command:?}");
        }
    }
}

#[test]
fn the_page_says_which_qemu_played() {
    for (subject, folder) in subjects() {
        let directory = tempfile::tempdir().expect("a directory");
        let page = directory.path().join("page.html");
        run(subject, &folder)
            .args(["contract/three-writers-one-wins", "--backend", "ofd", "--report"])
            .arg(format!("html={}", page.display()))
            .assert()
            .success();
        let page = std::fs::read_to_string(&page).expect("a page");
        let path = folder.canonicalize().expect("it is there");
        assert!(page.contains(&format!("<code>{}/qemu-", path.display())), "{subject}");
        assert!(page.contains(&format!("ofd by {subject}")), "{subject}");
    }
}

/// A folder with programs of QEMU's names that print a version and record each
/// start in the file `starts`.
fn logging_programs() -> Folder {
    let folder = Folder::new();
    let log = folder.path().join("starts");
    std::fs::write(&log, "").expect("writable");
    for program in QemuProgram::ALL {
        let name = program.file_name();
        let text = format!(
            "#!/bin/sh\necho \"{name} $*\" >> '{}'\necho '{name} version 9.1.0'\n",
            log.display()
        );
        let path = folder.path().join(&name);
        std::fs::write(&path, text).expect("writable");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("writable");
    }
    // The same programs by another path, as /bin and /usr/bin are on many machines.
    std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).expect("a link");
    folder
}

/// The starts while `arguments` ran a scenario that only imglock's own workers play.
fn starts(arguments: &[&str]) -> String {
    let folder = logging_programs();
    let path = std::env::join_paths([folder.path().to_owned(), folder.path().join("again")]);
    imglock()
        .args(["run", "process/fork-and-exec-leak-nothing", "--backend", "ofd"])
        .args(arguments)
        .env("PATH", path.expect("a PATH"))
        .assert()
        .success();
    std::fs::read_to_string(folder.path().join("starts")).expect("a log")
}

#[test]
fn programs_that_do_not_play_are_not_started() {
    assert_eq!(starts(&[]), "");
    assert_eq!(starts(&["--subject", "builtin"]), "");
}

#[test]
fn a_program_that_is_to_play_is_asked_for_its_version_once() {
    assert_eq!(starts(&["--subject", "builtin", "--subject", "qemu-io"]), "qemu-io --version\n");
}

#[test]
fn programs_in_a_folder_that_was_named_are_not_started_more_often() {
    let folder = logging_programs();
    let named = folder.path().to_str().expect("a path");
    assert_eq!(starts(&["--qemu-dir", named]), "");
    assert_eq!(std::fs::read_to_string(folder.path().join("starts")).expect("a log"), "");
    assert_eq!(starts(&["--qemu-dir", named, "--subject", "builtin", "--subject", "qemu-io"]), "");
    let log = std::fs::read_to_string(folder.path().join("starts")).expect("a log");
    assert_eq!(log, "qemu-io --version\n");
}

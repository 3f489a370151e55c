//! Scenarios that mount. A user without the permission receives an error. All
//! mounts are gone when the command ends, however it ends.

mod outside;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use outside::mounts::{OVERLAY, output_on};
use outside::{Folder, is_met, not_root};

/// Long enough for a launcher on a busy machine to clean up.
const PATIENCE: Duration = Duration::from_secs(30);

const BOUND: &str = r#"summary "Two names of one image"
about "A bind mount of the file."

host bind copy.img to=disk.img
vm1 open disk mode=rw
vm2 open disk image=copy.img mode=rw {
    expect "refused write"
}
"#;

const COPIED: &str = r#"summary "An image that is copied up"
about "Its data are in the upper directory from then on."

host overlay top.img over=disk.img
vm1 open disk image=top.img mode=rw
vm1 write disk at=0 data="upper"
"#;

/// Adds one mount after the other, each with a process that uses it.
const MORE_AND_MORE: &str = r#"summary "One mount after the other"
about "Until it is stopped."

repeat 5000 as=n {
    host overlay top$n.img over=disk.img
    host bind copy$n.img to=top$n.img read-only=#true
    vm open node$n image=top$n.img mode=rw
}
"#;

fn may_mount() -> bool {
    is_met("file-systems", not_root("mounting"))
}

fn run(file: &Path, directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_imglock"));
    command.args(["run", "--backend", "ofd", "--dir"]).arg(directory).arg(file);
    command
}

fn text(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text)).concat()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("the directory is there");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

/// The mounts below `directory` that this process sees.
fn mounted_below(directory: &Path) -> Vec<String> {
    let mounts = fs::read_to_string("/proc/thread-self/mountinfo").expect("our mounts");
    let directory = directory.to_str().expect("a path in UTF-8");
    mounts.lines().filter(|line| line.contains(directory)).map(str::to_owned).collect()
}

#[test]
fn who_may_not_mount_is_told_so_and_runs_the_rest() {
    let folder = Folder::new();
    let other = folder.file("other.kdl", outside::PASSES);
    let mut command = run(&folder.file("bound.kdl", BOUND), folder.path());
    // Run as user 65534 (nobody), from a copy of the command that this user can reach.
    let open = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o777)).tempdir();
    let open = open.expect("a directory");
    if nix::unistd::geteuid().is_root() {
        let (built, copy) = (env!("CARGO_BIN_EXE_imglock"), open.path().join("imglock"));
        fs::hard_link(built, &copy)
            .or_else(|_| fs::copy(built, &copy).map(|_| ()))
            .expect("a copy");
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).expect("ours");
        let mut nobodys = Command::new(copy);
        nobodys.args(command.get_args()).uid(65534).gid(65534);
        command = nobodys;
    }
    let output = command.output().expect("imglock runs");
    let told = text(&output);
    assert_eq!(output.status.code(), Some(4), "nothing was tried\n{told}");
    assert!(told.contains("\n  skipped 1: mounting takes root (CAP_SYS_ADMIN)\n"), "{told}");
    let output = command.arg(other).output().expect("imglock runs");
    let told = text(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("1 passed, 0 failed, 1 skipped, 0 timed out"), "{told}");
}

#[test]
fn an_overlay_on_an_overlay_is_skipped_with_the_reason() {
    let folder = Folder::new();
    let files = [folder.file("bound.kdl", BOUND), folder.file("copied.kdl", COPIED)];
    let files = files.map(|file| file.display().to_string()).join(" ");
    let script = format!("$imglock run --backend ofd --dir $dir {files} && ls -A $dir");
    let Some(output) = output_on(OVERLAY, &script) else { return };
    let told = text(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("1 passed, 0 failed, 1 skipped, 0 timed out"), "{told}");
    let why = "  skipped 1: this file system cannot be the upper layer of an overlayfs\n";
    assert!(told.ends_with(why), "something is left, or this is not the reason\n{told}");
}

#[test]
fn what_is_kept_is_the_files_and_no_mount() {
    if !may_mount() {
        return;
    }
    let folder = Folder::new();
    let directory = tempfile::tempdir().expect("a directory");
    let output = run(&folder.file("copied.kdl", COPIED), directory.path()).arg("--keep").output();
    let output = output.expect("imglock runs");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let [scratch] = &entries(directory.path())[..] else { panic!("one scratch directory") };
    let kept = scratch.join("1");
    let length = |name: &str| fs::metadata(kept.join(name)).expect("a file").len();
    assert_eq!(length("top.img"), 0, "only the file that was mounted on is left");
    assert_eq!(length("disk.img"), 1 << 20);
    let upper = fs::read(kept.join(".overlay-1/upper/image")).expect("the copy");
    assert!(upper.starts_with(b"upper") && upper.len() == 1 << 20);
    assert_eq!(entries(&kept.join(".overlay-1/merged")), [] as [PathBuf; 0]);
}

/// Starts the scenario that keeps mounting, and waits for this number of mounts.
fn at_work(file: &Path, directory: &Path, mounts: usize) -> Child {
    let mut command = run(file, directory);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().expect("imglock starts");
    let bound = |scratch: &PathBuf| {
        let files = fs::read_dir(scratch.join("1")).into_iter().flatten().flatten();
        files.filter(|file| file.file_name().to_string_lossy().starts_with("copy")).count()
    };
    let deadline = Instant::now() + PATIENCE;
    while entries(directory).iter().map(bound).sum::<usize>() < mounts {
        assert!(Instant::now() < deadline, "it mounts nothing");
        std::thread::yield_now();
    }
    child
}

/// Ends the command by `signal`, and waits until all its descendants have
/// exited: each of them has its standard error.
fn end(mut child: Child, signal: Signal) {
    use std::io::Read;

    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    kill(pid, signal).expect("it has not been reaped");
    let mut errors = child.stderr.take().expect("a pipe");
    errors.read_to_end(&mut Vec::new()).expect("the end of all");
    child.wait().expect("our child");
}

#[test]
fn a_killed_or_interrupted_command_leaves_no_mount_and_no_file() {
    if !may_mount() {
        return;
    }
    let folder = Folder::new();
    // With a space in the name, which the kernel escapes in its list of mounts.
    let directory = tempfile::Builder::new().prefix("mounts of ").tempdir().expect("a directory");
    let file = folder.file("more-and-more.kdl", MORE_AND_MORE);
    let ends = [Signal::SIGKILL, Signal::SIGKILL, Signal::SIGINT, Signal::SIGKILL];
    for (signal, mounts) in ends.into_iter().zip([1, 2, 4, 8]) {
        let child = at_work(&file, directory.path(), mounts);
        // No process outside the command's mount namespace sees the mounts.
        assert_eq!(mounted_below(directory.path()), [] as [String; 0]);
        end(child, signal);
        let left = entries(directory.path());
        assert!(left.is_empty(), "{signal} after {mounts} mounts: left behind {left:?}");
    }
}

/// The page shows the command's output and leaves no scenario out.
#[test]
fn the_page_shows_what_there_is() {
    let page = include_str!("../docs/mounts.md");
    let explained = outside::imglock()
        .args(["explain", "mounts/overlay-does-not-see-the-lower-lock"])
        .assert()
        .success();
    let shown = String::from_utf8_lossy(&explained.get_output().stdout).into_owned();
    assert!(page.contains(&shown), "the page does not show:\n{shown}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/mounts");
    let scenarios = entries(&folder);
    assert!(!scenarios.is_empty());
    for file in scenarios {
        let name = file.file_stem().expect("a name").to_str().expect("a name");
        assert!(page.contains(&format!("`{name}`")), "the page does not name {name}");
    }
}

//! File systems that are made for a run, and the probe and the mode matrix on
//! real ones.

mod outside;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use imglock_engine::{RunDocument, RunLine};
use imglock_scenario::Standing;
use outside::mounts::{BTRFS, EXT4, FileSystem, OVERLAY, TMPFS, XFS, output_on};
use outside::{Folder, imglock, is_met, not_installed, not_root};
use rstest::rstest;

/// Long enough for a launcher on a busy machine to clean up.
const PATIENCE: Duration = Duration::from_secs(60);

const PLAIN: &str = "contract/second-writer-is-refused";

fn can_make(programs: &[&str]) -> bool {
    let missing = programs.iter().find_map(|program| not_installed(program));
    is_met("file-systems", not_root("mounting a file system").or(missing))
}

#[test]
fn every_scenario_is_as_it_must_be_on_every_file_system() {
    if !can_make(&["mkfs.ext4", "mkfs.xfs", "mkfs.btrfs"]) {
        return;
    }
    let folder = Folder::new();
    let report = folder.path().join("r.json");
    let output = imglock()
        .args(["run", "--fs", "ext4,xfs,btrfs,tmpfs,overlay,bind,fuse,fuse-locks"])
        .arg("--dir")
        .arg(folder.path())
        .arg(format!("--report=json={}", report.display()))
        .output()
        .expect("imglock runs");
    let (text, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "\n{text}{errors}");
    let document: RunDocument =
        serde_json::from_slice(&fs::read(&report).expect("a report")).expect("a document");
    let reached = document.places.iter().filter(|place| place.is_reached());
    let names: Vec<String> = reached.map(|place| place.name.to_string()).collect();
    let all = ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "bind", "fuse", "fuse-locks"];
    assert_eq!(names, all, "\n{text}");
    // The place is the file system of its name, not the directory that contains it.
    for place in &document.places {
        let name = place.name.to_string();
        let kind = match name.as_str() {
            "bind" => "tmpfs",
            "fuse" | "fuse-locks" => "fuse",
            name => name,
        };
        assert!(place.environment.file_system.starts_with(kind), "{place:?}");
        assert_eq!(place.environment.hides_locks, place.name == "fuse-locks".into(), "{place:?}");
    }
    for result in &document.results {
        let allowed: &[Standing] = match result.place.to_string().as_str() {
            "fuse-locks" => &[Standing::Passed, Standing::Known, Standing::Skipped],
            // They cannot hold an upper directory.
            "overlay" | "fuse" if result.scenario.theme() == "mounts" => {
                &[Standing::Passed, Standing::Skipped]
            }
            _ => &[Standing::Passed],
        };
        let standing = result.standing();
        assert!(allowed.contains(&standing), "{standing:?} at {}: {result:?}", result.place);
    }
    // Only the report is left of it.
    let left = fs::read_dir(folder.path()).expect("the directory is there").count();
    assert_eq!(left, 1);
}

#[test]
fn what_cannot_be_made_is_skipped_and_says_what_to_install() {
    if !can_make(&[]) {
        return;
    }
    let output = imglock()
        .args(["run", "--fs", "xfs,tmpfs", "--backend", "ofd", PLAIN])
        // Where no mkfs is.
        .env("PATH", "/proc/self/fdinfo")
        .output()
        .expect("imglock runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(0), "\n{text}");
    assert!(
        text.contains("xfs  skipped: mkfs.xfs is not installed (Debian: xfsprogs)\n"),
        "{text}"
    );
    assert!(text.contains("tmpfs  1 passed, 0 failed, 0 skipped, 0 timed out\n"), "{text}");
}

#[test]
fn who_may_not_mount_is_told_so_before_anything_runs() {
    let folder = Folder::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_imglock"));
    if nix::unistd::geteuid().is_root() {
        // Run as user 65534 (nobody), from a copy of the command that this user
        // can reach.
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).expect("ours");
        let copy = folder.path().join("imglock");
        fs::copy(env!("CARGO_BIN_EXE_imglock"), &copy).expect("a copy");
        command = Command::new(copy);
        command.uid(65534).gid(65534);
    }
    command.args(["run", "--fs", "tmpfs", PLAIN, "--dir"]).arg(folder.path());
    let output = command.output().expect("imglock runs");
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: no file system can be mounted: mounting takes root (CAP_SYS_ADMIN)\n\
         help: run imglock as root, or use an existing directory: --dir instead of --fs\n"
    );
}

/// The files that loop devices show, as the kernel names them.
fn loop_files() -> Vec<String> {
    let devices = fs::read_dir("/sys/block").expect("block devices").filter_map(Result::ok);
    let file =
        |device: fs::DirEntry| fs::read_to_string(device.path().join("loop/backing_file")).ok();
    devices.filter_map(file).collect()
}

#[test]
fn a_killed_command_leaves_no_mount_no_device_and_no_file() {
    if !can_make(&["mkfs.ext4"]) {
        return;
    }
    let folder = Folder::new();
    let lasts = folder.file("lasts.kdl", outside::LASTS);
    let scratch = tempfile::tempdir().expect("a directory");
    let mut child = Command::new(env!("CARGO_BIN_EXE_imglock"))
        .args(["run", "--fs", "ext4", "--backend", "ofd", "--format", "json-lines", "--dir"])
        .arg(scratch.path())
        .args([folder.file("first.kdl", outside::PASSES), lasts])
        .stdout(Stdio::piped())
        .spawn()
        .expect("imglock runs");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let lines = lines.map(|line| {
        serde_json::from_str::<RunLine>(&line.expect("text")).expect("a line of a run")
    });
    // The file system is mounted, and a scenario has run on it.
    for line in lines {
        if matches!(line, RunLine::Result(_)) {
            break;
        }
    }
    let path = scratch.path().to_str().expect("a path in UTF-8").to_owned();
    let is_ours = |file: &String| file.contains(&path);
    assert_eq!(loop_files().iter().filter(|file| is_ours(file)).count(), 1);
    let mounts = || fs::read_to_string("/proc/self/mountinfo").expect("our mounts");
    assert!(!mounts().contains(&path), "it is mounted where everybody sees it");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let deadline = Instant::now() + PATIENCE;
    let is_gone = |scratch: &Path| {
        fs::read_dir(scratch).expect("the directory is there").next().is_none()
            && !loop_files().iter().any(is_ours)
    };
    while !is_gone(scratch.path()) {
        assert!(Instant::now() < deadline, "{:?} and {:?} are left", scratch.path(), loop_files());
        std::thread::yield_now();
    }
}

#[test]
fn shards_make_up_the_whole() {
    let of = |shard: &str| {
        let output = imglock()
            .args(["run", "hotplug", "names", "--format", "json", "--shard", shard])
            .output()
            .expect("imglock runs");
        assert_eq!(output.status.code(), Some(0), "shard {shard}");
        let document: RunDocument = serde_json::from_slice(&output.stdout).expect("a document");
        let runs = document.results.into_iter().map(|one| (one.scenario, one.backend));
        runs.collect::<Vec<_>>()
    };
    let whole = of("1/1");
    let mut parts: Vec<_> = ["1/3", "2/3", "3/3"].iter().flat_map(|shard| of(shard)).collect();
    assert!(of("1/3").len() < whole.len());
    let mut whole = whole;
    whole.sort();
    parts.sort();
    assert_eq!(parts, whole);
}

#[test]
fn a_part_without_a_run_is_told() {
    let output = imglock().args(["run", PLAIN, "--shard", "5/9"]).output().expect("imglock runs");
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: this part contains no run\n\
         help: select more scenarios, or choose a larger part with --shard\n"
    );
}

#[rstest]
#[case::ext4(EXT4)]
#[case::xfs(XFS)]
#[case::btrfs(BTRFS)]
#[case::tmpfs(TMPFS)]
#[case::overlay(OVERLAY)]
fn the_mode_matrix_is_as_it_must_be_on(#[case] file_system: FileSystem) {
    let Some(run) = output_on(file_system, "$imglock matrix --dir $dir") else { return };
    let (text, errors) =
        (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert_eq!(run.status.code(), Some(0), "\n{text}{errors}");
}

#[rstest]
#[case::ext4(EXT4, "ext4", "Fine: `locking=auto`")]
#[case::xfs(XFS, "xfs", "Fine: `locking=auto`")]
#[case::btrfs(BTRFS, "btrfs", "Fine: `locking=auto`")]
#[case::tmpfs(TMPFS, "tmpfs", "Fine: `locking=auto`")]
#[case::overlay(OVERLAY, "overlay", "Locks work only through this mount (overlay).")]
fn the_probe_finds_every_rule_kept_on(
    #[case] file_system: FileSystem,
    #[case] name: &str,
    #[case] meaning: &str,
) {
    let script = "$imglock probe $dir && test -z \"$(ls $dir | grep -v lost+found)\"";
    let Some(run) = output_on(file_system, script) else { return };
    let (text, errors) =
        (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert_eq!(run.status.code(), Some(0), "\n{text}{errors}");
    assert!(text.contains(&format!("\n  {name} on Linux ")), "\n{text}");
    assert!(text.contains(meaning), "\n{text}");
    // No check was left out, except for io_uring, which some kernels do not permit.
    let table = text.split_once("Time until a lock is released").expect("times").0;
    assert!(!table.contains("not tried"), "\n{text}");
}

//! What a survey cannot look at, and why; and that it looks at all the rest.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use imglock_core::Mode;
use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rstest::rstest;
use serde_json::{Value, json};

use crate::outside::mounts::{EXT4, output_on};
use crate::outside::{is_met, not_installed, not_root};
use crate::place::{Place, image, locked};
use crate::{NOBODY, as_nobody, can_be, document_of, pids, seen, served};

/// A process that has announced a line, and ends with its input.
struct Waiting {
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Waiting {
    /// The command prints a line on standard error once it is ready. `on` is its standard output, of
    /// which this process keeps no copy.
    fn start(mut command: Command, on: impl Into<Stdio>) -> Waiting {
        command.stdin(Stdio::piped()).stdout(on).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command runs");
        let stdin = child.stdin.take();
        let mut line = String::new();
        let stderr = child.stderr.take().expect("a pipe");
        BufReader::new(stderr).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        Waiting { child, stdin }
    }

    fn pid(&self) -> i64 {
        i64::from(self.child.id())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.stdin = None;
        self.child.wait().expect("our child");
    }
}

fn count(document: &Value, reason: &str) -> u64 {
    document["unreadable"]["processes"][reason].as_u64().unwrap_or(0)
}

/// Root has no access to the file at descriptor 0, and looks at the later ones all the same.
#[test]
fn a_descriptor_that_root_may_not_look_at_hides_no_other() {
    if !served::is_possible() {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("ours");
    let closed = folder.path().join("closed");
    let file = locked(&path, Mode::Rw);
    served::alone_to(NOBODY, &closed, |hold| {
        drop(hold);
        let script = "exec 3<&0 0<\"$0\" 4>&1; echo ready >&2; read -u 3";
        let mut command = Command::new("bash");
        command.args(["-c", script]).arg(&closed).uid(NOBODY).gid(NOBODY);
        let process = Waiting::start(command, file);
        let stat = std::fs::metadata(format!("/proc/{}/fd/0", process.pid()));
        let refused = stat.expect_err("closed to root").kind();
        assert_eq!(refused, std::io::ErrorKind::PermissionDenied);

        let run = crate::imglock().args(["holders", "--json"]).arg(&path).output();
        let document = document_of(&run.expect("imglock runs"));
        let holder = &document["images"][0]["holders"][0];
        assert_eq!(pids(holder), [process.pid()], "{document}");
        assert_eq!(holder["processes"][0]["fds"], json!([1, 4]));
        assert_eq!(document["unreadable"]["descriptors"], json!({}));
        assert_eq!(count(&document, "other-user"), 0, "{document}");
    });
}

/// As in a container, where root lacks CAP_SYS_PTRACE: it can list the descriptors of every process,
/// but not look at them.
#[test]
fn root_without_a_capability_learns_which_one_is_missing() {
    let missing = not_root("dropping capabilities").or_else(|| not_installed("setpriv"));
    if !is_met("root", missing) {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let mut command = Command::new("sh");
    command.args(["-c", "echo ready >&2; read nothing"]).uid(NOBODY).gid(NOBODY);
    let process = Waiting::start(command, locked(&path, Mode::Rw));
    let run = |json: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--inh-caps", "-sys_ptrace", "--bounding-set", "-sys_ptrace"]);
        command.arg(env!("CARGO_BIN_EXE_imglock")).arg("holders").args(json).arg(&path);
        command.output().expect("setpriv runs")
    };
    let document = document_of(&run(&["--json"]));
    assert!(count(&document, "other-user") > 0, "{document}");
    assert_eq!(document["unreadable"]["needs"], json!(["CAP_SYS_PTRACE"]));
    let image = &document["images"][0];
    assert_eq!((&image["holders"], &image["held"]), (&json!([]), &json!(true)));
    assert!(can_be(&image["unexplained"][0], "unreadable-process"), "{image}");
    let text = String::from_utf8(run(&[]).stdout).expect("text");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("That needs the capability CAP_SYS_PTRACE."), "{text}");
    drop(process);
}

/// `PR_SET_DUMPABLE` protects a process from other processes of its own user.
#[test]
fn a_process_of_this_user_that_is_not_dumpable_is_said_to_be_protected() {
    let missing = not_root("running as another user").or_else(|| not_installed("perl"));
    if !is_met("perl", missing) {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let before = document_of(&as_nobody(&folder, &["--json"], &path));
    let script = "syscall($ARGV[0] + 0, 4, 0) == 0 or die; syswrite STDERR, qq(ready\\n); <STDIN>";
    let mut command = Command::new("perl");
    command.args(["-e", script]).arg(libc::SYS_prctl.to_string()).uid(NOBODY).gid(NOBODY);
    let process = Waiting::start(command, Stdio::null());
    let with = document_of(&as_nobody(&folder, &["--json"], &path));
    drop(process);
    assert_eq!(count(&with, "protected"), count(&before, "protected") + 1, "{with}");
    assert_eq!(with["unreadable"]["needs"], json!(["CAP_DAC_READ_SEARCH", "CAP_SYS_PTRACE"]));
}

/// A user cannot look at a zombie, or at a thread of the kernel, and there is nothing to see.
#[test]
fn what_has_no_descriptors_does_not_count() {
    if !is_met("root", not_root("running as another user")) {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let mut zombie = Command::new("true").uid(NOBODY).gid(NOBODY).spawn().expect("true runs");
    let deadline = Instant::now() + Duration::from_secs(30);
    let stat = format!("/proc/{}/stat", zombie.id());
    while !std::fs::read_to_string(&stat).expect("a stat").contains(") Z ") {
        assert!(Instant::now() < deadline, "it runs");
        std::thread::yield_now();
    }
    let document = document_of(&as_nobody(&folder, &["--json"], &path));
    zombie.wait().expect("our child");
    let unreadable = &document["unreadable"];
    assert_eq!((count(&document, "protected"), &unreadable["threads"]), (0, &json!({})));
    let programs = procfs_programs_of_others();
    assert!(count(&document, "other-user") <= programs, "{unreadable}, of {programs}");
}

/// The number of processes of other users that run a program, at this moment and some more.
fn procfs_programs_of_others() -> u64 {
    let entries = std::fs::read_dir("/proc").expect("/proc");
    let with_a_program = entries.flatten().filter(|entry| {
        std::fs::read(entry.path().join("cmdline")).is_ok_and(|command| !command.is_empty())
    });
    with_a_program.count() as u64 + 5
}

/// With `hidepid`, a user does not see how many processes others have.
#[rstest]
#[case::facts_are_hidden("1")]
#[case::processes_are_hidden("2")]
fn hidden_processes_are_said_to_be_possible(#[case] hidepid: &str) {
    let missing = not_root("mounting /proc").or_else(|| not_installed("setpriv"));
    if !is_met("root", missing) {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    // The copy that another user can run.
    as_nobody(&folder, &[], &path);
    let program = folder.path().join("imglock");
    let _file = locked(&path, Mode::Rw);
    let script = format!(
        "mount -t proc -o hidepid={hidepid} proc /proc && \
         setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups \"$0\" holders --json \"$1\""
    );
    // A pid namespace, since before Linux 5.8 the option applies to all of its mounts.
    let mut command = Command::new("unshare");
    command.args(["--mount", "--pid", "--fork", "sh", "-c", &script]).arg(&program).arg(&path);
    let document = document_of(&command.output().expect("unshare runs"));
    assert_eq!(document["unreadable"]["hidden"], true, "{document}");
    let unexplained = &document["images"][0]["unexplained"][0];
    assert!(can_be(unexplained, "unreadable-process"), "{document}");
}

#[test]
fn root_sees_hidden_processes() {
    if !is_met("root", not_root("mounting /proc")) {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let script = "mount -t proc -o hidepid=2 proc /proc && exec \"$0\" holders --json \"$1\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "--pid", "--fork", "sh", "-c", script]);
    command.arg(env!("CARGO_BIN_EXE_imglock")).arg(&path);
    let document = document_of(&command.output().expect("unshare runs"));
    let nothing = json!({
        "processes": {}, "threads": {}, "descriptors": {}, "hidden": false, "needs": [],
    });
    assert_eq!(document["unreadable"], nothing);
}

/// A killed process hangs in the kernel while it closes its descriptors, and shows none of them.
#[test]
fn a_killed_process_that_hangs_in_a_close_is_the_likely_holder() {
    if !served::is_possible() {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let slow = folder.path().join("slow");
    let file = locked(&path, Mode::Rw);
    served::alone_to(0, &slow, |hold| {
        // The locked descriptor gets a higher number than that of the slow file, so it is closed later.
        let script = "exec 3<\"$0\" 4>&1 1>&2; echo ready; read nothing";
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(&slow);
        let process = Waiting::start(command, file);
        // Dropped before the process, which otherwise never ends.
        let release = hold;
        let pid = process.child.id();
        kill(Pid::from_raw(pid as i32), Signal::SIGKILL).expect("our child");
        await_the_table_of(pid);

        let seen = seen(&path);
        let text = crate::told(&path);
        drop(release);
        drop(process);
        assert_eq!((&seen["holders"], &seen["held"]), (&json!([]), &json!(true)), "{seen}");
        let unexplained = &seen["unexplained"][0];
        assert!(pids_of(&unexplained["likely"]).contains(&i64::from(pid)), "{seen}");
        assert!(can_be(unexplained, "exiting-process"), "{seen}");
        assert!(text.contains("most likely pid"), "{text}");
        assert!(text.contains(&format!("pid {pid} sh")), "{text}");
    });
    assert_eq!(seen(&path)["held"], false);
}

fn pids_of(processes: &Value) -> Vec<i64> {
    let processes = processes.as_array().expect("processes");
    processes.iter().filter_map(|process| process["pid"].as_i64()).collect()
}

/// Waits until a process shows no descriptor.
fn await_the_table_of(pid: u32) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while std::fs::read_dir(format!("/proc/{pid}/fd")).expect("it hangs").next().is_some() {
        assert!(Instant::now() < deadline, "it has descriptors");
        std::thread::yield_now();
    }
}

/// A killed process that waits for a frozen file system keeps its descriptors.
#[test]
fn a_killed_process_that_hangs_in_a_write_is_the_holder() {
    if !is_met("file-systems", not_installed("fsfreeze").or_else(|| not_installed("flock"))) {
        return;
    }
    // The shell's child inherits the lock and keeps it alone.
    let script = r#"
        mkfifo $base/go && exec 9>$dir/disk.img && flock -n 9 || exit 90
        sh -c 'read go <$base/go; echo data >&9' &
        pid=$!
        exec 9>&-
        fsfreeze -f $dir && echo go >$base/go || exit 91
        for try in $(seq 1000000); do
            read -r status <<END
$(grep State: /proc/$pid/status)
END
            case "$status" in *D*disk*) break ;; esac
        done
        kill -9 $pid
        $imglock holders --json $dir/disk.img
        fsfreeze -u $dir
        wait $pid
        echo $pid >&2
    "#;
    let Some(run) = output_on(EXT4, script) else { return };
    let document = document_of(&run);
    let killed: i64 = String::from_utf8_lossy(&run.stderr)
        .lines()
        .find_map(|line| line.parse().ok())
        .unwrap_or_else(|| panic!("{run:?}"));
    assert_eq!(pids(&document["images"][0]["holders"][0]), [killed], "{document}");
}

/// A survey that cannot open what it must read never says that an image is free.
#[test]
fn too_few_descriptors_of_its_own_are_an_error() {
    if !is_met("root", not_installed("prlimit")) {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let _file = locked(&path, Mode::Rw);
    for limit in 4..8 {
        let mut command = Command::new("prlimit");
        command.arg(format!("--nofile={limit}")).arg(env!("CARGO_BIN_EXE_imglock"));
        let run = command.arg("holders").arg(&path).output().expect("prlimit runs");
        let code = run.status.code();
        let text = String::from_utf8_lossy(&run.stdout);
        let whole = code == Some(1) && text.contains(&format!("pid {} ", std::process::id()));
        assert!(whole || (code > Some(1) && run.stdout.is_empty()), "{limit}: {code:?} {text}");
    }
}

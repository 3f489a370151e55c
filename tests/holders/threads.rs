//! Locks and descriptors of threads: a main thread that has exited, and threads with descriptor tables
//! of their own.
//!
//! The threads are those of a Perl program, which can make any system call. Without Perl a case is
//! skipped and says why, unless `IMGLOCK_REQUIRE` names `perl`.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use imglock_core::Backend;
use nix::libc;
use rstest::rstest;
use serde_json::{Value, json};

use crate::outside::refusing::{Refusal, under};
use crate::outside::{is_met, not_installed, not_root};
use crate::place::{Place, image};
use crate::{NOBODY, as_nobody, pids, seen, told};

/// Announces the ID of a thread that has the image open, and ends with its input.
const PROGRAM: &str = r#"
use strict;
use threads;
use POSIX ();
use Fcntl qw(O_RDWR F_RDLCK SEEK_SET);

my ($image, $table, $command, $unshare, $exit, $gettid) = @ARGV;
sub take {
    sysopen(my $file, $image, O_RDWR) or die "open: $!";
    if ($command) {
        # struct flock: read locks on bytes 100 and 101, as of a reader.
        my $lock = pack("s s x4 q q l x4", F_RDLCK, SEEK_SET, 100, 2, 0);
        fcntl($file, $command + 0, $lock) or die "fcntl: $!";
    }
    return $file;
}

my $of_main = $table eq "both" ? take() : undef;
my $thread = threads->create(sub {
    if ($table ne "shared") {
        syscall($unshare + 0, 0x400) == 0 or die "unshare: $!";  # CLONE_FILES
    }
    my $file = take();
    syswrite(STDOUT, syscall($gettid + 0) . "\n");
    sysread(STDIN, my $nothing, 1);
    POSIX::_exit(0);
});
if ($table ne "shared") { $thread->join } else { syscall($exit + 0, 0) }
"#;

/// The process of a thread that has the image open.
struct Threaded {
    child: Child,
    /// The thread ends with this pipe.
    stdin: Option<ChildStdin>,
    thread: i64,
}

impl Threaded {
    fn start(image: &Path, table: &str, lock: Option<Backend>, user: Option<u32>) -> Threaded {
        let lock = match lock {
            None => 0,
            Some(Backend::Ofd) => libc::F_OFD_SETLK,
            Some(Backend::Posix) => libc::F_SETLK,
        };
        let mut command = Command::new("perl");
        command.args(["-e", PROGRAM]).arg(image).arg(table).arg(lock.to_string());
        let calls = [libc::SYS_unshare, libc::SYS_exit, libc::SYS_gettid];
        command.args(calls.map(|call| call.to_string()));
        if let Some(user) = user {
            command.uid(user).gid(user);
        }
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("perl runs");
        let stdin = child.stdin.take();
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        Threaded { child, stdin, thread: line.trim().parse().expect("the ID of a thread") }
    }

    fn pid(&self) -> i64 {
        i64::from(self.child.id())
    }

    /// Waits until the main thread is a zombie.
    fn await_the_main_threads_end(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        let stat = format!("/proc/{}/stat", self.child.id());
        while !std::fs::read_to_string(&stat).expect("a stat").contains(") Z ") {
            assert!(Instant::now() < deadline, "the main thread runs");
            std::thread::yield_now();
        }
    }
}

impl Drop for Threaded {
    fn drop(&mut self) {
        self.stdin = None;
        self.child.wait().expect("our child");
    }
}

fn is_possible() -> bool {
    let works = |_| {
        let run = Command::new("perl").args(["-e", "use threads"]).output();
        run.is_ok_and(|run| run.status.success())
    };
    let missing = not_installed("perl");
    let missing = missing.or_else(|| (!works(())).then(|| "this Perl has no threads".to_owned()));
    is_met("perl", missing)
}

fn holder(image: &Value) -> &Value {
    let holders = image["holders"].as_array().expect("holders");
    let [one] = &holders[..] else { panic!("{image}") };
    one
}

#[rstest]
#[case::ofd(Backend::Ofd, "description")]
#[case::posix(Backend::Posix, "table")]
fn a_thread_holds_on_after_its_main_thread_has_exited(
    #[case] backend: Backend,
    #[case] owner: &str,
) {
    if !is_possible() {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let process = Threaded::start(&path, "shared", Some(backend), None);
    process.await_the_main_threads_end();
    let seen = seen(&path);
    let holder = holder(&seen);
    assert_eq!((pids(holder), &holder["owner"]), (vec![process.pid()], &json!(owner)));
    let one = &holder["processes"][0];
    assert_eq!(
        (&one["thread"], one["fds"].as_array().map(Vec::len)),
        (&json!(process.thread), Some(1))
    );
    assert_eq!((&one["comm"], &one["command"][0]), (&json!("perl"), &json!("perl")));
    assert_eq!(seen["unexplained"], json!([]));
    let text = told(&path);
    let name = format!("pid {} perl thread {}", process.pid(), process.thread);
    assert!(text.contains(&name), "{text}");
}

/// The kernel shows the descriptors of an exited main thread to root alone.
#[test]
fn a_user_sees_the_threads_of_an_own_process_whose_main_thread_has_exited() {
    if !is_possible() || !is_met("root", not_root("running as another user")) {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    for (path, mode) in [(folder.path(), 0o755), (&*path, 0o666)] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("our file");
    }
    let process = Threaded::start(&path, "shared", Some(Backend::Ofd), Some(NOBODY));
    process.await_the_main_threads_end();
    let run = as_nobody(&folder, &["--json"], &path);
    let document: Value = serde_json::from_slice(&run.stdout).expect("JSON");
    let seen = &document["images"][0];
    assert_eq!(pids(holder(seen)), [process.pid()], "{document}");
    assert_eq!(seen["unexplained"], json!([]));
    assert_eq!(document["unreadable"]["threads"], json!({}));
}

/// What `holders` shows where kcmp(2) works, and where it is refused, as in a container. Without it,
/// only its descriptors tell a table from another one.
fn seen_by(kcmp: bool, path: &Path) -> Value {
    let refused = Refusal::call(libc::SYS_kcmp, libc::EPERM);
    let refusals = if kcmp { &[][..] } else { &[refused][..] };
    under(refusals, || seen(path))
}

#[rstest]
#[case::ofd(Backend::Ofd, "description")]
#[case::posix(Backend::Posix, "table")]
fn a_thread_with_its_own_table_is_the_holder(
    #[case] backend: Backend,
    #[case] owner: &str,
    #[values(true, false)] kcmp: bool,
) {
    if !is_possible() {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let process = Threaded::start(&path, "own", Some(backend), None);
    let seen = seen_by(kcmp, &path);
    let holder = holder(&seen);
    assert_eq!((pids(holder), &holder["owner"]), (vec![process.pid()], &json!(owner)));
    let one = &holder["processes"][0];
    assert_eq!(
        (&one["thread"], one["fds"].as_array().map(Vec::len)),
        (&json!(process.thread), Some(1))
    );
    assert_eq!((&seen["unexplained"], &seen["unlocked"]), (&json!([]), &json!([])));
}

/// Both tables show the same lines in fdinfo, with the ID of the process.
#[rstest]
fn two_tables_of_a_process_with_the_same_posix_locks_are_two_holders(
    #[values(true, false)] kcmp: bool,
) {
    if !is_possible() {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let process = Threaded::start(&path, "both", Some(Backend::Posix), None);
    let seen = seen_by(kcmp, &path);
    let holders = seen["holders"].as_array().expect("holders");
    let of = |holder: &Value| (pids(holder), holder["processes"][0]["thread"].clone());
    let expected = [json!(null), json!(process.thread)].map(|thread| (vec![process.pid()], thread));
    assert_eq!(holders.iter().map(of).collect::<Vec<_>>(), expected, "{seen}");
    assert!(holders.iter().all(|holder| holder["guessed"] == !kcmp), "{seen}");
    assert_eq!(seen["unexplained"], json!([]));
}

#[rstest]
fn a_thread_with_its_own_table_is_seen_without_a_lock(#[values(true, false)] kcmp: bool) {
    if !is_possible() {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let process = Threaded::start(&path, "own", None, None);
    let seen = seen_by(kcmp, &path);
    let [one] = &seen["unlocked"].as_array().expect("a list")[..] else { panic!("{seen}") };
    assert_eq!((&one["process"]["pid"], &one["writable"]), (&json!(process.pid()), &json!(true)));
    assert_eq!(one["process"]["thread"], json!(process.thread));
    assert_eq!((&seen["held"], &seen["dangers"]), (&json!(false), &json!(["writer-unlocked"])));
}

/// The threads of this process share one table, so none of them is named.
#[rstest]
fn threads_that_share_a_table_are_one_holder(#[values(true, false)] kcmp: bool) {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let file = crate::place::locked(&path, imglock_core::Mode::Rw);
    let (end, ended) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || ended.recv());
        let seen = seen_by(kcmp, &path);
        assert_eq!(holder(&seen)["processes"].as_array().map(Vec::len), Some(1));
        assert_eq!(holder(&seen)["processes"][0]["thread"], json!(null));
        drop(end);
    });
    drop(file);
}

//! Real users, which take root to make. Each goes with its value.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{CWD, Mode, OFlags, openat};
use tempfile::TempDir;

use super::requirement::{is_met, not_installed, not_root};
use crate::lock_table::FileKey;
use crate::users::{DataUsers, FileIdentity, KnownFile, KnownOpener, users};

/// A process that a test has just started has copies of all descriptors for a moment.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A folder for a test that runs alone.
pub(super) struct Place {
    folder: TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Place {
    /// A place, or `None` if this user is not root or a program is missing.
    pub(super) fn new(programs: &[&str]) -> Option<Place> {
        let missing = programs.iter().find_map(|program| not_installed(program));
        let missing = not_root("making devices and mounts").or(missing);
        if !is_met("file-systems", missing) {
            return None;
        }
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        // The file system of the build can hold swap files and layers of an overlay.
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tmp");
        std::fs::create_dir_all(&folder).expect("a folder");
        let folder = TempDir::new_in(folder.canonicalize().expect("a folder")).expect("a folder");
        Some(Place { folder, _alone: alone })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A new file of `size` bytes.
    pub(super) fn image(&self, name: &str, size: u64) -> PathBuf {
        let path = self.path(name);
        File::create(&path).and_then(|file| file.set_len(size)).expect("an image");
        path
    }

    pub(super) fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir(&path).expect("a folder");
        path
    }
}

/// Runs a program, and returns its output without the end of the line.
pub(super) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().expect("the program runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}

pub(super) fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

/// Something that a program ends.
pub(super) struct Until(Vec<String>);

impl Until {
    /// Made now, and ended by this program.
    pub(super) fn ended_by(words: &[&str]) -> Until {
        Until(words.iter().map(|word| (*word).to_owned()).collect())
    }
}

impl Drop for Until {
    fn drop(&mut self) {
        // A test may have ended it.
        let _ = Command::new(&self.0[0]).args(&self.0[1..]).stderr(Stdio::null()).status();
    }
}

/// Attaches a loop device, and returns the path of its node.
pub(super) fn attach(path: &Path, options: &[&str]) -> (String, Until) {
    let mut arguments = vec!["-f", "--show"];
    arguments.extend(options);
    arguments.push(text(path));
    let node = run("losetup", &arguments);
    let until = Until::ended_by(&["losetup", "-d", &node]);
    (node, until)
}

/// A shell that has done its commands and waits for the end of its input.
pub(super) struct Shell {
    child: Child,
    _input: ChildStdin,
}

impl Shell {
    /// Starts a shell with these words before it, such as `unshare -m`.
    pub(super) fn doing(before: &[&str], commands: &str) -> Shell {
        let script = format!("{commands}\necho done; read _");
        let words: Vec<&str> = before.iter().copied().chain(["sh", "-ec", &script]).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a shell");
        let input = child.stdin.take().expect("its input");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        output.read_line(&mut line).expect("a line");
        assert_eq!(line, "done\n", "{commands}");
        Shell { child, _input: input }
    }

    pub(super) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a pid")
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The users of a file, of which the survey has found these openers.
pub(super) fn beside(path: &Path, openers: &[(i32, bool)]) -> DataUsers {
    let kernel = FileKey::learn(path).expect("a name in the lock table");
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let file = openat(CWD, path, flags, Mode::empty()).expect("the file");
    let identity = FileIdentity::of(&file, kernel).expect("an identity");
    let openers = openers.iter().map(|&(pid, writable)| KnownOpener { pid, writable });
    let mut found = users(&[KnownFile { identity, openers: openers.collect() }]).remove(0);
    // Another program can have a device open just now, as losetup(8) while it looks for a free one.
    let own = std::process::id().cast_signed();
    let processes = found.users.iter_mut().filter(|user| user.kind.is_process());
    processes.for_each(|user| user.processes.retain(|process| process.pid == own));
    found.users.retain(|user| !user.kind.is_process() || !user.processes.is_empty());
    found
}

pub(super) fn seen(path: &Path) -> DataUsers {
    beside(path, &[])
}

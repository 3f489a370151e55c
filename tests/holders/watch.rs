//! `holders --watch`: holders that appear and disappear, as it happens.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use imglock_core::{Backend, Mode};
use imglock_engine::{ProcessHandle, StopToken};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::place::{Place, image, locked, take};

/// `holders --watch`, to be read line by line.
struct Watch {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Watch {
    fn start(args: &[&str], path: &Path) -> Watch {
        let mut child = Command::new(env!("CARGO_BIN_EXE_imglock"))
            .args(["holders", "--watch"])
            .args(args)
            .arg(path)
            .env("NO_COLOR", "1")
            .stdout(Stdio::piped())
            .spawn()
            .expect("imglock starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe"));
        Watch { child, lines }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("text");
        assert!(!line.is_empty(), "it ended");
        line
    }

    fn line_with(&mut self, what: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(what) {
                return line;
            }
        }
    }

    /// Ends it with a signal and returns its exit code.
    fn end(mut self, signal: Signal) -> Option<i32> {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a pid"));
        kill(pid, signal).expect("it has not been reaped");
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).expect("text");
        self.child.wait().expect("our child").code()
    }
}

#[test]
fn changes_are_told_as_they_happen() {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let mut watch = Watch::start(&[], &path);
    watch.line_with("free: not locked");
    watch.line_with("Ctrl-C");
    let who = format!("pid {} ", std::process::id());
    let file = locked(&path, Mode::Rw);
    // A look can fall between two bytes of an open; the whole claim follows.
    let came = watch.line_with("  rw (ofd)");
    assert!(came.contains(&format!(" + {who}")), "{came}");
    take(&file, Backend::Ofd, Mode::ShareRw);
    drop(file);
    let went = watch.line_with(" - ");
    assert!(went.contains(&format!(" - {who}")), "{went}");
    assert_eq!(watch.end(Signal::SIGINT), Some(130));
}

#[test]
fn changes_are_told_in_json_a_line_each() {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let mut watch = Watch::start(&["--json"], &path);
    let read = |line: String| -> Value { serde_json::from_str(&line).expect("JSON") };
    let first = read(watch.line());
    assert_eq!((&first["schema"], &first["images"][0]["held"]), (&json!(2), &json!(false)));
    let file = locked(&path, Mode::Rw);
    let came = read(watch.line_with("\"modes\":[\"rw\"]"));
    assert_eq!((&came["schema"], &came["change"]), (&json!(2), &json!("came")));
    assert_eq!(came["path"], json!(path));
    assert_eq!(came["holder"]["modes"], json!(["rw"]));
    assert!(
        came["at"].as_str().is_some_and(|at| at.parse::<chrono::DateTime<chrono::Utc>>().is_ok()),
        "{came}"
    );
    drop(file);
    let went = read(watch.line_with("\"went\""));
    assert_eq!((&went["change"], &went["holder"]), (&json!("went"), &came["holder"]));
    assert_eq!(watch.end(Signal::SIGTERM), Some(130));
}

#[test]
fn a_watch_ends_when_nobody_reads_it_any_more() {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let mut watch = Watch::start(&[], &path);
    watch.line_with("Ctrl-C");
    let Watch { mut child, lines } = watch;
    drop(lines);
    // The next change is written to a closed pipe.
    let _file = locked(&path, Mode::Rw);
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let handle = ProcessHandle::open(i32::try_from(child.id()).expect("a pid")).expect("it runs");
    let ended = handle.await_exit(Instant::now() + Duration::from_secs(30), &stop);
    child.kill().expect("our child");
    assert!(ended.is_ok(), "it goes on though nobody reads it");
    assert_eq!(child.wait().expect("our child").code(), Some(0));
}

/// A new image is renamed over the watched one, while a process holds the old one.
#[test]
fn a_path_that_leads_to_another_file_is_told_and_both_are_watched() {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let holder = locked(&path, Mode::Rw);
    let mut watch = Watch::start(&["--json"], &path);
    let first: Value = serde_json::from_str(&watch.line()).expect("JSON");
    let before = first["images"][0]["key"].clone();

    let new = image(&folder, "new.img");
    let other = locked(&new, Mode::Ro);
    std::fs::rename(&new, &path).expect("renamed");
    let next = |watch: &mut Watch| -> Value { serde_json::from_str(&watch.line()).expect("JSON") };
    let moved = next(&mut watch);
    assert_eq!((&moved["change"], &moved["key"]), (&json!("another-file"), &before), "{moved}");
    let now = &moved["now"];
    assert_eq!((&now["state"], &now["holders"][0]["modes"][0]), (&json!("locked"), &json!("ro")));
    assert_ne!(now["key"], before);

    drop(holder);
    let went = next(&mut watch);
    assert_eq!((&went["change"], &went["key"]), (&json!("went"), &before), "{went}");
    drop(other);
    let went = next(&mut watch);
    assert_eq!((&went["change"], &went["key"]), (&json!("went"), &now["key"]), "{went}");

    std::fs::remove_file(&path).expect("unlinked");
    let gone = next(&mut watch);
    assert_eq!((&gone["change"], &gone["now"]), (&json!("no-file"), &Value::Null), "{gone}");
    assert_eq!(watch.end(Signal::SIGTERM), Some(130));
}

#[test]
fn a_path_that_leads_to_another_file_is_a_line() {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let holder = locked(&path, Mode::Rw);
    let mut watch = Watch::start(&[], &path);
    watch.line_with("Ctrl-C");
    std::fs::rename(image(&folder, "new.img"), &path).expect("renamed");
    let line = watch.line();
    assert!(
        line.contains("! ") && line.contains("is another file now, which is not locked"),
        "{line}"
    );
    drop(holder);
    let line = watch.line();
    assert!(line.contains("- pid ") && line.contains("disk.img, the earlier file"), "{line}");
    assert_eq!(watch.end(Signal::SIGINT), Some(130));
}

/// A guest that still uses a deleted file of this name holds no lock on the new one.
#[test]
fn users_of_an_earlier_file_of_the_name_are_named() {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let old = locked(&path, Mode::Rw);
    std::fs::rename(image(&folder, "new.img"), &path).expect("renamed");
    let seen = crate::seen(&path);
    let [former] = &seen["former"].as_array().expect("a list")[..] else { panic!("{seen}") };
    assert_eq!(former["process"]["pid"], crate::this_pid());
    assert_eq!((&former["locked"], &former["writable"]), (&json!(true), &json!(true)));
    assert_eq!((&seen["state"], &seen["dangers"]), (&json!("free"), &json!(["earlier-file"])));
    let fd = std::os::fd::AsRawFd::as_raw_fd(&old);
    let link = format!("`imglock holders /proc/{}/fd/{fd}` shows its locks", std::process::id());
    assert!(crate::told(&path).contains(&link), "{}", crate::told(&path));
    drop(old);
    assert_eq!(crate::seen(&path)["former"], json!([]));
}

//! The texts for people: the help, warnings, and errors with advice.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use imglock_core::Mode;
use nix::sys::stat;
use nix::unistd::mkfifo;

use crate::holder::{Ended, Holder, hold, imglock, run};
use crate::outside::{Folder, is_met, not_installed, not_root};
use crate::table::{locks_for, locks_on};

/// The messages of several commands, one after the other.
#[derive(Default)]
struct Said(String);

impl Said {
    fn add(&mut self, what: &str, folder: &Folder, ended: &Ended) {
        let text = folder.redacted(ended.stderr.as_bytes());
        let _ = write!(self.0, "{what} (exit code {})\n{text}\n", ended.code);
        assert_eq!(ended.stdout, "", "{what}");
    }
}

#[test]
fn the_help() {
    let help = |flag| {
        let mut command = imglock();
        command.args(["hold", flag]).env("COLUMNS", "100");
        run(command).stdout
    };
    insta::assert_snapshot!("help", help("--help"));
    insta::assert_snapshot!("short_help", help("-h"));
}

#[test]
fn what_is_no_image() {
    let folder = Folder::new();
    let path = |name: &str| folder.path().join(name);
    mkfifo(&path("fifo"), stat::Mode::S_IRWXU).expect("a FIFO");
    let _listener = UnixListener::bind(path("socket")).expect("a socket");
    std::os::unix::fs::symlink("loop", path("loop")).expect("a link");
    folder.file("file", "");
    let mut said = Said::default();
    let names = ["missing.img", "missing folder/disk.img", "file/disk.img", "loop", ".", "fifo"];
    for name in names.into_iter().chain(["socket"]) {
        said.add(name, &folder, &run(hold(&path(name), "rw", &["--", "echo", "ran"])));
    }
    said.add("/dev/null", &folder, &run(hold("/dev/null".as_ref(), "rw", &[])));
    insta::assert_snapshot!("no_image", said.0);
}

#[test]
fn wrong_usage() {
    let folder = Folder::new();
    let mut said = Said::default();
    for line in [
        "hold",
        "hold disk.img",
        "hold disk.img --mode rww",
        "hold disk.img --mode qcow-rw",
        "hold disk.img --mode rw --locking yes",
        "hold disk.img --mode rw --wait soon",
        "hold disk.img --mode rw --wait=-1",
        "hold disk.img --mode rw --conflict-exit-code 256",
        "hold disk.img --mode rw --inherit",
        "hold disk.img --mode rw true",
    ] {
        let mut command = imglock();
        command.args(line.split(' '));
        said.add(line, &folder, &run(command));
    }
    insta::assert_snapshot!("wrong_usage", said.0);
}

#[test]
fn refusals() {
    let folder = Folder::new();
    let mut said = Said::default();
    for (name, first, second, wait) in [
        ("disk.img", "rw", "rw", "0"),
        ("disk.img", "share-rw", "ro", "0"),
        ("disk.img", "mirror-target", "ro", "0"),
        ("my disk.img", "rw", "rw", "0.01"),
    ] {
        let image = folder.file(name, "");
        let _holder = Holder::of(&image, first);
        let ended = run(hold(&image, second, &["--wait", wait, "--", "echo", "ran"]));
        said.add(&format!("{second} beside {first}"), &folder, &ended);
    }
    insta::with_settings!({ filters => [(r"pid \d+", "pid PID")] }, {
        insta::assert_snapshot!("refusals", said.0);
    });
}

#[test]
fn what_is_held() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let mut said = String::new();
    for (mode, locking) in [("rw", "auto"), ("none", "auto"), ("rw", "off")] {
        let mut holder = Holder::start(hold(&image, mode, &["--locking", locking]));
        let lines = if locking == "off" { 2 } else { 1 };
        for _ in 0..lines {
            said += &format!("{}\n", folder.redacted(holder.error_line().as_bytes()));
        }
    }
    insta::assert_snapshot!("held", said);
}

/// Runs as a user without root's permissions: as user 65534 if the test runs as root.
#[test]
fn what_may_not_be_opened() {
    let folder = Folder::new();
    let open = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("ours");
    };
    let [readable, secret] = ["readable.img", "secret.img"].map(|name| folder.file(name, ""));
    open(folder.path(), 0o755);
    open(&readable, 0o444);
    open(&secret, 0o000);
    let as_nobody = |mut command: Command| -> Option<Ended> {
        if not_root("").is_none() {
            command.uid(65534).gid(65534);
        }
        match command.output() {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                eprintln!("skipped: nobody else may run what was built here");
                None
            }
            _ => Some(run(command)),
        }
    };
    let mut said = Said::default();
    for (image, mode) in [(&readable, "rw"), (&readable, "ro"), (&secret, "rw"), (&secret, "ro")] {
        let Some(ended) = as_nobody(hold(image, mode, &["--", "true"])) else { return };
        let name = image.file_name().unwrap_or_default().display();
        said.add(&format!("{name}, {mode}"), &folder, &ended);
    }
    insta::assert_snapshot!("not_permitted", said.0);
}

#[test]
fn a_block_device_is_an_image_too() {
    let missing = not_root("a loop device").or_else(|| not_installed("losetup"));
    if !is_met("file-systems", missing) {
        return;
    }
    let folder = Folder::new();
    let file = folder.file("disk.img", &"\0".repeat(1 << 20));
    let device = LoopDevice::of(&file);
    {
        let _holder = Holder::of(&device.0, "rw");
        assert_eq!(locks_on(&device.0), locks_for("ofd", Mode::Rw));
        assert_eq!(run(hold(&device.0, "rw", &["--", "true"])).code, 1);
        assert_eq!(run(hold(&file, "rw", &["--", "true"])).code, 0, "the file is another image");
    }
    assert!(locks_on(&device.0).is_empty());
}

/// A block device backed by a file. The device is removed when this is dropped.
struct LoopDevice(PathBuf);

impl LoopDevice {
    fn of(file: &Path) -> LoopDevice {
        let mut losetup = Command::new("losetup");
        losetup.args(["--find", "--show"]).arg(file);
        let ended = run(losetup);
        assert_eq!(ended.code, 0, "{ended:?}");
        LoopDevice(ended.stdout.trim_end().into())
    }
}

impl Drop for LoopDevice {
    fn drop(&mut self) {
        let mut losetup = Command::new("losetup");
        losetup.arg("--detach").arg(&self.0);
        let _ = losetup.status();
    }
}

//! Ten thousand processes with ten descriptors each, in which `imglock holders` finds the holder of an
//! image, beside lsof(8), which finds the users of the same file.
#![expect(unsafe_code, reason = "a sleeping process needs no more than fork(2)")]

mod paired;

use std::fs::File;
use std::io::{Read, pipe};
use std::os::fd::{AsFd, AsRawFd};
use std::process::{Command, Stdio};

use imglock_core::{Backend, ByteLocks, LockType, RangeSpec};
use imglock_locks::{KernelLocks, survey};
use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork};

/// Ten descriptors: the standard ones, the pipe, and these.
const FILES: usize = 6;

fn main() {
    let processes = paired::size(10_000, 1_000);
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    let create = |number| File::create(path(&format!("{number}.txt"))).expect("a file");
    let files: Vec<File> = (0..FILES).map(create).collect();
    let (mut wait_for_end, end) = pipe().expect("a pipe");
    for _ in 0..processes {
        // SAFETY: this program has one thread.
        match unsafe { fork() }.expect("a child") {
            ForkResult::Parent { .. } => {}
            ForkResult::Child => {
                drop(end);
                // The end of the file is the end of the process.
                let _ = wait_for_end.read(&mut [0]);
                std::process::exit(0);
            }
        }
    }
    drop((files, wait_for_end));
    let image = path("disk.img");
    let open = File::options().read(true).write(true).create_new(true).open(&image);
    let file = open.expect("an image");
    let mut locks = KernelLocks::new(file.as_fd(), Backend::Ofd);
    locks.set(LockType::Read, RangeSpec::byte(100)).expect("locked");
    let seen = survey(&[&image]).expect("a survey");
    assert_eq!(seen.images[0].holders[0].processes[0].fds, [file.as_raw_fd()]);

    for arguments in [&["holders"][..], &["holders", "--json"]] {
        let paired = paired::measure(
            7,
            || {
                let mut command = Command::new(env!("CARGO_BIN_EXE_imglock"));
                let status = command.args(arguments).arg(&image).stdout(Stdio::null()).status();
                assert_eq!(status.expect("imglock runs").code(), Some(1));
            },
            || {
                let mut command = Command::new("lsof");
                let status = command.arg(&image).stdout(Stdio::null()).status();
                assert!(status.expect("lsof runs").success());
            },
        );
        let what = format!("{processes} processes, imglock {}", arguments.join(" "));
        paired::report(&what, "lsof FILE", &paired, 1, 1.0);
    }
    drop(end);
    for _ in 0..processes {
        wait().expect("a child");
    }
}

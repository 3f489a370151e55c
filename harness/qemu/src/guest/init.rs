//! The steps of every guest's init, the first program of a booted kernel.

use std::fs::File;
use std::io::{self, Write};
use std::process::Command;

use nix::mount::{MsFlags, mount};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use rustix::termios::{OptionalActions, tcdrain, tcgetattr, tcsetattr};

use super::machine::PORT;
use super::payload::INIT;
use imglock_engine::{ROLE, describe};

/// The other directories with programs.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The first mounts.
const MOUNTS: &[(&str, &str)] = &[
    ("proc", "/proc"),
    ("sysfs", "/sys"),
    ("devtmpfs", "/dev"),
    ("tmpfs", "/run"),
    ("tmpfs", "/tmp"),
];

/// Makes the mounts that every program needs, and opens the port.
///
/// # Errors
/// In words, if the kernel refuses one of them.
pub(crate) fn prepare() -> Result<File, String> {
    for (kind, point) in MOUNTS {
        mount(Some(*kind), *point, Some(*kind), MsFlags::empty(), None::<&str>)
            .map_err(|errno| format!("cannot mount {point}: {}", describe(&errno.into())))?;
    }
    let opened = File::options().read(true).write(true).open(PORT);
    let port = opened.map_err(|error| format!("cannot open {PORT}: {}", describe(&error)))?;
    let raw = || {
        let mut terminal = tcgetattr(&port)?;
        terminal.make_raw();
        tcsetattr(&port, OptionalActions::Now, &terminal)
    };
    raw().map_err(|errno| format!("cannot make {PORT} raw: {}", describe(&errno.into())))?;
    Ok(port)
}

/// A command that runs this program again. `path` has the directories of the
/// payload's programs, in the format of `PATH`.
pub(crate) fn this_program(path: &str) -> Command {
    let path = match path {
        "" => USUAL_PATH.to_owned(),
        path => format!("{path}:{USUAL_PATH}"),
    };
    let mut command = Command::new(INIT);
    command.env_remove(ROLE).env("PATH", path).env("HOME", "/").env("TERM", "dumb");
    command
}

/// Waits for the end of `child` and returns its exit status as a shell reports
/// it. An orphaned process becomes a child of init, which must wait for it.
pub(crate) fn reap_until(child: u32) -> io::Result<i32> {
    let is_child = |pid: Pid| u32::try_from(pid.as_raw()) == Ok(child);
    loop {
        match waitpid(Pid::from_raw(-1), None) {
            Ok(WaitStatus::Exited(pid, status)) if is_child(pid) => return Ok(status),
            Ok(WaitStatus::Signaled(pid, signal, _)) if is_child(pid) => {
                return Ok(128 + signal as i32);
            }
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Waits until all output has been sent, and ends the machine. The guest
/// reboots, which every kernel supports, and QEMU exits instead of rebooting
/// (`-no-reboot`).
pub(crate) fn switch_off() {
    let _ = io::stderr().flush();
    if let Ok(port) = File::options().write(true).open(PORT) {
        let _ = tcdrain(&port);
    }
    rustix::fs::sync();
    let _ = rustix::system::reboot(rustix::system::RebootCommand::Restart);
}

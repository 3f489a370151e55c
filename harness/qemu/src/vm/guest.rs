//! The guest's side: the first program of a booted kernel.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use nix::mount::{MsFlags, mount};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use rustix::termios::{OptionalActions, tcdrain, tcgetattr, tcsetattr};

use super::machine::PORT;
use super::order::{ModuleOrder, ORDER, Order};
use super::payload::INIT;
use super::port::{Note, Speaker};
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

/// Whether this process is the init of a guest. Only there may it do the
/// following.
pub(super) fn is_first() -> bool {
    std::process::id() == 1 && Path::new(ORDER).is_file()
}

/// Executes the order, reports the result, and switches the machine off.
pub(super) fn run() {
    let port = prepare();
    match port {
        Ok(port) => {
            let speaker = Mutex::new(Speaker::new(port));
            let speaker = &speaker;
            // A panic of init would be a kernel panic.
            let done = catch_unwind(AssertUnwindSafe(|| work(speaker)));
            let done = done.unwrap_or_else(|_| Err("it panicked".to_owned()));
            if let Err(why) = done {
                let _ = lock(speaker).note(&Note::Failed(why));
            }
        }
        // Only the console can still show the error.
        Err(why) => eprintln!("imglock: {why}"),
    }
    switch_off();
}

type Port<'a> = Mutex<Speaker<File>>;

fn lock<'a>(port: &'a Port<'_>) -> std::sync::MutexGuard<'a, Speaker<File>> {
    port.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the mounts that every program needs, and opens the port.
fn prepare() -> Result<File, String> {
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

fn work(port: &Port<'_>) -> Result<(), String> {
    let told = |error: io::Error| describe(&error);
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").map_err(told)?;
    let release = release.trim_end().to_owned();
    lock(port).note(&Note::Hello { release }).map_err(told)?;
    let order = std::fs::read(ORDER).map_err(told)?;
    let order: Order = serde_json::from_slice(&order).map_err(|error| error.to_string())?;
    for module in &order.modules {
        load(module)?;
    }
    std::fs::create_dir_all(&order.directory).map_err(told)?;
    for (from, to) in &order.files {
        put(from, to)
            .map_err(|error| format!("cannot write {}: {}", to.display(), describe(&error)))?;
    }
    let status = run_child(&order, port)?;
    lock(port).note(&Note::Ended(status)).map_err(told)
}

/// Copies a file of the user to the path that it had on the host. (`..` leads
/// to the same place, because no path here contains a link.)
fn put(from: &Path, to: &Path) -> io::Result<()> {
    to.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    std::fs::copy(from, to).map(|_| ())
}

/// finit_module(2). A module that is already loaded is fine.
fn load(module: &ModuleOrder) -> Result<(), String> {
    let loaded =
        File::open(&module.file).and_then(|file| Ok(rustix::system::finit_module(&file, c"", 0)?));
    match loaded {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists || module.optional => Ok(()),
        Err(error) => Err(format!(
            "cannot load module {}: {} (is it of this very kernel?)",
            module.name,
            describe(&error)
        )),
        Ok(()) => Ok(()),
    }
}

/// Runs imglock, forwards its output, and returns its exit status as a shell
/// reports it.
fn run_child(order: &Order, port: &Port<'_>) -> Result<i32, String> {
    let path = match order.path.as_str() {
        "" => USUAL_PATH.to_owned(),
        path => format!("{path}:{USUAL_PATH}"),
    };
    let mut child = Command::new(INIT)
        .args(&order.arguments)
        .env_remove(ROLE)
        .env("PATH", path)
        .env("HOME", "/")
        .env("TERM", "dumb")
        .current_dir(&order.directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start imglock: {}", describe(&error)))?;
    let lines = child.stdout.take().map(BufReader::new);
    let pid = child.id();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // If the port fails, everything that follows fails as well.
            let _ = lines.map(|lines| pass_on(lines, port));
        });
        reap_until(pid)
    })
    .map_err(|error| format!("cannot wait for imglock: {}", describe(&error)))
}

fn pass_on(mut lines: impl BufRead, port: &Port<'_>) -> io::Result<()> {
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        lock(port).line(text)?;
        line.clear();
    }
    Ok(())
}

/// An orphaned process becomes a child of init, which must wait for it.
fn reap_until(child: u32) -> io::Result<i32> {
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
fn switch_off() {
    let _ = io::stderr().flush();
    if let Ok(port) = File::options().write(true).open(PORT) {
        let _ = tcdrain(&port);
    }
    rustix::fs::sync();
    let _ = rustix::system::reboot(rustix::system::RebootCommand::Restart);
}

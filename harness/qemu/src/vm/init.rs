//! The guest's side: the first program of a booted kernel.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};

use super::order::{ORDER, Order};
use super::port::{Note, Speaker};
use crate::guest::{Role, prepare, reap_until, switch_off, this_program};
use imglock_engine::describe;

/// The role of the init of a guest that runs scenarios.
pub(super) const GUEST: Role = Role("guest");

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

fn work(port: &Port<'_>) -> Result<(), String> {
    let told = |error: io::Error| describe(&error);
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").map_err(told)?;
    let release = release.trim_end().to_owned();
    lock(port).note(&Note::Hello { release }).map_err(told)?;
    let order = std::fs::read(ORDER).map_err(told)?;
    let order: Order = serde_json::from_slice(&order).map_err(|error| error.to_string())?;
    for module in &order.modules {
        module.load()?;
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

/// Runs imglock, forwards its output, and returns its exit status as a shell
/// reports it.
fn run_child(order: &Order, port: &Port<'_>) -> Result<i32, String> {
    let mut child = this_program(&order.path)
        .args(&order.arguments)
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

//! The launcher's loop: it forks workers, and cleans up after them.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MntFlags, umount2};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, setpgid};
use tempfile::TempDir;

use crate::fault::Fault;
use crate::process::channel::Channel;
use crate::process::error::ReceiveError;
use crate::process::execution::{Execution, Wiring, execute};
use crate::process::wire::{Answer, Order};
use crate::process::{deny_ofd, describe, worker};
use crate::raw::{fork_into, let_signals_interrupt};

/// Serves the command until its socket is closed; returns the exit status.
pub(in crate::process) fn run_on_stdin() -> i32 {
    let Ok(mut channel) = take_stdin() else { return 1 };
    // As subreaper the launcher gets forked children whose parent has died, and
    // kills and reaps them.
    let _ = nix::sys::prctl::set_child_subreaper(true);
    worker::set_name("imglock-launch");
    // Workers inherit the handler: a worker may get the signal before it runs.
    if let_signals_interrupt().is_err() {
        return 1;
    }
    let mut launcher = LauncherLoop::default();
    while let Ok(order) = channel.receive() {
        if launcher.obey(&mut channel, order).is_err() {
            break;
        }
    }
    launcher.end();
    0
}

/// Moves the control socket off stdin, so that no worker inherits it there.
fn take_stdin() -> std::io::Result<Channel> {
    let socket = std::io::stdin().as_fd().try_clone_to_owned()?;
    let null = std::fs::File::open("/dev/null")?;
    nix::unistd::dup2_stdin(null)?;
    Ok(Channel::new(socket))
}

#[derive(Default)]
struct LauncherLoop {
    /// Removed when dropped, unless it is to be kept.
    scratch: Option<TempDir>,
    keep: bool,
    /// The fault planted in its workers.
    fault: Option<Fault>,
    /// The number of scenarios begun; names their directories.
    begun: u32,
    /// The directory of the current scenario.
    directory: Option<PathBuf>,
    /// The process group of its workers: the first worker's pid. The pid stays
    /// reserved, because no process is reaped before the scenario ends.
    group: Option<Pid>,
}

impl LauncherLoop {
    fn obey(&mut self, channel: &mut Channel, order: Order) -> Result<(), ReceiveError> {
        let answer = match order {
            Order::Prepare { directory, keep, deny_ofd, fault } => {
                self.fault = fault;
                self.prepare(directory, keep, deny_ofd)
            }
            Order::Begin => self.begin(),
            Order::Spawn { names } => return self.spawn(channel, &names),
            Order::Execute(execution) => return self.execute(channel, &execution),
            Order::End => {
                self.end();
                Answer::Ended
            }
        };
        channel.send(&answer)
    }

    fn prepare(&mut self, directory: PathBuf, keep: bool, deny_ofd: bool) -> Answer {
        // All processes started from here on inherit the filter.
        if deny_ofd && let Err(why) = deny_ofd::deny_ofd() {
            return Answer::Failed(why);
        }
        match tempfile::Builder::new().prefix("imglock-").tempdir_in(&directory) {
            Ok(mut scratch) => {
                scratch.disable_cleanup(keep);
                let path = scratch.path().to_owned();
                self.scratch = Some(scratch);
                self.keep = keep;
                Answer::Directory(path)
            }
            Err(error) => Answer::NoScratch(error.raw_os_error().unwrap_or(0)),
        }
    }

    fn begin(&mut self) -> Answer {
        let Some(scratch) = &self.scratch else {
            return Answer::Failed("the scratch directory is not prepared".to_owned());
        };
        self.begun += 1;
        let directory = scratch.path().join(self.begun.to_string());
        match std::fs::create_dir(&directory) {
            Ok(()) => {
                self.directory = Some(directory.clone());
                Answer::Directory(directory)
            }
            Err(error) => {
                Answer::Failed(format!("cannot make {}: {}", directory.display(), describe(&error)))
            }
        }
    }

    fn spawn(&mut self, channel: &mut Channel, names: &[String]) -> Result<(), ReceiveError> {
        let mut pids = Vec::with_capacity(names.len());
        let mut sockets: Vec<OwnedFd> = Vec::with_capacity(names.len());
        for name in names {
            match self.fork_worker(channel, name, &mut sockets) {
                Ok(pid) => pids.push(pid.as_raw()),
                Err(error) => {
                    let count = pids.len();
                    return channel.send(&Answer::Failed(format!(
                        "cannot start process {name}, number {} of {}: {}; \
                         `ulimit -u` shows how many this user may have",
                        count + 1,
                        names.len(),
                        describe(&error)
                    )));
                }
            }
        }
        let descriptors: Vec<_> = sockets.iter().map(AsFd::as_fd).collect();
        channel.send_with(&Answer::Spawned(pids), &descriptors)
    }

    fn fork_worker(
        &mut self,
        channel: &Channel,
        name: &str,
        sockets: &mut Vec<OwnedFd>,
    ) -> std::io::Result<Pid> {
        let (ours, theirs) = Channel::pair()?;
        let fault = self.fault;
        let pid = self.fork_member(|| {
            // These belong to the launcher; in the worker they would keep other
            // workers alive.
            let _ = nix::unistd::close(channel.number());
            for socket in sockets.drain(..) {
                drop(socket);
            }
            worker::set_name(name);
            worker::run(Channel::new(theirs), fault)
        })?;
        sockets.push(ours);
        Ok(pid)
    }

    fn execute(
        &mut self,
        channel: &mut Channel,
        execution: &Execution,
    ) -> Result<(), ReceiveError> {
        let started = Wiring::new(execution.errors).and_then(|wiring| {
            let Wiring { ours, theirs, log, full } = wiring;
            let copy = log.try_clone()?;
            let (reader, writer) = full.unzip();
            // The exec closes all other descriptors that the child inherits.
            let pid = self.fork_member(|| execute(execution, theirs, copy, writer))?;
            Ok((pid, [Some(ours), Some(log), reader]))
        });
        match started {
            Ok((pid, ends)) => {
                let ends: Vec<_> = ends.iter().flatten().map(AsFd::as_fd).collect();
                channel.send_with(&Answer::Executed(pid.as_raw()), &ends)
            }
            Err(error) => channel.send(&Answer::Failed(format!(
                "cannot start {} for {}: {}; `ulimit -u` shows how many processes this user may have",
                execution.program.display(),
                execution.name,
                describe(&error)
            ))),
        }
    }

    /// Forks a process of the scenario's group that dies with the launcher.
    fn fork_member(&mut self, child: impl FnOnce() -> i32) -> std::io::Result<Pid> {
        let group = self.group;
        let pid = fork_into(|| {
            let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
            // Set it here, too: after the child's exec the parent may not.
            let _ = setpgid(Pid::from_raw(0), group.unwrap_or(Pid::from_raw(0)));
            child()
        })?;
        let group = *self.group.get_or_insert(pid);
        match setpgid(pid, group) {
            Err(errno) if errno != Errno::EACCES => Err(errno.into()),
            _ => Ok(pid),
        }
    }

    /// Kills and reaps every process of the scenario, including forked
    /// grandchildren, and removes its directory.
    fn end(&mut self) {
        if let Some(group) = self.group.take() {
            let _ = killpg(group, Signal::SIGKILL);
            let members = Pid::from_raw(-group.as_raw());
            // A grandchild becomes a child of the launcher before its parent
            // can be reaped, so ECHILD means that no process is left.
            while !matches!(waitpid(members, None), Err(errno) if errno != Errno::EINTR) {}
        }
        if let Some(directory) = self.directory.take()
            && !self.keep
        {
            remove(&directory);
        }
    }
}

/// Removes a scenario's directory. If the command died before it unmounted its
/// mounts there, they are unmounted first.
fn remove(directory: &Path) {
    if std::fs::remove_dir_all(directory).is_err() {
        unmount_within(directory);
        let _ = std::fs::remove_dir_all(directory);
    }
}

/// Unmounts all mounts in a directory, in the mount namespace of this process.
fn unmount_within(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let flags = MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW;
        while umount2(&entry.path(), flags).is_ok() {}
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            unmount_within(&entry.path());
        }
    }
}

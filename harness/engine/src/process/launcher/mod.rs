mod role;

use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit};
use serde::de::DeserializeOwned;

use crate::fault::Fault;
use crate::process::channel::{Channel, LONGEST_MESSAGE, MOST_DESCRIPTORS};
use crate::process::execution::{Executed, Execution, Log, StandardError};
use crate::process::role::{LAUNCHER, ROLE};
use crate::process::wire::{Answer, Order, Reply, Request};
use crate::process::{ProcessError, ProcessHandle, ReceiveError, StopToken, Tried};

pub(super) use role::run_on_stdin;

/// The most time that the launcher may take for one order. Killing and reaping
/// ten thousand processes takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Descriptors that a program needs besides those to its workers.
const SPARE_DESCRIPTORS: u64 = 32;

fn descriptor_limit() -> u64 {
    getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(soft, _)| soft)
}

/// Where and how processes are started.
#[derive(Debug, Clone)]
pub struct LauncherOptions {
    /// The program to re-execute; it calls [`init`](crate::init) first.
    pub program: PathBuf,
    /// The directory in which the scratch directory is made.
    pub directory: PathBuf,
    /// Whether to keep the scratch directory at the end.
    pub keep: bool,
    /// Whether to refuse OFD locks to all started processes, as a kernel
    /// without them does.
    pub deny_ofd: bool,
    /// The fault planted in the workers; other programs have none.
    pub fault: Option<Fault>,
    /// Ends every wait.
    pub stop: StopToken,
}

impl LauncherOptions {
    /// Options for a launcher of the running program in `directory`, which
    /// removes its scratch directory and does not refuse OFD locks.
    pub fn new(directory: PathBuf, stop: StopToken) -> LauncherOptions {
        let program = PathBuf::from("/proc/self/exe");
        LauncherOptions { program, directory, keep: false, deny_ofd: false, fault: None, stop }
    }
}

/// A worker that has just been started.
#[derive(Debug)]
pub struct Worker {
    /// Its process id.
    pub pid: i32,
    /// The channel to it.
    pub channel: Channel,
}

impl Worker {
    /// Sends a request and waits for its reply, until `deadline` or a stop.
    ///
    /// # Errors
    /// As [`Channel::wait`] and [`Channel::receive`].
    pub fn ask(
        &mut self,
        request: &Request,
        deadline: Instant,
        stop: &StopToken,
    ) -> Result<Reply, ReceiveError> {
        Ok(self.exchange(request, deadline, stop)?.0)
    }

    /// Makes the worker try each of `claims`, and waits for the answers.
    ///
    /// # Errors
    /// As [`Worker::ask`].
    pub fn try_each(
        &mut self,
        request: &Request,
        deadline: Instant,
        stop: &StopToken,
    ) -> Result<Vec<Tried>, ReceiveError> {
        Ok(self.exchange(request, deadline, stop)?.0)
    }

    fn exchange<A: DeserializeOwned>(
        &mut self,
        request: &Request,
        deadline: Instant,
        stop: &StopToken,
    ) -> Result<(A, Option<OwnedFd>), ReceiveError> {
        self.channel.send(request)?;
        self.channel.wait(deadline, stop)?;
        let (reply, descriptors) = self.channel.receive_with(1)?;
        Ok((reply, descriptors.into_iter().next()))
    }

    /// Like [`Worker::ask`], for a request whose reply may carry a descriptor.
    ///
    /// # Errors
    /// As [`Worker::ask`].
    pub fn ask_for_descriptor(
        &mut self,
        request: &Request,
        deadline: Instant,
        stop: &StopToken,
    ) -> Result<(Reply, Option<OwnedFd>), ReceiveError> {
        self.exchange(request, deadline, stop)
    }
}

/// The command's connection to its launcher. Dropping it ends every process
/// that the launcher started.
#[derive(Debug)]
pub struct Launcher {
    child: Child,
    channel: Option<Channel>,
    stop: StopToken,
    scratch: PathBuf,
}

impl Launcher {
    /// Starts a launcher, which makes its scratch directory.
    ///
    /// # Errors
    /// When the program cannot be re-executed, or the directory cannot be made.
    pub fn start(options: &LauncherOptions) -> Result<Launcher, ProcessError> {
        let failed = |error| ProcessError::Launch { program: options.program.clone(), error };
        let (ours, theirs) = Channel::pair().map_err(failed)?;
        let child = Command::new(&options.program)
            .arg0("imglock-launcher")
            .env(ROLE, LAUNCHER)
            .stdin(Stdio::from(theirs))
            // Workers must not keep the pipe of this process's output open.
            .stdout(Stdio::null())
            // Ctrl-C in a terminal goes to the foreground group only.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let mut launcher = Launcher {
            child,
            channel: Some(Channel::new(ours)),
            stop: options.stop.clone(),
            scratch: PathBuf::new(),
        };
        let LauncherOptions { directory, keep, deny_ofd, fault, .. } = options.clone();
        let order = Order::Prepare { directory, keep, deny_ofd, fault };
        launcher.scratch = match launcher.ask(&order, 0)? {
            (Answer::Directory(path), _) => path,
            (Answer::NoScratch(errno), _) => {
                let directory = options.directory.clone();
                let source = std::io::Error::from_raw_os_error(errno);
                return Err(ProcessError::Scratch { directory, source });
            }
            (other, _) => return Err(unexpected(other)),
        };
        Ok(launcher)
    }

    /// The scratch directory.
    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Makes a fresh directory for one scenario.
    ///
    /// # Errors
    /// When it cannot be made, or the launcher is lost.
    pub fn begin(&mut self) -> Result<PathBuf, ProcessError> {
        self.directory(&Order::Begin)
    }

    /// Starts one worker for each name.
    ///
    /// # Errors
    /// When this user's limit of processes or descriptors is reached.
    pub fn spawn(&mut self, names: &[String]) -> Result<Vec<Worker>, ProcessError> {
        let too_many = || ProcessError::TooMany { wanted: names.len(), limit: descriptor_limit() };
        if names.len() as u64 + SPARE_DESCRIPTORS > descriptor_limit() {
            return Err(too_many());
        }
        let mut workers = Vec::with_capacity(names.len());
        // A name has 255 bytes at most, so such a batch fits into a message.
        for batch in names.chunks(MOST_DESCRIPTORS.min(LONGEST_MESSAGE / 300)) {
            let order = Order::Spawn { names: batch.to_vec() };
            match self.ask(&order, MOST_DESCRIPTORS)? {
                (Answer::Spawned(pids), sockets) if pids.len() == sockets.len() => {
                    workers.extend(
                        pids.into_iter()
                            .zip(sockets)
                            .map(|(pid, socket)| Worker { pid, channel: Channel::new(socket) }),
                    );
                }
                // The kernel drops descriptors that exceed the limit.
                (Answer::Spawned(_), _) => return Err(too_many()),
                (answer, _) => return Err(unexpected(answer)),
            }
        }
        Ok(workers)
    }

    /// Starts another program as a process of the scenario.
    ///
    /// If the program cannot be executed, its process ends, and its log gives
    /// the reason.
    ///
    /// # Errors
    /// When this user's limit of processes or descriptors is reached.
    pub fn execute(&mut self, execution: Execution) -> Result<Executed, ProcessError> {
        let is_full = execution.errors == StandardError::Full;
        let wanted = if is_full { 3 } else { 2 };
        match self.ask(&Order::Execute(execution), wanted)? {
            (Answer::Executed(pid), descriptors) => {
                let mut ends = descriptors.into_iter();
                match (ends.next(), ends.next(), ends.next()) {
                    (Some(socket), Some(log), full) if full.is_some() == is_full => {
                        Ok(Executed { pid, socket, log: Log::new(log), full })
                    }
                    _ => Err(ProcessError::TooMany { wanted, limit: descriptor_limit() }),
                }
            }
            (answer, _) => Err(unexpected(answer)),
        }
    }

    /// Kills all processes started since [`Launcher::begin`], waits for their
    /// end, and removes the scenario's directory.
    ///
    /// # Errors
    /// When the launcher is lost.
    pub fn end(&mut self) -> Result<(), ProcessError> {
        match self.ask(&Order::End, 0)? {
            (Answer::Ended, _) => Ok(()),
            (answer, _) => Err(unexpected(answer)),
        }
    }

    fn directory(&mut self, order: &Order) -> Result<PathBuf, ProcessError> {
        match self.ask(order, 0)? {
            (Answer::Directory(path), _) => Ok(path),
            (answer, _) => Err(unexpected(answer)),
        }
    }

    fn ask(&mut self, order: &Order, most: usize) -> Result<(Answer, Vec<OwnedFd>), ProcessError> {
        let lost = |error: ReceiveError| match error {
            ReceiveError::Stopped => ProcessError::Stopped,
            other => ProcessError::Lost(other.to_string()),
        };
        let Some(channel) = &mut self.channel else {
            return Err(ProcessError::Lost("it was ended".to_owned()));
        };
        channel.send(order).map_err(lost)?;
        channel.wait(Instant::now() + PATIENCE, &self.stop).map_err(lost)?;
        channel.receive_with(most).map_err(lost)
    }
}

fn unexpected(answer: Answer) -> ProcessError {
    match answer {
        Answer::Failed(why) => ProcessError::Refused(why),
        other => ProcessError::Lost(format!("unexpected answer {other:?}")),
    }
}

impl Drop for Launcher {
    fn drop(&mut self) {
        // It reads end-of-file, cleans up and exits.
        self.channel = None;
        if self.has_exited_within(PATIENCE) {
            let _ = self.child.wait();
        } else {
            // The launcher may hang in the kernel, for example on a file system
            // that does not answer. This process must not hang, too.
            let _ = self.child.kill();
        }
    }
}

impl Launcher {
    /// Waits for its end, even while all other work is being stopped.
    fn has_exited_within(&self, patience: Duration) -> bool {
        let pid = i32::try_from(self.child.id()).unwrap_or(0);
        match (ProcessHandle::open(pid), StopToken::pair()) {
            (Ok(process), Ok((_never, stop))) => {
                process.await_exit(Instant::now() + patience, &stop).is_ok()
            }
            // Without descriptors for poll(2), wait without a deadline.
            _ => true,
        }
    }
}

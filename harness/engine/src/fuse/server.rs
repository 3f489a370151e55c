use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::answer::{Answer, Order};
use super::role::ROLE;
use super::{FuseError, FuseLocks, mount};
use crate::process::{self, Channel, ProcessHandle, ReceiveError, StopToken};

/// The most time that a server may take to mount, or to exit.
const PATIENCE: Duration = Duration::from_secs(30);

/// A directory that a process of the harness serves at a second place. Dropping
/// it unmounts the directory and ends the process.
#[derive(Debug)]
pub struct FuseServer {
    child: Child,
    channel: Option<Channel>,
    mount_point: PathBuf,
}

impl FuseServer {
    /// Serves the content of `backing` at `mount_point`, and waits until
    /// requests are answered there. It needs root, and mounts in the mount
    /// namespace of the calling thread.
    ///
    /// # Errors
    /// When there is no FUSE here, or this user may not mount.
    pub fn start(
        backing: &Path,
        mount_point: &Path,
        locks: FuseLocks,
        stop: &StopToken,
    ) -> Result<FuseServer, FuseError> {
        FuseServer::start_as(Path::new("/proc/self/exe"), backing, mount_point, locks, stop)
    }

    /// Like [`FuseServer::start`], with a `program` that calls
    /// [`init`](crate::init) first, for a caller that cannot call it itself.
    ///
    /// # Errors
    /// As [`FuseServer::start`].
    pub fn start_as(
        program: &Path,
        backing: &Path,
        mount_point: &Path,
        locks: FuseLocks,
        stop: &StopToken,
    ) -> Result<FuseServer, FuseError> {
        let failed = |error| FuseError::Start { program: program.to_owned(), error };
        let (ours, theirs) = Channel::pair().map_err(failed)?;
        let child = Command::new(program)
            .arg0("imglock-fuse")
            .env(process::ROLE, ROLE)
            .stdin(Stdio::from(theirs))
            // It must not keep the pipe of this process's output open.
            .stdout(Stdio::null())
            // Ctrl-C in a terminal goes to the foreground group only.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let mount_point = mount_point.to_owned();
        let mut server = FuseServer { child, channel: Some(Channel::new(ours)), mount_point };
        let backing = backing.to_owned();
        server.tell(&Order { backing, mount_point: server.mount_point.clone(), locks }, stop)?;
        Ok(server)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn tell(&mut self, order: &Order, stop: &StopToken) -> Result<(), FuseError> {
        let lost = |error| match error {
            ReceiveError::Stopped => FuseError::Stopped,
            other => FuseError::Lost(other.to_string()),
        };
        let Some(channel) = &mut self.channel else {
            return Err(FuseError::Lost("it was ended".to_owned()));
        };
        channel.send(order).map_err(lost)?;
        channel.wait(Instant::now() + PATIENCE, stop).map_err(lost)?;
        match channel.receive().map_err(lost)? {
            Answer::Ready => Ok(()),
            Answer::Failed(why) => Err(FuseError::Refused(why)),
        }
    }

    /// Waits for its end, even while all other work is being stopped.
    fn has_ended_within(&self, patience: Duration) -> bool {
        let pid = i32::try_from(self.child.id()).unwrap_or(0);
        match (ProcessHandle::open(pid), StopToken::pair()) {
            (Ok(process), Ok((_never, stop))) => {
                process.await_exit(Instant::now() + patience, &stop).is_ok()
            }
            // Without descriptors for poll(2), do not wait.
            _ => false,
        }
    }
}

impl Drop for FuseServer {
    fn drop(&mut self) {
        // It reads end-of-file, unmounts and exits.
        self.channel = None;
        if !self.has_ended_within(PATIENCE) {
            let _ = self.child.kill();
        }
        let ended = self.child.wait();
        if !ended.is_ok_and(|status| status.success()) {
            // It was killed, and its mount is still there.
            mount::detach(&self.mount_point);
        }
    }
}

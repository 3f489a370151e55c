//! The server's side: it mounts, serves, and exits with the process that
//! started it.

use std::os::fd::AsFd;
use std::path::Path;

use fuser::{Config, Session, SessionACL};

use super::answer::{Answer, Order};
use super::mount;
use super::passthrough::Passthrough;
use crate::process::{Channel, describe};

/// The value of the role's environment variable for a server.
pub(super) const ROLE: &str = "fuse";

/// Serves until the process that started it is gone, if `role` names this role;
/// returns the exit status.
pub(crate) fn run_as(role: &str) -> Option<i32> {
    (role == ROLE).then(run_on_stdin)
}

fn run_on_stdin() -> i32 {
    let Ok(socket) = std::io::stdin().as_fd().try_clone_to_owned() else { return 1 };
    let mut channel = Channel::new(socket);
    let Ok(order) = channel.receive::<Order>() else { return 1 };
    // The kernel has applied the caller's umask to the mode of its requests.
    rustix::process::umask(rustix::fs::Mode::empty());
    let served = serve(&order);
    let answer = match &served {
        Ok(()) => Answer::Ready,
        Err(why) => Answer::Failed(why.clone()),
    };
    if channel.send(&answer).is_ok() && served.is_ok() {
        // No second message comes: this waits for the other end's close.
        let _ = channel.receive::<Answer>();
    }
    // The end of this process closes /dev/fuse. Then each pending request fails
    // with an error.
    if served.is_ok() {
        mount::detach(&order.mount_point);
    }
    i32::from(served.is_err())
}

fn serve(order: &Order) -> Result<(), String> {
    let Order { backing, mount_point, locks } = order;
    let cannot = |path: &Path, error: &std::io::Error| {
        format!("cannot serve {}: {}", path.display(), describe(error))
    };
    let passthrough = Passthrough::of(backing, *locks).map_err(|error| cannot(backing, &error))?;
    let device = mount::mount_on(mount_point)?;
    let session = Session::from_fd(passthrough, device, SessionACL::All, Config::default());
    let session = session.map_err(|error| {
        mount::detach(mount_point);
        cannot(backing, &error)
    })?;
    // One thread serves the requests in the order in which the kernel sent
    // them. It never waits; the lock desk answers waiting lock requests later.
    let run = move || {
        let served = session.run();
        // Another process has unmounted it, so there is no more to serve.
        std::process::exit(i32::from(served.is_err()));
    };
    let thread = std::thread::Builder::new().name("imglock-fuse".to_owned()).spawn(run);
    thread.map(drop).map_err(|error| {
        mount::detach(mount_point);
        cannot(backing, &error)
    })
}

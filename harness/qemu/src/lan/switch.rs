//! A switch between guests, as a thread of the test: it needs neither root nor a
//! network of the machine.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, poll};

use super::address::Mac;
use super::frames::Frames;

/// The most bytes that wait for a guest that does not read, for example while it
/// is paused. Further frames to it are lost, as in a switch of hardware.
const MOST_WAITING: usize = 1 << 20;

/// The links that are cut, each as a pair of names in order.
type Cuts = Arc<Mutex<BTreeSet<(String, String)>>>;

/// A switch with a port for each guest.
#[derive(Debug)]
pub(super) struct Switch {
    cuts: Cuts,
    new_ports: Option<Sender<Port>>,
    wake: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Switch {
    /// A switch without ports.
    ///
    /// # Errors
    /// If this process has no free descriptors or threads.
    pub(super) fn start() -> io::Result<Switch> {
        let cuts = Cuts::default();
        let (awake, wake) = rustix::pipe::pipe_with(
            rustix::pipe::PipeFlags::CLOEXEC | rustix::pipe::PipeFlags::NONBLOCK,
        )?;
        let (new_ports, arriving) = channel();
        let forwarding = Forwarding { ports: Vec::new(), cuts: Arc::clone(&cuts), awake, arriving };
        let thread = std::thread::Builder::new()
            .name("imglock-switch".to_owned())
            .spawn(move || forwarding.run())?;
        let (new_ports, wake) = (Some(new_ports), Some(wake));
        Ok(Switch { cuts, new_ports, wake, thread: Some(thread) })
    }

    /// Adds a port for the guest `name`, whose QEMU connects to the socket at
    /// `path`, once or again after its end.
    ///
    /// # Errors
    /// If the socket cannot be made.
    pub(super) fn add_port(&self, name: &str, mac: Mac, path: &Path) -> io::Result<()> {
        let listener = UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        let port = Port { name: name.to_owned(), mac, listener, line: None };
        let sent = self.new_ports.as_ref().map(|ports| ports.send(port));
        if !matches!(sent, Some(Ok(()))) {
            return Err(io::Error::other("the switch has ended"));
        }
        // A full pipe wakes it as well.
        let _ = self.wake.as_ref().map(|wake| rustix::io::write(wake, &[1]));
        Ok(())
    }

    /// Loses all frames between two guests from now on.
    pub(super) fn cut(&self, one: &str, other: &str) {
        self.cuts.lock().unwrap_or_else(PoisonError::into_inner).insert(link(one, other));
    }

    /// Forwards the frames between two guests again.
    pub(super) fn heal(&self, one: &str, other: &str) {
        self.cuts.lock().unwrap_or_else(PoisonError::into_inner).remove(&link(one, other));
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        // The thread ends when both of its sources are closed.
        self.new_ports = None;
        self.wake = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn link(one: &str, other: &str) -> (String, String) {
    let (first, last) = if one <= other { (one, other) } else { (other, one) };
    (first.to_owned(), last.to_owned())
}

#[derive(Debug)]
struct Port {
    name: String,
    mac: Mac,
    listener: UnixListener,
    line: Option<Line>,
}

/// The connection to a guest's QEMU.
#[derive(Debug)]
struct Line {
    socket: UnixStream,
    arriving: Frames,
    leaving: Vec<u8>,
}

/// The thread's part.
struct Forwarding {
    ports: Vec<Port>,
    cuts: Cuts,
    awake: OwnedFd,
    arriving: Receiver<Port>,
}

impl Forwarding {
    fn run(mut self) {
        while self.wait().is_ok() {
            let mut bytes = [0; 64];
            // End-of-file: the switch is dropped.
            if matches!(rustix::io::read(&self.awake, &mut bytes), Ok(0)) {
                return;
            }
            let frames: Vec<_> = (0..self.ports.len())
                .flat_map(|number| self.received(number).into_iter().map(move |f| (number, f)))
                .collect();
            // The guests that came before a frame was sent receive it.
            while let Ok(port) = self.arriving.try_recv() {
                self.ports.push(port);
            }
            self.ports.iter_mut().for_each(Port::connect);
            for (number, frame) in frames {
                self.forward(number, &frame);
            }
            self.ports.iter_mut().for_each(Port::send);
        }
    }

    /// Waits until a guest connects, sends or can receive.
    fn wait(&self) -> io::Result<()> {
        let mut polled = vec![PollFd::from_borrowed_fd(self.awake.as_fd(), PollFlags::IN)];
        for port in &self.ports {
            polled.push(PollFd::from_borrowed_fd(port.listener.as_fd(), PollFlags::IN));
            if let Some(line) = &port.line {
                let mut events = PollFlags::IN;
                events.set(PollFlags::OUT, !line.leaving.is_empty());
                polled.push(PollFd::from_borrowed_fd(line.socket.as_fd(), events));
            }
        }
        match poll(&mut polled, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// The frames that have arrived from a guest. A line that is closed or
    /// broken is dropped.
    fn received(&mut self, number: usize) -> Vec<Vec<u8>> {
        let port = &mut self.ports[number];
        let Some(line) = &mut port.line else { return Vec::new() };
        let mut bytes = vec![0; 1 << 17];
        let frames = match (&line.socket).read(&mut bytes) {
            Ok(0) => None,
            Ok(length) => line.arriving.add(&bytes[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Some(Vec::new()),
            Err(_) => None,
        };
        frames.unwrap_or_else(|| {
            port.line = None;
            Vec::new()
        })
    }

    fn forward(&mut self, from: usize, frame: &[u8]) {
        let cuts = self.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = self.ports[from].name.clone();
        let receiver = Mac::of_receiver(frame);
        let known = self.ports.iter().any(|port| Some(port.mac) == receiver);
        for (number, port) in self.ports.iter_mut().enumerate() {
            let is_addressed = !known || Some(port.mac) == receiver;
            if number == from || !is_addressed || cuts.contains(&link(&sender, &port.name)) {
                continue;
            }
            if let Some(line) = &mut port.line
                && line.leaving.len() < MOST_WAITING
            {
                Frames::pack(frame, &mut line.leaving);
            }
        }
    }
}

impl Port {
    /// Accepts a guest's connection, which replaces an earlier one.
    fn connect(&mut self) {
        if let Ok((socket, _)) = self.listener.accept()
            && socket.set_nonblocking(true).is_ok()
        {
            self.line = Some(Line { socket, arriving: Frames::default(), leaving: Vec::new() });
        }
    }

    /// Sends as much as the guest takes.
    fn send(&mut self) {
        let Some(line) = &mut self.line else { return };
        while !line.leaving.is_empty() {
            match (&line.socket).write(&line.leaving) {
                Ok(length) => {
                    line.leaving.drain(..length);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.line = None;
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;

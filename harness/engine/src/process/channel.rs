use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::ReceiveError;
use super::stop::{StopToken, await_readable};

/// The most descriptors that the kernel accepts in one message (`SCM_MAX_FD`).
pub(super) const MOST_DESCRIPTORS: usize = 253;
/// The size of the longest message in bytes: a path and a node, or data to read
/// or write. Every worker reserves a buffer of this size, and there may be
/// thousands of workers.
pub(super) const LONGEST_MESSAGE: usize = 16 * 1024;

/// One end of a SOCK_SEQPACKET socket that carries `postcard` messages and
/// descriptors.
#[derive(Debug)]
pub struct Channel {
    socket: OwnedFd,
    /// The buffer for the encoded outgoing message.
    outgoing: Vec<u8>,
    /// The buffer for incoming messages.
    incoming: Vec<u8>,
}

impl Channel {
    /// Takes one end of a socket pair.
    pub fn new(socket: OwnedFd) -> Channel {
        Channel { socket, outgoing: Vec::new(), incoming: vec![0; LONGEST_MESSAGE] }
    }

    /// Makes two connected sockets.
    ///
    /// # Errors
    /// When this process has no free descriptors.
    pub fn pair() -> std::io::Result<(OwnedFd, OwnedFd)> {
        let flags = SocketFlags::CLOEXEC;
        Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?)
    }

    /// The socket's number in this process.
    pub(super) fn number(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    /// A second descriptor of the socket.
    pub(super) fn duplicate(&self) -> std::io::Result<OwnedFd> {
        self.socket.try_clone()
    }

    /// Sends one message.
    ///
    /// # Errors
    /// [`ReceiveError::Closed`] when the other end is closed.
    pub fn send<M: Serialize>(&mut self, message: &M) -> Result<(), ReceiveError> {
        self.send_with(message, &[])
    }

    /// Sends one message together with copies of `descriptors`.
    ///
    /// # Errors
    /// As [`Channel::send`].
    pub fn send_with<M: Serialize>(
        &mut self,
        message: &M,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<(), ReceiveError> {
        let mut bytes = std::mem::take(&mut self.outgoing);
        bytes.clear();
        let bytes = postcard::to_extend(message, bytes)?;
        if bytes.len() > LONGEST_MESSAGE {
            let why = format!("a message of {} bytes is too long", bytes.len());
            return Err(ReceiveError::Broken(std::io::Error::other(why)));
        }
        let mut space = vec![MaybeUninit::uninit(); control_space(descriptors.len())];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() {
            control.push(SendAncillaryMessage::ScmRights(descriptors));
        }
        let sent = retry(|| {
            sendmsg(&self.socket, &[IoSlice::new(&bytes)], &mut control, SendFlags::NOSIGNAL)
        });
        self.outgoing = bytes;
        sent?;
        Ok(())
    }

    /// Waits for one message, without a deadline.
    ///
    /// # Errors
    /// [`ReceiveError::Closed`] at the end, [`ReceiveError::Broken`] otherwise.
    pub fn receive<M: DeserializeOwned>(&mut self) -> Result<M, ReceiveError> {
        Ok(self.receive_with(0)?.0)
    }

    /// Waits for one message and up to `most` descriptors with it.
    ///
    /// # Errors
    /// As [`Channel::receive`].
    pub fn receive_with<M: DeserializeOwned>(
        &mut self,
        most: usize,
    ) -> Result<(M, Vec<OwnedFd>), ReceiveError> {
        let mut space = vec![MaybeUninit::uninit(); control_space(most)];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received = retry(|| {
            let mut parts = [IoSliceMut::new(&mut self.incoming)];
            recvmsg(&self.socket, &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC)
        })?;
        let descriptors = control
            .drain()
            .filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
                _ => None,
            })
            .flatten()
            .collect();
        match received.bytes {
            0 => Err(ReceiveError::Closed),
            length => Ok((postcard::from_bytes(&self.incoming[..length])?, descriptors)),
        }
    }

    /// Waits until a message can be read, the deadline passes or `stop` is set.
    ///
    /// # Errors
    /// [`ReceiveError::Timeout`] or [`ReceiveError::Stopped`].
    pub fn wait(&self, deadline: Instant, stop: &StopToken) -> Result<(), ReceiveError> {
        await_readable(self.socket.as_fd(), deadline, stop)
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn retry<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}

/// The bytes that `SCM_RIGHTS` needs for this number of descriptors: a header
/// of 16, and 4 for each, rounded up.
fn control_space(descriptors: usize) -> usize {
    match descriptors {
        0 => 0,
        count => rustix::cmsg_space!(ScmRights(1)) + 4 * count,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn pair() -> (Channel, Channel) {
        let (a, b) = Channel::pair().expect("a socket pair");
        (Channel::new(a), Channel::new(b))
    }

    #[test]
    fn a_message_arrives_whole_with_its_descriptors() {
        let (mut here, mut there) = pair();
        let files: Vec<_> = (0..MOST_DESCRIPTORS)
            .map(|_| std::fs::File::open("/dev/null").expect("/dev/null"))
            .collect();
        let descriptors: Vec<_> = files.iter().map(AsFd::as_fd).collect();
        here.send_with(&"hello".to_owned(), &descriptors).expect("sent");
        let (text, received): (String, _) = there.receive_with(MOST_DESCRIPTORS).expect("received");
        assert_eq!((text.as_str(), received.len()), ("hello", MOST_DESCRIPTORS));
    }

    #[test]
    fn the_end_of_the_other_side_is_told_from_a_message() {
        let (here, mut there) = pair();
        drop(here);
        assert!(matches!(there.receive::<u8>(), Err(ReceiveError::Closed)));
        assert!(matches!(there.send(&1u8), Err(ReceiveError::Closed)));
    }

    #[test]
    fn a_wait_ends_at_its_deadline_and_when_stopped() {
        let (here, _there) = pair();
        let (trigger, stop) = StopToken::pair().expect("a pipe");
        let soon = Instant::now() + Duration::from_millis(1);
        assert!(matches!(here.wait(soon, &stop), Err(ReceiveError::Timeout)));
        trigger.stop();
        let late = Instant::now() + Duration::from_secs(60);
        assert!(matches!(here.wait(late, &stop), Err(ReceiveError::Stopped)));
    }
}

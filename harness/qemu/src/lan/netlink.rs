//! Messages between a process and the kernel (netlink(7)).

use std::io;
use std::os::fd::OwnedFd;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recv, sendto,
    socket_with,
};

/// `NLM_F_REQUEST` and `NLM_F_ACK` (linux/netlink.h).
pub(super) const REQUEST: u16 = 0x1;
pub(super) const ACK: u16 = 0x4;
/// `NLMSG_ERROR`: the answer, with the error 0 if all is well.
const ERROR: u16 = 2;
/// The size of `struct nlmsghdr`.
const HEADER: usize = 16;
/// The size of `struct nlattr`.
const ATTRIBUTE: usize = 4;
/// The maximum length of a message from the kernel.
const LONGEST: usize = 16 << 10;

/// A connection with a part of the kernel.
#[derive(Debug)]
pub(super) struct Netlink(OwnedFd);

impl Netlink {
    /// Opens it.
    ///
    /// # Errors
    /// If the kernel does not have this protocol.
    pub(super) fn open(protocol: Option<Protocol>) -> io::Result<Netlink> {
        let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
        let socket = socket_with(family, kind, SocketFlags::CLOEXEC, protocol)?;
        bind(&socket, &SocketAddrNetlink::new(0, 0))?;
        Ok(Netlink(socket))
    }

    /// Sends a message.
    ///
    /// # Errors
    /// If the kernel does not take it.
    pub(super) fn send(&self, kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
        let message = message(kind, flags, body)?;
        sendto(&self.0, &message, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        Ok(())
    }

    /// Waits for one message of the kernel, and returns its body.
    ///
    /// # Errors
    /// The error that the kernel sent, or that of recv(2).
    pub(super) fn receive(&self) -> io::Result<Vec<u8>> {
        let mut message = [0; LONGEST];
        let (length, _) = recv(&self.0, &mut message[..], RecvFlags::empty())?;
        body(message.get(..length).unwrap_or_default())
    }

    /// Sends a request that the kernel acknowledges, and waits for that.
    ///
    /// # Errors
    /// If the kernel refuses it.
    pub(super) fn request(&self, kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
        self.send(kind, flags, body)?;
        self.receive().map(drop)
    }
}

/// A message with its header.
pub(super) fn message(kind: u16, flags: u16, body: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(HEADER + body.len()).map_err(io::Error::other)?;
    let mut message = length.to_ne_bytes().to_vec();
    message.extend([kind, flags].into_iter().flat_map(u16::to_ne_bytes));
    // The sequence number, and the sender, which the kernel fills in.
    message.extend([1_u32, 0].into_iter().flat_map(u32::to_ne_bytes));
    message.extend(body);
    Ok(message)
}

/// The body of a message from the kernel, or the error in it.
fn body(message: &[u8]) -> io::Result<Vec<u8>> {
    let invalid = || io::Error::other("the kernel's answer to netlink is invalid");
    let (header, body) = message.split_at_checked(HEADER).ok_or_else(invalid)?;
    if header.get(4..6) != Some(&ERROR.to_ne_bytes()) {
        return Ok(body.to_vec());
    }
    let error = body.first_chunk().copied().map(i32::from_ne_bytes).ok_or_else(invalid)?;
    if error == 0 { Ok(body.to_vec()) } else { Err(io::Error::from_raw_os_error(-error)) }
}

/// An attribute (`struct nlattr`, `struct rtattr`): length, type and value, filled up to a multiple
/// of four bytes.
pub(super) fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(ATTRIBUTE + value.len()).unwrap_or(u16::MAX);
    let mut attribute: Vec<u8> = [length, kind].into_iter().flat_map(u16::to_ne_bytes).collect();
    attribute.extend(value);
    attribute.resize(attribute.len().next_multiple_of(4), 0);
    attribute
}

/// The attributes of a message, with their types.
pub(super) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let number = |at: usize| Some(u16::from_ne_bytes(*bytes.get(at..at + 2)?.first_chunk()?));
        let (length, kind) = (usize::from(number(0)?), number(2)?);
        let value = bytes.get(ATTRIBUTE..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_as_they_are_written() {
        let all = [attribute(2, b"SMBD\0"), attribute(1, &7_u16.to_ne_bytes())].concat();
        assert_eq!(all.len(), 20);
        let read: Vec<(u16, &[u8])> = attributes(&all).collect();
        assert_eq!(read, [(2, &b"SMBD\0"[..]), (1, &7_u16.to_ne_bytes())]);
        // A length that reaches past the end, and one that is shorter than its own field.
        assert_eq!(attributes(&all[..10]).count(), 1);
        assert_eq!(attributes(&[0; 8]).count(), 0);
    }

    #[test]
    fn an_error_of_the_kernel_is_an_error() {
        let answer = |error: i32| message(ERROR, 0, &error.to_ne_bytes()).expect("a message");
        assert_eq!(body(&answer(-1)).expect_err("refused").raw_os_error(), Some(1));
        assert_eq!(body(&answer(0)).expect("fine"), [0; 4]);
        assert_eq!(body(&message(20, 0, b"text").expect("a message")).expect("fine"), b"text");
        assert!(body(b"short").is_err());
    }
}

//! Network interfaces, by messages of rtnetlink(7).

use std::io;
use std::net::Ipv4Addr;

use super::netlink::{ACK, Netlink, REQUEST, attribute};

/// `RTM_NEWLINK` and `RTM_NEWADDR` (linux/rtnetlink.h).
const NEW_LINK: u16 = 16;
const NEW_ADDRESS: u16 = 20;
/// `NLM_F_EXCL` and `NLM_F_CREATE` (linux/netlink.h).
const EXCLUSIVE: u16 = 0x200;
const CREATE: u16 = 0x400;
/// `IFF_UP` (linux/if.h).
const UP: u32 = 1;
/// `IFA_ADDRESS` and `IFA_LOCAL` (linux/if_addr.h).
const PEER: u16 = 1;
const LOCAL: u16 = 2;
/// `AF_INET`.
const INET: u8 = 2;

/// Brings the interface with this index up.
///
/// # Errors
/// If the kernel refuses it.
pub(super) fn bring_up(interface: u32) -> io::Result<()> {
    request(NEW_LINK, REQUEST | ACK, &link_up(interface))
}

/// Adds an address to the interface with this index; `prefix` is the number of
/// bits that name its network.
///
/// # Errors
/// If the kernel refuses it.
pub(super) fn add_address(interface: u32, address: Ipv4Addr, prefix: u8) -> io::Result<()> {
    let flags = REQUEST | ACK | CREATE | EXCLUSIVE;
    request(NEW_ADDRESS, flags, &new_address(interface, address, prefix))
}

/// The index of an interface (sysfs, `class/net/NAME/ifindex`).
///
/// # Errors
/// If there is no such interface.
pub(super) fn index_of(name: &str) -> io::Result<u32> {
    let text = std::fs::read_to_string(format!("/sys/class/net/{name}/ifindex"))?;
    text.trim().parse().map_err(io::Error::other)
}

/// `struct ifinfomsg`: family, type, index, flags, and the flags that change.
fn link_up(interface: u32) -> Vec<u8> {
    let mut body = vec![0; 4];
    body.extend([interface, UP, UP].into_iter().flat_map(u32::to_ne_bytes));
    body
}

/// `struct ifaddrmsg`: family, prefix, flags, scope, index; and two attributes.
fn new_address(interface: u32, address: Ipv4Addr, prefix: u8) -> Vec<u8> {
    let mut body = vec![INET, prefix, 0, 0];
    body.extend(interface.to_ne_bytes());
    for kind in [LOCAL, PEER] {
        body.extend(attribute(kind, &address.octets()));
    }
    body
}

/// Sends a request, and waits for the kernel's answer, which comes at once.
fn request(kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
    // `NETLINK_ROUTE` is the protocol 0.
    Netlink::open(None)?.request(kind, flags, body)
}

#[cfg(test)]
mod tests {
    use super::super::netlink::message;
    use super::*;

    #[test]
    fn messages_are_laid_out_as_the_kernel_has_them() {
        let body = new_address(3, Ipv4Addr::new(10, 0, 0, 1), 24);
        let message = message(NEW_ADDRESS, REQUEST | ACK, &body).expect("a message");
        let expected: [u8; 40] = [
            40, 0, 0, 0, 20, 0, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 24, 0, 0, 3, 0, 0, 0, 8, 0, 2, 0,
            10, 0, 0, 1, 8, 0, 1, 0, 10, 0, 0, 1,
        ];
        if cfg!(target_endian = "little") {
            assert_eq!(message, expected);
        }
        assert_eq!(link_up(1).len(), 16);
    }

    #[test]
    fn the_kernel_answers_with_its_error() {
        // An interface of this number does not exist, or this user may not change it.
        let refused = bring_up(u32::from(u16::MAX)).expect_err("no such interface");
        let expected = [nix::libc::ENODEV, nix::libc::EPERM];
        assert!(refused.raw_os_error().is_some_and(|errno| expected.contains(&errno)), "{refused}");
    }
}

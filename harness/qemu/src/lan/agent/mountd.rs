//! The MOUNT protocol of NFSv3 (RFC 1813, appendix I), over UDP, for one export
//! whose file handle is known. A kernel asks it before it mounts NFSv3 with
//! options in text. It takes the place of rpc.mountd, which would have to answer
//! the questions of the kernel's server as well.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};

/// `MOUNTPROC3_MNT` and `MNT3ERR_NOTSUPP`.
const MOUNT: u32 = 1;
const PROGRAM: u32 = 100_005;
/// `AUTH_SYS` (RFC 5531, 8.2).
const AUTH_SYS: u32 = 1;
/// `accept_stat` of RFC 5531: success, and a program that is not served.
const SUCCESS: u32 = 0;
const UNAVAILABLE: u32 = 1;

/// Answers in a thread of its own, until the guest ends.
///
/// # Errors
/// If the port is in use.
pub(super) fn start(port: u16, handle: Vec<u8>) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port))?;
    std::thread::Builder::new().spawn(move || {
        let mut call = [0; 2048];
        loop {
            // An error belongs to an earlier answer: a client that is gone.
            let Ok((length, client)) = socket.recv_from(&mut call) else { continue };
            if let Some(reply) = reply(&call[..length], &handle) {
                let _ = socket.send_to(&reply, client);
            }
        }
    })?;
    Ok(())
}

/// The reply to a call; `None` for anything else.
fn reply(call: &[u8], handle: &[u8]) -> Option<Vec<u8>> {
    let word = |number: usize| {
        let bytes = call.get(4 * number..4 * number + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    };
    // xid, CALL, version 2 of RPC, program, version, procedure (RFC 5531, 9).
    let (xid, kind, program, procedure) = (word(0)?, word(1)?, word(3)?, word(5)?);
    if kind != 0 {
        return None;
    }
    // xid, REPLY, accepted, an empty verifier.
    let mut words = vec![xid, 1, 0, 0, 0];
    if program != PROGRAM {
        words.push(UNAVAILABLE);
        return Some(words.into_iter().flat_map(u32::to_be_bytes).collect());
    }
    words.push(SUCCESS);
    let mut reply: Vec<u8> = words.into_iter().flat_map(u32::to_be_bytes).collect();
    if procedure == MOUNT {
        let length = u32::try_from(handle.len()).ok()?;
        reply.extend([0, length].into_iter().flat_map(u32::to_be_bytes));
        reply.extend(handle);
        reply.resize(reply.len().next_multiple_of(4), 0);
        reply.extend([1, AUTH_SYS].into_iter().flat_map(u32::to_be_bytes));
    }
    Some(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(kind: u32, program: u32, procedure: u32) -> Vec<u8> {
        let words = [7, kind, 2, program, 3, procedure, 0, 0, 0, 0];
        words.into_iter().flat_map(u32::to_be_bytes).collect()
    }

    fn words(reply: &[u8]) -> Vec<u32> {
        reply.chunks(4).map(|word| u32::from_be_bytes(word.try_into().expect("a word"))).collect()
    }

    #[test]
    fn a_mount_receives_the_handle() {
        let reply = reply(&call(0, PROGRAM, MOUNT), &[1, 0, 1, 0, 0, 0]).expect("a reply");
        let expected = [7, 1, 0, 0, 0, SUCCESS, 0, 6, 0x0100_0100, 0, 1, AUTH_SYS];
        assert_eq!(words(&reply), expected);
    }

    #[test]
    fn other_calls_are_told_from_it() {
        assert_eq!(words(&reply(&call(0, PROGRAM, 0), &[]).expect("a reply")), [7, 1, 0, 0, 0, 0]);
        let other = reply(&call(0, 100_003, 0), &[]).expect("a reply");
        assert_eq!(words(&other), [7, 1, 0, 0, 0, UNAVAILABLE]);
        assert_eq!(reply(&call(1, PROGRAM, MOUNT), &[]), None);
        assert_eq!(reply(b"short", &[]), None);
    }
}

//! The configuration of the kernel's SMB server, by generic netlink: it takes the place of
//! ksmbd.mountd, whose version has to fit the kernel's. That of Debian 12 does not fit the kernels
//! since "ksmbd: validate payload size in ipc response".
//!
//! Messages and their formats: fs/smb/server/ksmbd_netlink.h of Linux. Every user is root's guest.

use std::io;

use rustix::net::netlink::GENERIC;

use crate::lan::netlink::{ACK, Netlink, REQUEST, attribute, attributes};

/// `GENL_ID_CTRL`, `CTRL_CMD_GETFAMILY`, `CTRL_ATTR_FAMILY_ID` and `CTRL_ATTR_FAMILY_NAME`
/// (linux/genetlink.h).
const CONTROL: u16 = 0x10;
const GET_FAMILY: u8 = 3;
const FAMILY_ID: u16 = 1;
const FAMILY_NAME: u16 = 2;
/// The size of `struct genlmsghdr`: command, version, reserved.
const HEADER: usize = 4;
/// `KSMBD_GENL_VERSION`.
const VERSION: u8 = 1;

/// `enum ksmbd_event`. The answer to a question has the number after it.
const STARTING_UP: u8 = 2;
const LOGIN: u8 = 4;
const SHARE: u8 = 6;
const TREE_CONNECT: u8 = 8;

/// The share of pipes that every SMB server has.
const PIPES: &str = "ipc$";

/// Starts the server of TCP port 445, with one share, and answers the kernel's questions in a thread
/// of its own until the guest ends.
///
/// # Errors
/// If the kernel has no such server, or refuses the configuration.
pub(super) fn start(share: &str, folder: &str) -> io::Result<()> {
    let netlink = Netlink::open(Some(GENERIC))?;
    let name = attribute(FAMILY_NAME, b"SMBD_GENL\0");
    netlink.send(CONTROL, REQUEST, &[generic(GET_FAMILY), name].concat())?;
    let found = netlink.receive()?;
    let family = attributes(found.get(HEADER..).unwrap_or_default())
        .find(|(kind, _)| *kind == FAMILY_ID)
        .and_then(|(_, id)| id.first_chunk().copied());
    let family = family.map(u16::from_ne_bytes);
    let family = family.ok_or_else(|| io::Error::other("the kernel has no family SMBD_GENL"))?;
    netlink.request(family, REQUEST | ACK, &event(STARTING_UP, &startup()))?;
    let (share, folder) = (share.to_owned(), folder.to_owned());
    std::thread::Builder::new().spawn(move || {
        loop {
            // An error belongs to an earlier answer: the kernel waits for it no longer.
            let Ok(question) = netlink.receive() else { continue };
            if let Some(answer) = answer(&question, &share, &folder) {
                let _ = netlink.send(family, REQUEST, &answer);
            }
        }
    })?;
    Ok(())
}

/// `struct genlmsghdr`.
fn generic(command: u8) -> Vec<u8> {
    vec![command, VERSION, 0, 0]
}

/// A message of ksmbd: its only attribute has the number of the event.
fn event(number: u8, value: &[u8]) -> Vec<u8> {
    [generic(number), attribute(number.into(), value)].concat()
}

/// The answer to a question; `None` to what needs none.
fn answer(question: &[u8], share: &str, folder: &str) -> Option<Vec<u8>> {
    let command = *question.first()?;
    let (_, value) = attributes(question.get(HEADER..)?).next()?;
    // Each question begins with a number, and its answer repeats it.
    let (handle, rest) = value.split_first_chunk::<4>()?;
    let answer = match command {
        LOGIN => login(),
        SHARE => {
            let name = rest.split(|byte| *byte == 0).next()?;
            let known = [(PIPES, None), (share, Some(folder))];
            known.into_iter().find(|(known, _)| known.as_bytes() == name).map_or_else(
                || share_config("", Some(0), ""),
                |(name, folder)| share_config(name, None, folder.unwrap_or_default()),
            )
        }
        TREE_CONNECT => tree_connect(),
        _ => return None,
    };
    Some(event(command + 1, &[&handle[..], &answer].concat()))
}

/// `text`, and zeros up to `length` bytes.
fn field(text: &str, length: usize) -> Vec<u8> {
    let mut field = text.as_bytes().to_vec();
    field.resize(length, 0);
    field
}

/// Numbers of 32 bits.
fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// `struct ksmbd_startup_request`.
fn startup() -> Vec<u8> {
    [
        // `KSMBD_GLOBAL_FLAG_SMB2_LEASES`: with an oplock in its place, the locks of a client do not
        // reach the server, even if another client opens the file (seen with Linux 6.12). Signing
        // and the versions of the protocol are the kernel's own.
        words(&[1, 0]),
        vec![0; 2 * 16],
        field("SERVER", 16),
        field("WORKGROUP", 64),
        field("SMB SERVER", 64),
        [445_u16, 0].into_iter().flat_map(u16::to_ne_bytes).collect(),
        // Idle minutes, open files, sizes, `share_fake_fscaps`: sparse files.
        words(&[0, 10_000, 0, 0, 0, 64]),
        // The numbers of the security identifier, credits, RDMA, connections.
        words(&[1, 2, 3, 0, 0, 128]),
        // What is reserved, and no list of interfaces.
        vec![0; 126 * 4 + 4],
    ]
    .concat()
}

/// `struct ksmbd_login_response` without its handle: any user is a guest with the IDs 0.
fn login() -> Vec<u8> {
    // `KSMBD_USER_FLAG_OK` and `KSMBD_USER_FLAG_GUEST_ACCOUNT`.
    let status = 0x11_u16;
    [vec![0; 8 + 48], status.to_ne_bytes().to_vec(), vec![0; 2 + 20 + 16 * 4]].concat()
}

/// `struct ksmbd_share_config_response` without its handle. `flags` are those of a usual share;
/// 0 means that there is no such share.
fn share_config(name: &str, flags: Option<u32>, folder: &str) -> Vec<u8> {
    // Available, browsable, writable, for guests, with DOS attributes and oplocks; or for pipes.
    let usual = if folder.is_empty() { 0x1 | 0x10 | 0x100 } else { 0x1 | 0x2 | 0x4 | 0x10 | 0xc0 };
    let masks = [0o744_u16, 0o755, 0, 0, 0, 0];
    let payload = if folder.is_empty() { Vec::new() } else { field(folder, folder.len() + 1) };
    let size = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    [
        words(&[flags.unwrap_or(usual)]),
        masks.into_iter().flat_map(u16::to_ne_bytes).collect(),
        field(name, 64),
        vec![0; 111 * 4],
        // The sizes of all that follows, and of the list of vetoed files in it.
        words(&[size, 0]),
        payload,
    ]
    .concat()
}

/// `struct ksmbd_tree_connect_response` without its handle: a guest may write.
fn tree_connect() -> Vec<u8> {
    // `KSMBD_TREE_CONN_STATUS_OK`; `KSMBD_TREE_CONN_FLAG_GUEST_ACCOUNT` and `..._WRITABLE`.
    let (status, flags) = (0_u16, 0x1 | 0x4_u16);
    let begin = [status, flags].into_iter().flat_map(u16::to_ne_bytes);
    begin.chain([0; 16 * 4]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A question of the kernel with the handle 7.
    fn question(command: u8, text: &str) -> Vec<u8> {
        event(command, &[7_u32.to_ne_bytes().to_vec(), field(text, 64)].concat())
    }

    fn answered(command: u8, text: &str) -> Option<(u8, Vec<u8>)> {
        let answer = answer(&question(command, text), "share", "/share")?;
        let (kind, value) = attributes(&answer[HEADER..]).next().expect("an attribute");
        assert_eq!((u16::from(answer[0]), &value[..4]), (kind, &7_u32.to_ne_bytes()[..]));
        Some((answer[0], value.to_vec()))
    }

    #[test]
    fn answers_have_the_sizes_of_the_kernels_structures() {
        assert_eq!(startup().len(), 744);
        let sizes = [(LOGIN, "anybody", 148), (SHARE, PIPES, 536), (SHARE, "share", 543)];
        for (command, text, size) in sizes.into_iter().chain([(TREE_CONNECT, "", 72)]) {
            let (number, value) = answered(command, text).expect("an answer");
            assert_eq!((number, value.len()), (command + 1, size), "{command} {text}");
        }
    }

    #[test]
    fn an_unknown_share_has_no_flags() {
        let flags = |name: &str| answered(SHARE, name).expect("an answer").1[4..8].to_vec();
        assert_eq!(flags("other"), [0; 4]);
        assert_ne!(flags("share"), [0; 4]);
    }

    #[test]
    fn what_is_no_question_has_no_answer() {
        assert_eq!(answered(11, "a logout"), None);
        assert_eq!(answer(b"shor", "share", "/share"), None);
    }
}

use std::fmt;

/// The address of a network card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mac(pub(super) [u8; 6]);

impl Mac {
    /// The address of the guest with this number, in the range that QEMU uses.
    pub(super) fn of_guest(number: u8) -> Mac {
        Mac([0x52, 0x54, 0, 0, 0, number])
    }

    /// The address that an Ethernet frame is sent to; `None` in a frame without
    /// one.
    pub(super) fn of_receiver(frame: &[u8]) -> Option<Mac> {
        frame.first_chunk().copied().map(Mac)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0;
        write!(f, "{first:02x}")?;
        rest.iter().try_for_each(|byte| write!(f, ":{byte:02x}"))
    }
}

/// The longest frame that QEMU sends (`NET_BUFSIZE` in include/net/net.h).
const LONGEST: usize = (4 << 10) + (64 << 10);

/// The frames in a stream of QEMU's `-netdev stream`: four bytes with the
/// length, the most significant one first, and the frame (net/stream.c).
#[derive(Debug, Default)]
pub(super) struct Frames {
    begun: Vec<u8>,
}

impl Frames {
    /// The frames that are complete with these bytes; `None` if the stream is
    /// not one of frames.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
        self.begun.extend(bytes);
        let mut frames = Vec::new();
        let mut rest = self.begun.as_slice();
        while let Some((length, behind)) = rest.split_first_chunk() {
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            if length > LONGEST {
                return None;
            }
            let Some((frame, behind)) = behind.split_at_checked(length) else { break };
            frames.push(frame.to_vec());
            rest = behind;
        }
        let used = self.begun.len() - rest.len();
        self.begun.drain(..used);
        Some(frames)
    }

    /// Appends a frame to a stream.
    pub(super) fn pack(frame: &[u8], stream: &mut Vec<u8>) {
        stream.extend(u32::try_from(frame.len()).unwrap_or(u32::MAX).to_be_bytes());
        stream.extend(frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    fn frames_are_found_however_the_stream_is_cut(#[values(1, 3, 5, 100)] size: usize) {
        let sent: [&[u8]; 3] = [b"one", b"", b"three"];
        let mut stream = Vec::new();
        sent.iter().for_each(|frame| Frames::pack(frame, &mut stream));
        let mut frames = Frames::default();
        let found: Vec<Vec<u8>> =
            stream.chunks(size).flat_map(|part| frames.add(part).expect("frames")).collect();
        assert_eq!(found, sent);
    }

    #[test]
    fn a_length_that_no_frame_has_ends_the_stream() {
        assert_eq!(Frames::default().add(b"SeaBIOS"), None);
    }

    #[test]
    fn a_guest_has_an_address() {
        assert_eq!(Mac::of_guest(10).to_string(), "52:54:00:00:00:0a");
    }
}

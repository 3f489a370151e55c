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
}

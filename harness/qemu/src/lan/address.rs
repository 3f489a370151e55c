use std::fmt;
use std::net::Ipv4Addr;

/// The address in the network of the guest with this number.
pub(super) fn address_of(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, number)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_has_an_address() {
        assert_eq!(address_of(10).to_string(), "10.0.0.10");
        assert_eq!(Mac::of_guest(10).to_string(), "52:54:00:00:00:0a");
    }
}

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};

use super::OwnedLock;
use crate::lock_table::LockClass;
use imglock_core::{ByteRange, Claim, Reading};

/// The way in which an owner uses locks. It determines which other openers the locks exclude.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[strum(serialize_all = "kebab-case")]
pub enum LockProtocol {
    /// Only read locks on lock bytes, as QEMU acquires them.
    Qemu,
    /// One lock from byte 0 to the end of the file, including later growth. cloud-hypervisor acquires
    /// it with `lock_granularity=full`: a write lock for a writable disk, a read lock for a read-only
    /// one.
    WholeFile,
    /// One lock on all bytes that the image has now. cloud-hypervisor acquires it with
    /// `lock_granularity=byte-range`, its default since the end of 2025.
    WholeImage,
    /// A flock(2) lock, as crosvm acquires it: exclusive for a writable disk, shared for a read-only
    /// one.
    Flock,
    /// A lease or a delegation. It does not exclude other openers, but they must wait.
    Lease,
    /// Byte-range locks with another meaning.
    ByteRange,
    /// Several of these at the same time.
    Mixed,
}

impl LockProtocol {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The protocol that these locks of one owner follow, on an image of `size` bytes.
    pub(super) fn of(locks: &[OwnedLock], size: u64) -> LockProtocol {
        let mut reading = Reading::default();
        let mut seen = Vec::new();
        for lock in locks {
            match (lock.class, lock.kind) {
                (LockClass::Flock, _) => seen.push(LockProtocol::Flock),
                (LockClass::Ofd | LockClass::Posix, Some(kind)) => reading.add(kind, lock.range),
                _ => seen.push(LockProtocol::Lease),
            }
        }
        if reading.claim() != Claim::NOTHING {
            seen.push(LockProtocol::Qemu);
        }
        seen.extend(reading.other.iter().map(|(_, range)| by_range(*range, size)));
        seen.sort_unstable();
        seen.dedup();
        match seen[..] {
            [one] => one,
            _ => LockProtocol::Mixed,
        }
    }
}

fn by_range(range: ByteRange, size: u64) -> LockProtocol {
    let beyond = u64::try_from(range.last).unwrap_or(0).saturating_add(1);
    match (range.first, range.last) {
        (0, ByteRange::EOF) => LockProtocol::WholeFile,
        // cloud-hypervisor locks the larger of the file size and the allocated blocks.
        (0, _) if size > 0 && beyond >= size => LockProtocol::WholeImage,
        _ => LockProtocol::ByteRange,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use imglock_core::LockType;

    #[rstest::rstest]
    #[case::lock_bytes("ofd read 100-101; ofd read 201", LockProtocol::Qemu)]
    #[case::lock_bytes_of_posix("posix read 100; posix read 201", LockProtocol::Qemu)]
    #[case::whole_file("ofd write 0-eof", LockProtocol::WholeFile)]
    #[case::whole_file_to_read("ofd read 0-eof", LockProtocol::WholeFile)]
    #[case::as_long_as_the_image("ofd write 0-65535", LockProtocol::WholeImage)]
    #[case::as_long_as_its_blocks("ofd write 0-69631", LockProtocol::WholeImage)]
    #[case::a_part("ofd write 0-65534", LockProtocol::ByteRange)]
    #[case::a_part_to_the_end("ofd write 1-eof", LockProtocol::ByteRange)]
    #[case::write_lock_on_a_lock_byte("ofd write 101", LockProtocol::ByteRange)]
    #[case::several_parts("posix write 0-1; posix read 7", LockProtocol::ByteRange)]
    #[case::flock("flock write 0-eof", LockProtocol::Flock)]
    #[case::lease("lease read 0-eof", LockProtocol::Lease)]
    #[case::delegation("delegation read 0-eof", LockProtocol::Lease)]
    #[case::two_at_once("flock write 0-eof; ofd read 100", LockProtocol::Mixed)]
    fn locks_follow_a_protocol(#[case] locks: &str, #[case] protocol: LockProtocol) {
        assert_eq!(LockProtocol::of(&locks_of(locks), 65536), protocol);
    }

    fn locks_of(text: &str) -> Vec<OwnedLock> {
        text.split("; ")
            .map(|lock| {
                let [class, kind, range] = *lock.split(' ').collect::<Vec<_>>() else {
                    panic!("three words, not {lock}")
                };
                let class = match class {
                    "ofd" => LockClass::Ofd,
                    "posix" => LockClass::Posix,
                    "flock" => LockClass::Flock,
                    "lease" => LockClass::Lease,
                    _ => LockClass::Delegation,
                };
                let kind: LockType = kind.parse().expect("a type");
                OwnedLock { class, kind: Some(kind), range: range.parse().expect("a range") }
            })
            .collect()
    }
}

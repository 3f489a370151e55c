use super::{Claim, HELD_BASE, Permission, Permissions, UNSHARED_BASE};
use crate::lock::{ByteRange, LockType};

/// The meaning of all locks of one owner on one image: a claim, made from the read locks on
/// QEMU's lock bytes, and all other locks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// The permissions whose byte `100 + i` is read-locked.
    pub held: Permissions,
    /// The permissions whose byte `200 + i` is read-locked.
    pub unshared: Permissions,
    /// All locks that are not read locks on QEMU's lock bytes.
    pub other: Vec<(LockType, ByteRange)>,
}

impl Reading {
    /// Adds one lock. The kernel merges neighbouring locks, so `range` may contain the lock bytes of
    /// several permissions.
    pub fn add(&mut self, kind: LockType, range: ByteRange) {
        match (kind, permissions(range, HELD_BASE), permissions(range, UNSHARED_BASE)) {
            (LockType::Read, Some(held), _) => self.held |= held,
            (LockType::Read, _, Some(unshared)) => self.unshared |= unshared,
            _ => self.other.push((kind, range)),
        }
    }

    /// The claim, or [`Claim::NOTHING`] if no lock byte is locked.
    pub fn claim(&self) -> Claim {
        Claim::new(self.held, self.unshared.complement())
    }
}

/// The permissions whose lock bytes, counted from `base`, make up `range`. `None` if `range`
/// contains any other byte.
fn permissions(range: ByteRange, base: i64) -> Option<Permissions> {
    let byte = |permission: &Permission| base + i64::from(permission.number());
    let all = ByteRange::new(base, base + Permission::ALL.len() as i64 - 1);
    (all.first <= range.first && range.last <= all.last).then(|| {
        Permission::ALL
            .into_iter()
            .filter(|permission| (range.first..=range.last).contains(&byte(permission)))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{Mode, lock_bytes};

    #[test]
    fn the_lock_bytes_of_a_claim_read_as_that_claim() {
        for mode in Mode::ALL {
            let mut reading = Reading::default();
            for byte in lock_bytes(mode.claim()) {
                reading.add(LockType::Read, ByteRange::new(byte, byte));
            }
            assert_eq!(reading.claim(), mode.claim(), "{mode}");
            assert!(reading.other.is_empty(), "{mode}");
        }
    }

    #[rstest::rstest]
    #[case::merged_by_the_kernel("100-101", "consistent-read write", "-")]
    #[case::all_held("100-103", "all", "-")]
    #[case::not_shared("203", "-", "resize")]
    fn a_range_is_the_permissions_of_its_bytes(
        #[case] range: &str,
        #[case] held: &str,
        #[case] unshared: &str,
    ) {
        let mut reading = Reading::default();
        reading.add(LockType::Read, range.parse().expect("a range"));
        let [held, unshared] = [held, unshared].map(|text| text.parse().expect("permissions"));
        assert_eq!(reading, Reading { held, unshared, other: Vec::new() });
    }

    #[rstest::rstest]
    #[case(LockType::Write, "101")]
    #[case(LockType::Read, "99-100")]
    #[case(LockType::Read, "100-104")]
    #[case(LockType::Read, "100-eof")]
    #[case(LockType::Read, "150")]
    #[case(LockType::Write, "0-9")]
    fn what_is_no_lock_byte_stays_as_it_is(#[case] kind: LockType, #[case] range: &str) {
        let range = range.parse().expect("a range");
        let mut reading = Reading::default();
        reading.add(kind, range);
        assert_eq!(reading.claim(), Claim::NOTHING);
        assert_eq!(reading.other, [(kind, range)]);
    }
}

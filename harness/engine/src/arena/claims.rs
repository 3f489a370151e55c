use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;

use imglock_core::{Claim, Permissions};

/// The distance between two openers' entries in numbers: a cache line.
pub(super) const STRIDE: usize = 8;
/// An opener believes to hold the claim in the lower bits.
const HELD: u64 = 1 << 63;

/// The claims that each opener believes to hold: the first witness.
///
/// An opener publishes its claim after it was granted and withdraws it before
/// it closes. So a published claim is held. Two conflicting claims published at
/// the same time are a breach, never a false alarm.
#[derive(Debug, Clone, Copy)]
pub struct Claims<'a> {
    places: &'a [AtomicU64],
}

impl<'a> Claims<'a> {
    /// The entries of all openers.
    pub(super) fn new(places: &'a [AtomicU64]) -> Claims<'a> {
        Claims { places }
    }

    /// Publishes a claim that `opener` was granted.
    pub fn publish(&self, opener: usize, claim: Claim) {
        if let Some(place) = self.places.get(opener * STRIDE) {
            place.store(HELD | coded(claim), SeqCst);
        }
    }

    /// Withdraws the claim of `opener` before it closes.
    pub fn withdraw(&self, opener: usize) {
        if let Some(place) = self.places.get(opener * STRIDE) {
            place.store(0, SeqCst);
        }
    }

    /// The openers besides `opener` that hold a claim that conflicts with
    /// `claim`, as a set of bits.
    pub fn against(&self, opener: usize, claim: Claim) -> u64 {
        let others = self.places.iter().step_by(STRIDE).enumerate();
        let others = others.filter(|(other, _)| *other != opener);
        others
            .filter(|(_, place)| {
                let held = place.load(SeqCst);
                held & HELD != 0 && claim.conflicts_with(decoded(held))
            })
            .fold(0, |set, (other, _)| set | 1 << other)
    }
}

/// A claim as a number.
pub(super) fn coded(claim: Claim) -> u64 {
    u64::from(claim.held.bits()) << 4 | u64::from(claim.shared.bits())
}

/// The claim of a number from [`coded`].
pub(super) fn decoded(number: u64) -> Claim {
    let set = |bits: u64| Permissions::from_bits_truncate((bits & 0b1111) as u8);
    Claim::new(set(number >> 4), set(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use imglock_core::Mode;

    #[test]
    fn every_mode_is_read_back() {
        for mode in Mode::ALL {
            assert_eq!(decoded(coded(mode.claim()) | HELD), mode.claim());
        }
    }

    #[test]
    fn whoever_conflicts_is_seen_while_it_holds() {
        let places: Vec<AtomicU64> = (0..4 * STRIDE).map(|_| AtomicU64::new(0)).collect();
        let claims = Claims::new(&places);
        let [rw, ro, shared] = [Mode::Rw, Mode::Ro, Mode::ForceShare].map(Mode::claim);
        claims.publish(0, rw);
        claims.publish(2, shared);
        claims.publish(3, ro);
        assert_eq!(claims.against(0, rw), 0b1000);
        assert_eq!(claims.against(1, rw), 0b1001);
        assert_eq!(claims.against(2, shared), 0);
        claims.withdraw(0);
        assert_eq!(claims.against(1, rw), 0b1000);
    }
}

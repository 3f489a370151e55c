use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Reproducible random numbers: the same numbers for the same seed and case, on
/// every machine and with every version of every dependency.
#[derive(Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// The random numbers of one case. They do not depend on the other cases.
    pub(super) fn new(seed: u64, case: u64) -> Dice {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&case.to_le_bytes());
        Dice(ChaCha8Rng::from_seed(key))
    }

    /// A number in `0..end`; 0 if `end` is 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let wide = u128::from(self.0.next_u64()) * end as u128;
        (wide >> 64) as usize
    }

    /// True in `chance` of 100 cases.
    pub(super) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// One of `some`, with equal probability.
    pub(super) fn of<T: Copy, const N: usize>(&mut self, some: [T; N]) -> T {
        const { assert!(N > 0) }
        some[self.below(N)]
    }

    /// One element of a list; `None` if the list is empty.
    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len()))
    }

    /// One of `some`, with a probability in proportion to its weight.
    pub(super) fn weighted<T: Copy>(&mut self, some: &[(T, usize)]) -> Option<T> {
        let mut at = self.below(some.iter().map(|(_, weight)| weight).sum());
        some.iter().find_map(|(one, weight)| match at.checked_sub(*weight) {
            Some(left) => {
                at = left;
                None
            }
            None => Some(*one),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_case_has_numbers_of_its_own_which_come_again() {
        let ten = |seed, case| {
            let mut dice = Dice::new(seed, case);
            std::array::from_fn::<usize, 10, _>(|_| dice.below(1000))
        };
        assert_eq!(ten(1, 2), ten(1, 2));
        assert_ne!(ten(1, 2), ten(1, 3));
        assert_ne!(ten(1, 2), ten(2, 2));
        // The same seed gives the same cases for ever.
        assert_eq!(ten(1, 2), [329, 276, 477, 239, 15, 39, 214, 0, 140, 174]);
    }

    #[test]
    fn weights_are_kept_to_and_nothing_else_comes() {
        let mut dice = Dice::new(0, 0);
        let mut seen = [0; 3];
        for _ in 0..10_000 {
            seen[dice.weighted(&[(0, 70), (1, 0), (2, 30)]).expect("one of them")] += 1;
        }
        assert_eq!(seen[1], 0);
        assert!((6_700..7_300).contains(&seen[0]), "{seen:?}");
        assert_eq!(dice.weighted::<u8>(&[]), None);
        assert_eq!(dice.pick::<u8>(&[]), None);
    }
}

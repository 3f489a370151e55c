/// A pseudo-random number for an opener in a round. It depends on the three
/// arguments alone; numbers of other openers and rounds are as good as
/// independent.
pub fn drawn(seed: u64, round: u64, opener: usize) -> u64 {
    mixed(mixed(mixed(seed) ^ round) ^ opener as u64)
}

/// The finaliser of SplitMix64.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// An opener's random delays: now and then it yields its core between two
/// calls.
///
/// The rate is drawn for each round, so that some openers run without delays
/// and others are slow.
#[derive(Debug, Clone)]
pub struct Jitter {
    state: u64,
    /// It yields when this many lowest bits are all 0; never, at `None`.
    bits: Option<u32>,
}

impl Jitter {
    /// The jitter that belongs to a number from `drawn`.
    pub fn new(drawn: u64) -> Jitter {
        // Half of the openers never yield: on a busy machine, an opener that
        // yields waits long for its core.
        let bits = match drawn >> 61 {
            0..4 => None,
            4 => Some(1),
            _ => Some(3),
        };
        Jitter { state: drawn, bits }
    }

    /// A point where the opener may yield its core.
    pub fn pass(&mut self) {
        if self.is_due() {
            std::thread::yield_now();
        }
    }

    fn is_due(&mut self) -> bool {
        let Some(bits) = self.bits else { return false };
        self.state = mixed(self.state);
        self.state.trailing_zeros() >= bits
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_says_what_is_drawn() {
        let all = |seed| -> Vec<u64> { (0..100).map(|round| drawn(seed, round, 1)).collect() };
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
        let once: BTreeSet<u64> =
            (0..100).flat_map(|round| (0..4).map(move |opener| drawn(7, round, opener))).collect();
        assert_eq!(once.len(), 400, "rounds or openers are drawn alike");
    }

    #[test]
    fn every_mode_is_drawn_about_as_often() {
        let mut times = [0; 22];
        for round in 0..22_000 {
            times[(drawn(3, round, 2) % 22) as usize] += 1;
        }
        assert!(times.iter().all(|times| (800..1_200).contains(times)), "{times:?}");
    }

    #[test]
    fn some_dawdle_and_some_do_not() {
        let due = |number: u64| {
            let mut jitter = Jitter::new(drawn(1, number, 0));
            (0..64).filter(|_| jitter.is_due()).count()
        };
        let all: Vec<usize> = (0..200).map(due).collect();
        assert!(all.contains(&0));
        assert!(all.iter().any(|times| *times > 20));
        assert!(all.iter().any(|times| (2..16).contains(times)));
    }
}

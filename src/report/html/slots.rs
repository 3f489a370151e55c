//! The columns of a lane in which bars stand.

use std::ops::Range;

use crate::report::lifetimes::{Lifetime, Lock};

/// A column for each lifetime: bars of one column never overlap, and a lock
/// that comes again has its old column if that is free.
pub fn of(lifetimes: &[(Range<usize>, &Lifetime)]) -> Vec<usize> {
    let mut slots: Vec<usize> = Vec::with_capacity(lifetimes.len());
    for (number, (span, lifetime)) in lifetimes.iter().enumerate() {
        let earlier = || lifetimes[..number].iter().zip(&slots);
        let free = |slot: usize| {
            earlier().all(|((other, _), taken)| {
                *taken != slot || other.end <= span.start || span.end <= other.start
            })
        };
        let old = earlier().rev().find(|((_, other), _)| other.lock == lifetime.lock);
        let old = old.map(|(_, slot)| *slot).filter(|slot| free(*slot));
        let slot = old.or_else(|| (0..=number).find(|slot| free(*slot)));
        slots.push(slot.unwrap_or(number));
    }
    slots
}

/// The width of each column: that of its widest bar.
pub fn widths(
    lifetimes: &[(Range<usize>, &Lifetime)],
    slots: &[usize],
    width: impl Fn(&Lock) -> usize,
) -> Vec<usize> {
    let mut widths = vec![0; slots.iter().max().map_or(0, |last| last + 1)];
    for ((_, lifetime), slot) in lifetimes.iter().zip(slots) {
        widths[*slot] = widths[*slot].max(width(&lifetime.lock));
    }
    widths
}

//! Which bands of a lane stand in which column.

use std::ops::Range;

use crate::report::bands::{Band, Lock};

/// A column for each band: bands of one column never meet, and a lock that
/// comes again gets its old column back where that is free.
pub fn of(bands: &[(Range<usize>, &Band)]) -> Vec<usize> {
    let mut slots: Vec<usize> = Vec::with_capacity(bands.len());
    for (number, (span, band)) in bands.iter().enumerate() {
        let earlier = || bands[..number].iter().zip(&slots);
        let free = |slot: usize| {
            earlier().all(|((other, _), taken)| {
                *taken != slot || other.end <= span.start || span.end <= other.start
            })
        };
        let old = earlier().rev().find(|((_, other), _)| other.lock == band.lock);
        let old = old.map(|(_, slot)| *slot).filter(|slot| free(*slot));
        let slot = old.or_else(|| (0..=number).find(|slot| free(*slot)));
        slots.push(slot.unwrap_or(number));
    }
    slots
}

/// How wide each column is: as its widest band.
pub fn widths(
    bands: &[(Range<usize>, &Band)],
    slots: &[usize],
    width: impl Fn(&Lock) -> usize,
) -> Vec<usize> {
    let mut widths = vec![0; slots.iter().max().map_or(0, |last| last + 1)];
    for ((_, band), slot) in bands.iter().zip(slots) {
        widths[*slot] = widths[*slot].max(width(&band.lock));
    }
    widths
}

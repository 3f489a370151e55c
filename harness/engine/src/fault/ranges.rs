use super::Fault;
use imglock_core::{HELD_BASE, Permission, RangeSpec, UNSHARED_BASE, Whence};

/// The distance in bytes of the wrong lock byte from the right one.
const ASTRAY: i64 = 10;

/// The range that a lock call with this fault uses for `range`. With `is_test`
/// it is the range of a test.
pub(super) fn bent(fault: Fault, range: RangeSpec, is_test: bool) -> RangeSpec {
    let RangeSpec { start, len, .. } = range;
    match fault {
        Fault::WhenceIgnored => RangeSpec { whence: Whence::Set, ..range },
        Fault::OffsetCut => RangeSpec { start: i64::from(start as u32), ..range },
        Fault::ZeroIsOneByte if len == 0 => RangeSpec { len: 1, ..range },
        Fault::WrongByte if is_held_byte(range) => RangeSpec { start: start + ASTRAY, ..range },
        _ if is_test => range,
        Fault::EndOneTooFar if len > 0 => RangeSpec { len: len.saturating_add(1), ..range },
        Fault::EndOneShort if len > 1 => RangeSpec { len: len - 1, ..range },
        Fault::StartOneTooFar => RangeSpec { start: start.saturating_add(1), ..range },
        _ => range,
    }
}

/// The range that an unlock with this fault unlocks; `None` for none.
pub(super) fn unlocked(fault: Fault, range: RangeSpec) -> Option<RangeSpec> {
    match fault {
        Fault::UnlockIgnored => None,
        Fault::UnlockDropsEverything => Some(RangeSpec::at(0, 0)),
        Fault::UnlockDropsTheRest => Some(RangeSpec { len: 0, ..range }),
        // Faults of a lock's ends do not change an unlock.
        _ => Some(bent(fault, range, true)),
    }
}

/// Whether the range is the byte of a held permission.
pub(super) fn is_held_byte(range: RangeSpec) -> bool {
    is_byte_of(HELD_BASE, range)
}

/// Whether the range is the byte of an unshared permission.
pub(super) fn is_unshared_byte(range: RangeSpec) -> bool {
    is_byte_of(UNSHARED_BASE, range)
}

fn is_byte_of(base: i64, range: RangeSpec) -> bool {
    let bytes = base..base + Permission::ALL.len() as i64;
    range.whence == Whence::Set && range.len == 1 && bytes.contains(&range.start)
}

use super::Fault;
use imglock_core::{HELD_BASE, Permission, UNSHARED_BASE};
use imglock_core::{RangeSpec, Whence};

/// How far the wrong lock byte is from the right one.
const ASTRAY: i64 = 10;

/// The range that a lock call with this fault makes of the one that it is
/// told; the one that a test asks about with `is_test`.
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

/// What unlocking a range drops with this fault; `None` for nothing.
pub(super) fn unlocked(fault: Fault, range: RangeSpec) -> Option<RangeSpec> {
    match fault {
        Fault::UnlockIgnored => None,
        Fault::UnlockDropsEverything => Some(RangeSpec::at(0, 0)),
        Fault::UnlockDropsTheRest => Some(RangeSpec { len: 0, ..range }),
        // Neither end of what is unlocked is wrong where only locks are.
        _ => Some(bent(fault, range, true)),
    }
}

/// Whether it is the byte of a permission that is held.
pub(super) fn is_held_byte(range: RangeSpec) -> bool {
    is_byte_of(HELD_BASE, range)
}

/// Whether it is the byte of a permission that is not shared.
pub(super) fn is_unshared_byte(range: RangeSpec) -> bool {
    is_byte_of(UNSHARED_BASE, range)
}

fn is_byte_of(base: i64, range: RangeSpec) -> bool {
    let bytes = base..base + Permission::ALL.len() as i64;
    range.whence == Whence::Set && range.len == 1 && bytes.contains(&range.start)
}

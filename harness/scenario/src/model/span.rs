use imglock_core::{ByteRange, Errno, RangeSpec, Whence};

/// The bytes that `spec` means for an open file description at `offset` of a file of `size` bytes
/// (`flock64_to_posix_lock`, fs/locks.c).
pub(super) fn resolve(spec: RangeSpec, offset: i64, size: i64) -> Result<ByteRange, Errno> {
    let base = match spec.whence {
        Whence::Set => 0,
        Whence::Cur => offset,
        Whence::End => size,
    };
    let start = base.checked_add(spec.start).ok_or(Errno::EOVERFLOW)?;
    if start < 0 {
        return Err(Errno::EINVAL);
    }
    match spec.len {
        0 => Ok(ByteRange::new(start, ByteRange::EOF)),
        len if len > 0 => {
            let last = start.checked_add(len - 1).ok_or(Errno::EOVERFLOW)?;
            Ok(ByteRange::new(start, last))
        }
        len => match start.checked_add(len) {
            Some(first) if first >= 0 => Ok(ByteRange::new(first, start - 1)),
            _ => Err(Errno::EINVAL),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: i64 = i64::MAX;

    #[rstest::rstest]
    #[case::plain(Whence::Set, 5, 3, Ok((5, 7)))]
    #[case::to_the_end(Whence::Set, 5, 0, Ok((5, MAX)))]
    #[case::from_the_offset(Whence::Cur, 5, 3, Ok((45, 47)))]
    #[case::before_the_offset(Whence::Cur, -40, 1, Ok((0, 0)))]
    #[case::from_the_size(Whence::End, 0, 10, Ok((100, 109)))]
    #[case::last_byte(Whence::End, -1, 1, Ok((99, 99)))]
    #[case::backwards(Whence::Set, 5, -5, Ok((0, 4)))]
    #[case::backwards_from_the_size(Whence::End, 0, -100, Ok((0, 99)))]
    #[case::too_far_backwards(Whence::Set, 5, -6, Err(Errno::EINVAL))]
    #[case::backwards_from_nothing(Whence::Set, 0, -1, Err(Errno::EINVAL))]
    #[case::least_length(Whence::Set, MAX, i64::MIN, Err(Errno::EINVAL))]
    #[case::before_the_file(Whence::Cur, -41, 1, Err(Errno::EINVAL))]
    #[case::least_start(Whence::End, i64::MIN, 1, Err(Errno::EINVAL))]
    #[case::very_last_byte(Whence::Set, MAX, 1, Ok((MAX, MAX)))]
    #[case::up_to_the_largest(Whence::Set, 1, MAX, Ok((1, MAX)))]
    #[case::beyond_the_largest(Whence::Set, 2, MAX, Err(Errno::EOVERFLOW))]
    #[case::offset_beyond_the_largest(Whence::Cur, MAX - 39, 1, Err(Errno::EOVERFLOW))]
    #[case::offset_at_the_largest(Whence::Cur, MAX - 40, 1, Ok((MAX, MAX)))]
    fn a_flock_means_these_bytes(
        #[case] whence: Whence,
        #[case] start: i64,
        #[case] len: i64,
        #[case] bytes: Result<(i64, i64), Errno>,
    ) {
        let resolved = resolve(RangeSpec { whence, start, len }, 40, 100);
        assert_eq!(resolved.map(|range| (range.first, range.last)), bytes);
    }
}

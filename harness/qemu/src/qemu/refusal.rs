use imglock_core::{Errno, Outcome, Permission, Refusal, Side};
use imglock_engine::describe;

/// The meaning of a QEMU error message about an image: a refusal, a lock byte
/// that could not be locked or tested, or an errno. `None` for other messages. The texts
/// are those of block/file-posix.c.
pub fn outcome_of(message: &str) -> Option<Outcome> {
    refusal(message).or_else(|| lock_byte(message)).or_else(|| errno(message).map(Outcome::Failed))
}

fn refusal(message: &str) -> Option<Outcome> {
    Permission::ALL.into_iter().find_map(|permission| {
        let refusals = [Side::Wanted, Side::Unshared].map(|side| Refusal { side, permission });
        refusals.into_iter().find_map(|one| {
            let (_, rest) = message.split_once(&one.qemu_message())?;
            // QEMU prints a reason if the test itself failed.
            Some(match errno(rest) {
                Some(error) => Outcome::LockByte { byte: one.byte(), error },
                None => Outcome::Refused(one),
            })
        })
    })
}

fn lock_byte(message: &str) -> Option<Outcome> {
    let (_, rest) = message.split_once("Failed to lock byte ")?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    let byte = rest[..end].parse().ok()?;
    // QEMU prints no reason if another process has locked the byte.
    let error = errno(rest).unwrap_or(Errno::EAGAIN);
    Some(Outcome::LockByte { byte, error })
}

/// The errno whose text ends the first line.
fn errno(message: &str) -> Option<Errno> {
    let (_, words) = message.lines().next()?.rsplit_once(": ")?;
    // Linux's errno values end at EHWPOISON (133).
    let says = |code: &i32| describe(&std::io::Error::from_raw_os_error(*code)) == words;
    (1..=133).find(says).map(Errno::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("Failed to get \"write\" lock", "refused write")]
    #[case("Failed to get shared \"write\" lock", "refused shared write")]
    #[case(
        "can't open: Failed to get shared \"consistent read\" lock\nIs another process using",
        "refused shared consistent-read"
    )]
    #[case("Failed to get \"write unchanged\" lock", "refused write-unchanged")]
    #[case(
        "can't open: Failed to get \"consistent read\" lock: Input/output error\nIs another process",
        "byte 200 EIO"
    )]
    #[case("Failed to lock byte 101", "byte 101 EAGAIN")]
    #[case("Failed to lock byte 100: No locks available", "byte 100 ENOLCK")]
    #[case("Could not open '/a: b.img': No such file or directory", "ENOENT")]
    #[case("Could not open 'disk.img': Permission denied", "EACCES")]
    fn a_message_has_its_meaning(#[case] message: &str, #[case] meaning: &str) {
        assert_eq!(outcome_of(message).expect("a meaning").to_string(), meaning);
    }

    #[rstest::rstest]
    #[case("Invalid parameter 'active'")]
    #[case("Cannot find device='' nor node-name='disk'")]
    #[case("")]
    fn another_message_has_none(#[case] message: &str) {
        assert_eq!(outcome_of(message), None);
    }
}

use std::os::fd::BorrowedFd;

use nix::errno::Errno;
use nix::sys::uio::{pread, pwrite};

use super::Jitter;
use imglock_core::{Claim, Permissions};

/// The offset of the counter in the image; the stamp follows it.
const COUNTER: i64 = 0;
const STAMP: i64 = 8;

/// The image's own data: the second witness.
///
/// An opener that writes and shares no writing counts in three steps: it reads
/// the counter, gives the others time, and writes the next number. If two such
/// openers are in at the same moment, a count is lost. An opener that shares
/// writing leaves a stamp. An opener that excludes writers checks that neither
/// changes.
#[derive(Debug)]
pub struct Ledger<'a> {
    image: BorrowedFd<'a>,
    claim: Claim,
    /// The counter and the stamp that must remain until the opener leaves.
    expected: Option<[u64; 2]>,
}

impl<'a> Ledger<'a> {
    /// The ledger of an opener with `claim` on the open file `image`.
    pub fn new(image: BorrowedFd<'a>, claim: Claim) -> Ledger<'a> {
        Ledger { image, claim, expected: None }
    }

    /// The size in bytes that an image needs.
    pub const BYTES: usize = 16;

    /// The counter of an image.
    ///
    /// # Errors
    /// The errno of pread(2).
    pub fn counter(image: BorrowedFd<'_>) -> Result<u64, Errno> {
        Ok(read(image)?[0])
    }

    /// Does what the claim allows; returns the counter's value before it
    /// counted.
    ///
    /// # Errors
    /// The errno of pread(2) or pwrite(2).
    pub fn arrive(&mut self, stamp: u64, jitter: &mut Jitter) -> Result<Option<u64>, Errno> {
        let writes = self.claim.held.contains(Permissions::WRITE);
        let shares = self.claim.shared.contains(Permissions::WRITE);
        if shares {
            jitter.pass();
            if writes {
                write(self.image, STAMP, stamp)?;
            }
            return Ok(None);
        }
        let [counter, stamp] = read(self.image)?;
        // A read and a write without a delay would never overlap.
        std::thread::yield_now();
        if !writes {
            self.expected = Some([counter, stamp]);
            return Ok(None);
        }
        let next = counter.wrapping_add(1);
        write(self.image, COUNTER, next)?;
        self.expected = Some([next, stamp]);
        jitter.pass();
        Ok(Some(counter))
    }

    /// Whether the data changed although the claim excludes it.
    ///
    /// # Errors
    /// The errno of pread(2).
    pub fn has_changed(&self) -> Result<bool, Errno> {
        match self.expected {
            Some(expected) => Ok(read(self.image)? != expected),
            None => Ok(false),
        }
    }
}

fn read(image: BorrowedFd<'_>) -> Result<[u64; 2], Errno> {
    let mut bytes = [0; Ledger::BYTES];
    match pread(image, &mut bytes, COUNTER)? {
        Ledger::BYTES => {}
        _ => return Err(Errno::EIO),
    }
    let number = |from: usize| {
        let mut eight = [0; 8];
        eight.copy_from_slice(&bytes[from..from + 8]);
        u64::from_ne_bytes(eight)
    };
    Ok([number(0), number(8)])
}

fn write(image: BorrowedFd<'_>, at: i64, number: u64) -> Result<(), Errno> {
    match pwrite(image, &number.to_ne_bytes(), at)? {
        8 => Ok(()),
        _ => Err(Errno::EIO),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;

    use super::*;
    use imglock_core::Mode;

    fn image() -> File {
        let file = tempfile::tempfile().expect("a file");
        file.set_len(512).expect("a length");
        file
    }

    fn arrived(image: &File, mode: Mode, stamp: u64) -> (Ledger<'_>, Option<u64>) {
        let mut ledger = Ledger::new(image.as_fd(), mode.claim());
        let counted = ledger.arrive(stamp, &mut Jitter::new(0)).expect("an image");
        (ledger, counted)
    }

    #[test]
    fn whoever_writes_alone_counts_and_sees_what_it_wrote() {
        let image = image();
        for number in 0..3 {
            let (ledger, counted) = arrived(&image, Mode::Rw, 0);
            assert_eq!(counted, Some(number));
            assert_eq!(ledger.has_changed(), Ok(false));
        }
        assert_eq!(Ledger::counter(image.as_fd()), Ok(3));
    }

    #[test]
    fn whoever_lets_nobody_write_sees_a_writer() {
        let image = image();
        let (reader, counted) = arrived(&image, Mode::Ro, 0);
        assert_eq!((counted, reader.has_changed()), (None, Ok(false)));
        let (writer, _) = arrived(&image, Mode::Rw, 0);
        assert_eq!(reader.has_changed(), Ok(true));
        assert_eq!(writer.has_changed(), Ok(false));
        let (_, counted) = arrived(&image, Mode::ShareRw, 7);
        assert_eq!((counted, writer.has_changed()), (None, Ok(true)));
    }

    #[test]
    fn whoever_shares_writing_minds_nothing() {
        let image = image();
        let [reader, cluster] =
            [Mode::ForceShare, Mode::ShareRw].map(|mode| arrived(&image, mode, 1).0);
        let (_, counted) = arrived(&image, Mode::Rw, 0);
        assert_eq!(counted, Some(0));
        assert_eq!((reader.has_changed(), cluster.has_changed()), (Ok(false), Ok(false)));
    }

    #[test]
    fn two_writers_at_the_same_time_lose_a_count() {
        let image = image();
        let before = Ledger::counter(image.as_fd()).expect("an image");
        let (first, _) = arrived(&image, Mode::Rw, 0);
        // The second read before the first wrote.
        write(image.as_fd(), COUNTER, before + 1).expect("written");
        assert_eq!(Ledger::counter(image.as_fd()), Ok(1), "two counted, and one is seen");
        assert_eq!(first.has_changed(), Ok(false), "so the counter has to tell");
    }
}

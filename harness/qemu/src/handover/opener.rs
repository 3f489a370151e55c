//! The opener that keeps trying.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};

use imglock_core::{Locking, Mode};
use imglock_locks::{AcquireError, Hold};

/// The result of repeated attempts.
#[derive(Debug)]
pub(super) struct Attempts {
    /// The image, once it was granted.
    pub(super) hold: Option<Hold>,
    /// The number of attempts.
    pub(super) tries: u64,
}

/// Runs `work` while a thread keeps trying to open the image in mode `rw`, as
/// QEMU would and without a pause, until it is granted.
///
/// # Errors
/// If the image cannot be opened, or locks do not work on it.
pub(super) fn contending<T>(image: &Path, work: impl FnOnce() -> T) -> io::Result<(T, Attempts)> {
    let hold = Hold::open(image, Mode::Rw.claim(), Locking::Auto).map_err(std::io::Error::other)?;
    let done = AtomicBool::new(false);
    let (sender, has_begun) = channel();
    std::thread::scope(|scope| {
        let opener = scope.spawn(|| attempt(hold, &done, sender));
        // If the thread fails, this returns as well, and the error follows
        // below.
        let _ = has_begun.recv();
        let came = work();
        done.store(true, Ordering::Relaxed);
        let attempts =
            opener.join().map_err(|_| io::Error::other("the opener's thread panicked"))?;
        Ok((came, attempts.map_err(io::Error::other)?))
    })
}

fn attempt(mut hold: Hold, done: &AtomicBool, begun: Sender<()>) -> Result<Attempts, AcquireError> {
    let mut tries = 0;
    loop {
        // One more attempt after the end: an opener would continue, too.
        let is_last = done.load(Ordering::Relaxed);
        let came = hold.acquire();
        tries += 1;
        if tries == 1 {
            let _ = begun.send(());
        }
        match came {
            Ok(()) => return Ok(Attempts { hold: Some(hold), tries }),
            Err(error) if !error.is_conflict() => return Err(error),
            Err(_) if is_last => return Ok(Attempts { hold: None, tries }),
            Err(_) => std::thread::yield_now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opener_that_keeps_trying_is_let_in_when_the_holder_goes() {
        let image = tempfile::NamedTempFile::new().expect("a file");
        let hold = |path| Hold::open(path, Mode::Rw.claim(), Locking::Auto).expect("an image");
        let mut first = hold(image.path());
        first.acquire().expect("no lock conflicts");
        let ((), refused) = contending(image.path(), || {}).expect("it tries");
        assert!(refused.hold.is_none() && refused.tries > 0);
        let ((), granted) = contending(image.path(), || drop(first)).expect("it tries");
        assert!(granted.hold.is_some());
    }
}

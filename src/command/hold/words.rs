//! The messages of `hold` on standard error, other than errors.

use std::io::{self, Write};

use imglock_core::{Backend, FALLBACK_WARNING, Locking, lock_bytes};
use imglock_locks::{AcquireError, Hold};

use crate::cli::HoldArgs;
use crate::report::palette::CAREFUL;

/// Warns if nothing is locked, or only with the weaker POSIX locks.
pub(super) fn warn(args: &HoldArgs, hold: &Hold, errors: &mut dyn Write) -> io::Result<()> {
    let mut warn = |text: &str| writeln!(errors, "imglock: {CAREFUL}warning{CAREFUL:#}: {text}");
    match (args.locking, hold.backend()) {
        (Locking::Off, _) => warn("the image is not locked, because of --locking off")?,
        (_, None) => warn(
            "the image is not locked: OFD locks are not available, and --locking auto takes no \
             others; --locking on falls back to POSIX locks",
        )?,
        (_, Some(_)) => {}
    }
    if hold.falls_back() {
        warn(&FALLBACK_WARNING.join("\n"))?;
    }
    if args.inherit && hold.backend() == Some(Backend::Posix) {
        warn("POSIX locks are not inherited: they end with imglock, despite --inherit")?;
    }
    errors.flush()
}

/// Prints the conflict, the time limit of the wait, and how to end it.
pub(super) fn waiting(
    args: &HoldArgs,
    refused: &AcquireError,
    errors: &mut dyn Write,
) -> io::Result<()> {
    let (seconds, why) = (args.wait.as_secs_f64(), refused);
    let (mode, image) = (args.mode, args.image.display());
    writeln!(errors, "{why}: waiting up to {seconds} s for {mode} on {image}; Ctrl-C cancels")?;
    errors.flush()
}

/// Prints the mode and image held, and how to release it.
pub(super) fn held(args: &HoldArgs, hold: &Hold, errors: &mut dyn Write) -> io::Result<()> {
    let (mode, image) = (args.mode, args.image.display());
    let how = match hold.backend() {
        None => " without locks".to_owned(),
        Some(_) if lock_bytes(mode.claim()).is_empty() => ", which needs no locks".to_owned(),
        Some(backend) => format!(" with {backend} locks"),
    };
    writeln!(errors, "holding {mode} on {image}{how}; Ctrl-C releases it")
}

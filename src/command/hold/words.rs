//! What `hold` says on standard error while all goes well.

use std::io::{self, Write};

use imglock_harness::image::{AcquireError, FALLBACK_WARNING, Hold, Locking, lock_bytes};
use imglock_harness::lock::Backend;

use crate::cli::HoldArgs;
use crate::failure::in_qemus_words;
use crate::report::palette::CAREFUL;

/// Says what is not as one might think: that nothing is locked, or with the
/// weaker locks.
pub(super) fn warn(args: &HoldArgs, hold: &Hold, errors: &mut dyn Write) -> io::Result<()> {
    let mut warn = |text: &str| writeln!(errors, "imglock: {CAREFUL}warning{CAREFUL:#}: {text}");
    match (args.locking, hold.backend()) {
        (Locking::Off, _) => warn("nothing is locked, as --locking off says")?,
        (_, None) => warn(
            "nothing is locked: OFD locks are unavailable, and --locking auto takes no others; \
             --locking on falls back to POSIX locks",
        )?,
        (_, Some(_)) => {}
    }
    if hold.falls_back() {
        warn(&FALLBACK_WARNING.join("\n"))?;
    }
    if args.inherit && hold.backend() == Some(Backend::Posix) {
        warn("POSIX locks are not inherited: they end with imglock, whatever --inherit says")?;
    }
    errors.flush()
}

/// Says why it waits, for how long, and how to leave.
pub(super) fn say_waiting(
    args: &HoldArgs,
    refused: &AcquireError,
    errors: &mut dyn Write,
) -> io::Result<()> {
    let (seconds, why) = (args.wait.as_secs_f64(), in_qemus_words(refused));
    let (mode, image) = (args.mode, args.image.display());
    writeln!(errors, "{why}: waiting up to {seconds} s for {mode} on {image}; Ctrl-C gives up")?;
    errors.flush()
}

/// Says what is held, and how to let go.
pub(super) fn say_held(args: &HoldArgs, hold: &Hold, errors: &mut dyn Write) -> io::Result<()> {
    let (mode, image) = (args.mode, args.image.display());
    let how = match hold.backend() {
        None => " without locks".to_owned(),
        Some(_) if lock_bytes(mode.claim()).is_empty() => ", which locks nothing".to_owned(),
        Some(backend) => format!(" with {backend} locks"),
    };
    writeln!(errors, "holding {mode} on {image}{how}; Ctrl-C lets go")
}

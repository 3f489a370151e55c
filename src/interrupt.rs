use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use imglock_engine::StopToken;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::pipe;

use crate::exit::ExitCode;
use crate::failure::Failure;

/// A token that Ctrl-C and SIGTERM trigger. The second signal ends the process
/// at once.
///
/// # Errors
/// The handlers cannot be installed.
pub fn stop_on_signals() -> Result<StopToken, Failure> {
    install().map_err(Failure::Signals)
}

fn install() -> std::io::Result<StopToken> {
    let (trigger, stop) = StopToken::pair()?;
    let trigger: OwnedFd = trigger.into();
    let second_time = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The order matters: at the first signal, the flag must not be set yet.
        let exit = i32::from(ExitCode::Interrupted.number());
        flag::register_conditional_shutdown(signal, exit, Arc::clone(&second_time))?;
        flag::register(signal, Arc::clone(&second_time))?;
        pipe::register(signal, trigger.try_clone()?)?;
    }
    Ok(stop)
}

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shorter runs need no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar on standard error, when that is a terminal and the run takes a while.
pub struct Progress {
    bar: ProgressBar,
    /// Its end tells the thread that waits to show the bar.
    _running: Sender<()>,
}

impl Progress {
    /// A bar for `total` scenarios; `wanted` is false when something else is
    /// written to standard error.
    pub fn new(total: usize, wanted: bool) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len}, {elapsed}") {
            bar.set_style(style);
        }
        let (running, ended) = channel();
        if wanted {
            let later = bar.clone();
            std::thread::spawn(move || {
                if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                    later.set_draw_target(ProgressDrawTarget::stderr());
                    later.enable_steady_tick(Duration::from_millis(200));
                }
            });
        }
        Progress { bar, _running: running }
    }

    /// One more has ended.
    pub fn advance(&self) {
        self.bar.inc(1);
    }

    /// Writes something else to the terminal meanwhile.
    pub fn aside<R>(&self, write: impl FnOnce() -> R) -> R {
        self.bar.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

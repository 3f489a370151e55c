use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shorter runs need no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar on standard error, when that is a terminal and the run takes a while.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar for `total` scenarios; `wanted` is false when something else is
    /// written to standard error.
    pub fn new(total: usize, wanted: bool) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len}, {elapsed}") {
            bar.set_style(style);
        }
        if wanted {
            let later = bar.clone();
            // Detached: it outlives no run for long, and draws only while one goes on.
            std::thread::spawn(move || {
                std::thread::sleep(PATIENCE);
                if !later.is_finished() {
                    later.set_draw_target(ProgressDrawTarget::stderr());
                    later.enable_steady_tick(Duration::from_millis(200));
                }
            });
        }
        Progress(bar)
    }

    /// One more has ended.
    pub fn advance(&self) {
        self.0.inc(1);
    }

    /// Writes something else to the terminal meanwhile.
    pub fn aside<R>(&self, write: impl FnOnce() -> R) -> R {
        self.0.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

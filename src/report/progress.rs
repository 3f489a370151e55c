use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// Shorter work shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// The unit of a bar, which decides its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Scenarios, which differ in length.
    Scenarios,
    /// Many equal units: their rate gives the remaining time.
    Units(&'static str),
}

impl Work {
    fn template(self) -> String {
        match self {
            Work::Scenarios => "{bar:30} {pos} of {len}, {elapsed}".to_owned(),
            Work::Units(name) => format!(
                "{{bar:30}} {{human_pos}} of {{human_len}} {name}, {{rate}} a second, {{eta}} left {{msg}}"
            ),
        }
    }
}

/// A bar on standard error, if that is a terminal and the work takes a while.
pub struct Progress {
    bar: ProgressBar,
    /// Its end stops the thread that would show the bar.
    _running: Sender<()>,
}

impl Progress {
    /// A bar for `total` units of `work`. It stays hidden unless `wanted`, for
    /// example because other text goes to standard error.
    pub fn new(work: Work, total: u64, wanted: bool) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(&work.template()) {
            let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                // An error leaves a gap in the bar.
                let _ = write!(out, "{}", HumanCount(state.per_sec() as u64));
            };
            bar.set_style(style.with_key("rate", rate));
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

    /// Sets the number of units.
    pub fn expect(&self, total: u64) {
        self.bar.set_length(total);
    }

    /// Counts one more unit.
    pub fn advance(&self) {
        self.bar.inc(1);
    }

    /// Sets the number of units done.
    pub fn reach(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// Shows a text behind the bar, such as the findings so far.
    pub fn say(&self, words: String) {
        self.bar.set_message(words);
    }

    /// Hides the bar while `write` writes to the terminal.
    pub fn aside<R>(&self, write: impl FnOnce() -> R) -> R {
        self.bar.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

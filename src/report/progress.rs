use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// Shorter runs need no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a bar counts, and so what is worth saying beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Scenarios, each of which takes as long as it takes.
    Scenarios,
    /// Very many units of one kind: how fast it goes says when it will end.
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

/// A bar on standard error, when that is a terminal and the run takes a while.
pub struct Progress {
    bar: ProgressBar,
    /// Its end tells the thread that waits to show the bar.
    _running: Sender<()>,
}

impl Progress {
    /// A bar for `total` units of `work`; `wanted` is false when something
    /// else is written to standard error.
    pub fn new(work: Work, total: u64, wanted: bool) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(&work.template()) {
            let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                // A word that cannot be written leaves a gap in the bar.
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

    /// There are so many, as is known now.
    pub fn expect(&self, total: u64) {
        self.bar.set_length(total);
    }

    /// One more has ended.
    pub fn advance(&self) {
        self.bar.inc(1);
    }

    /// So many have ended.
    pub fn reach(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// Says something behind the bar, such as what was found so far.
    pub fn say(&self, what: String) {
        self.bar.set_message(what);
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

use anstyle::{AnsiColor, Color, Style};
use imglock_core::Verdict;

/// As expected.
pub const GOOD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
/// Not as expected.
pub const BAD: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Red)));
/// Worth a look.
pub const CAREFUL: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
/// A heading.
pub const STRONG: Style = Style::new().bold();
/// Secondary text.
pub const FAINT: Style = Style::new().dimmed();
/// Acquired locks.
pub const TAKEN: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Cyan)));
/// Normal text.
pub const PLAIN: Style = Style::new();

/// How a reader should take a result: a colour in the terminal, a class on
/// the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// No run.
    Nothing,
    /// As expected.
    Good,
    /// Worth a look.
    Careful,
    /// Not as expected.
    Bad,
}

impl Worth {
    /// The style in the terminal.
    pub fn style(self) -> Style {
        match self {
            Worth::Nothing => FAINT,
            Worth::Good => GOOD,
            Worth::Careful => CAREFUL,
            Worth::Bad => BAD,
        }
    }

    /// The class on the page.
    pub fn class(self) -> &'static str {
        match self {
            Worth::Nothing => "nothing",
            Worth::Good => "good",
            Worth::Careful => "careful",
            Worth::Bad => "bad",
        }
    }
}

/// The style of a verdict.
pub fn of_verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Passed => GOOD,
        Verdict::Failed | Verdict::TimedOut => BAD,
        Verdict::Skipped => CAREFUL,
    }
}

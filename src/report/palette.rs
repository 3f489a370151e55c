use anstyle::{AnsiColor, Style};
use imglock_harness::run::{ScenarioResult, Standing, Verdict};
use imglock_harness::step::Outcome;

/// As it must be.
pub const GOOD: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
/// Not as it must be.
pub const BAD: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
/// Worth a look.
pub const CAREFUL: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));
/// A heading.
pub const STRONG: Style = Style::new().bold();
/// Beside the point.
pub const FAINT: Style = Style::new().dimmed();
/// Locks that are taken.
pub const TAKEN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan)));
/// As it comes.
pub const PLAIN: Style = Style::new();

/// The colour of a verdict.
pub fn of_verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Passed => GOOD,
        Verdict::Failed | Verdict::TimedOut => BAD,
        Verdict::Skipped => CAREFUL,
    }
}

/// The word for what came of a run, what is known of it taken into account,
/// and its colour.
pub fn standing(result: &ScenarioResult) -> (&'static str, Style) {
    match result.standing() {
        Standing::Known => ("known", CAREFUL),
        Standing::Surprise => ("surprise", BAD),
        Standing::Passed | Standing::Skipped | Standing::Bad => {
            (result.verdict.name(), of_verdict(result.verdict))
        }
    }
}

/// Why a run did not pass, or what is known of it that is not so.
pub fn reason(result: &ScenarioResult) -> String {
    let known = result.known.as_ref().map_or("", |known| known.why.as_str());
    match result.standing() {
        Standing::Known => known.to_owned(),
        Standing::Surprise if result.verdict == Verdict::Passed => {
            format!("passed, although it is known to fail: {known}")
        }
        Standing::Surprise => format!("otherwise than is known ({known}): {}", result.reason),
        Standing::Passed | Standing::Skipped | Standing::Bad => result.reason.clone(),
    }
}

/// The colour of an outcome: who got it, who did not.
pub fn of_outcome(outcome: &Outcome) -> Style {
    match outcome {
        Outcome::Granted => GOOD,
        Outcome::Refused(_) | Outcome::LockByte { .. } | Outcome::Failed(_) => CAREFUL,
        Outcome::Blocked | Outcome::Paused => CAREFUL,
        Outcome::Done
        | Outcome::NotOpen
        | Outcome::Free
        | Outcome::Held { .. }
        | Outcome::Data(_) => PLAIN,
    }
}

/// The colour of a change of locks (`+ 100`, `- 100`).
pub fn of_change(words: &str) -> Style {
    if words.starts_with('+') { TAKEN } else { FAINT }
}

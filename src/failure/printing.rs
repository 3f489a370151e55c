//! A failure as the user sees it.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use imglock_scenario::ScenarioError;
use miette::{GraphicalReportHandler, GraphicalTheme};

use super::Failure;
use crate::exit::ExitCode;

impl Failure {
    /// Prints the error and the advice, and returns the exit code.
    pub fn print(&self, mut errors: impl Write) -> ExitCode {
        let red = AnsiColor::Red.on_default().bold();
        if let Failure::Invalid(scenarios) = self {
            for error in scenarios {
                let _ = write!(errors, "{}", graphical(error));
            }
        }
        // If standard error is closed as well, there is no way to report it.
        let _ = writeln!(errors, "{red}error{red:#}: {self}");
        if let Some(advice) = self.advice() {
            help(&advice, errors);
        }
        self.exit()
    }
}

/// Prints a line of advice.
pub fn help(advice: &str, mut errors: impl Write) {
    let bold = Style::new().bold();
    // If standard error is closed, the advice is lost.
    let _ = writeln!(errors, "{bold}help{bold:#}: {advice}");
}

/// An invalid file, with its problems marked in its text.
fn graphical(error: &ScenarioError) -> String {
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode()).with_links(false);
    match handler.render_report(&mut text, error) {
        Ok(()) => text,
        Err(_) => format!("{error}\n"),
    }
}

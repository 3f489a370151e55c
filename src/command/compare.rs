use std::io::Write;
use std::path::Path;

use imglock_engine::{Comparison, RunDocument};

use crate::cli::{CompareArgs, CompareFormat};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::input;
use crate::output::Output;
use crate::report::compare::{self, Compared};

/// `imglock compare`.
pub fn compare(args: CompareArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let CompareArgs { old, new, slower, format, all } = args;
    let before = read(&old)?;
    let mut comparisons = Vec::new();
    for path in &new {
        comparisons.push(Comparison::of(&before, &read(path)?, slower));
    }
    let name = |path: &Path| path.display().to_string();
    let all_compared: Vec<Compared<'_>> = comparisons
        .iter()
        .zip(&new)
        .map(|(comparison, new)| Compared { old: name(&old), new: name(new), comparison })
        .collect();
    let width = output.width();
    match format {
        CompareFormat::Json => compare::json(&all_compared, output)?,
        CompareFormat::Human | CompareFormat::Markdown => {
            for (number, compared) in all_compared.iter().enumerate() {
                if number > 0 {
                    writeln!(output, "\n")?;
                }
                match format {
                    CompareFormat::Markdown => compare::markdown(compared, all, output)?,
                    _ => compare::text(compared, all, width, output)?,
                }
            }
        }
    }
    output.flush()?;
    Ok(exit(comparisons.iter().any(Comparison::is_broken)))
}

/// The exit code of comparisons.
pub fn exit(broken: bool) -> ExitCode {
    if broken { ExitCode::Failed } else { ExitCode::AsExpected }
}

/// Reads a report of runs.
///
/// # Errors
/// The file cannot be read, or is not a report of runs.
pub fn read(path: &Path) -> Result<RunDocument, Failure> {
    let text = input::text(path)?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::NoReport { path: path.to_owned(), why: why(&text, &error) })
}

/// Why a text is not a report of runs: its likely format, or serde's error.
fn why(text: &str, error: &serde_json::Error) -> String {
    let has = |text: &str, field: &str| {
        let value: Option<serde_json::Value> = serde_json::from_str(text).ok();
        value.is_some_and(|value| value.get(field).is_some())
    };
    if text.trim().is_empty() {
        "it is empty".to_owned()
    } else if text.lines().next().is_some_and(|line| has(line, "begin")) {
        "it contains JSON Lines, not one document".to_owned()
    } else if !error.is_data() {
        format!("it is not one JSON document: {error}")
    } else if has(text, "results") && has(text, "complete") {
        error.to_string()
    } else {
        format!("it is another kind of JSON document: {error}")
    }
}

use std::io::Write;

use crate::cli::{ListArgs, ListFormat};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::library::Library;
use crate::output::Output;
use crate::report::listing;
use crate::selection::select;

/// `imglock list`.
pub fn list(args: ListArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let scenarios = select(&Library::embedded(), &args.patterns)?;
    let width = output.terminal_width();
    match args.format {
        ListFormat::Human => listing::human(&scenarios, width, output)?,
        ListFormat::Json => listing::json(&scenarios, output)?,
    }
    output.flush()?;
    Ok(ExitCode::AsExpected)
}

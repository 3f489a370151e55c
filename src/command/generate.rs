use std::io::Write;

use crate::cli::{Cli, CompletionsArgs, ManArgs};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::output::Output;

/// `imglock completions`.
pub fn completions(args: CompletionsArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::definition(), "imglock", &mut script);
    output.write_all(&script)?;
    output.flush()?;
    Ok(ExitCode::AsExpected)
}

/// `imglock man`.
pub fn man(args: ManArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let mut definition = Cli::definition();
    definition.build();
    let page = match args.command {
        None => definition,
        Some(name) => definition.find_subcommand(&name).ok_or(Failure::NoCommand(name))?.clone(),
    };
    clap_mangen::Man::new(page).render(output)?;
    output.flush()?;
    Ok(ExitCode::AsExpected)
}

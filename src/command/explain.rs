use std::io::Write;

use imglock_core::Backend;

use crate::cli::ExplainArgs;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::library::Library;
use crate::output::Output;
use crate::report::story;
use crate::selection::select;

/// `imglock explain`.
pub fn explain(args: ExplainArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let chosen = args.backends.backends();
    let width = output.width();
    let mut told = 0;
    for scenario in select(&Library::embedded(), std::slice::from_ref(&args.scenario))? {
        let on = |backend: &Backend| scenario.backends.contains(backend);
        let backends: Vec<Backend> = chosen.iter().copied().filter(on).collect();
        if backends.is_empty() {
            continue;
        }
        if told > 0 {
            writeln!(output, "\n")?;
        }
        story::write(&scenario, &backends, output, width)?;
        told += 1;
    }
    if told == 0 {
        return Err(Failure::NoBackend { backends: chosen });
    }
    output.flush()?;
    Ok(ExitCode::AsExpected)
}

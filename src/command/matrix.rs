use std::io::Write;

use imglock_engine::{Builtin, SessionOptions, mode_table};
use imglock_scenario::ModeMatrix;

use super::{place, subject};
use crate::cli::MatrixArgs;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::interrupt;
use crate::library::{Library, MATRIX_FILE};
use crate::output::Output;
use crate::report::mode_table as report;

/// `imglock matrix`.
pub fn matrix(args: MatrixArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let stated = stated()?;
    let directory = args.place.images.directory();
    let stop = interrupt::stop_on_signals()?;
    let options = SessionOptions {
        deny_ofd: args.subjects.deny_ofd,
        ..place::session_options(&args.place, &directory, false, stop.clone())
    };
    let mut exit = ExitCode::AsExpected;
    let castings = subject::castings(&args.subjects)?;
    let backends = args.backends.backends();
    let runs = castings.iter().flat_map(|cast| backends.iter().map(move |one| (*one, cast)));
    for (number, (backend, casting)) in runs.enumerate() {
        let measured = mode_table(backend, casting, &options);
        if stop.is_stopped() {
            return Err(Failure::Interrupted);
        }
        let measured = measured?;
        let differences = measured.differences(&stated);
        let cell = |first, second| measured.cell(first, second).cloned();
        if number > 0 {
            writeln!(output)?;
        }
        let on = match measured.subject.as_str() {
            Builtin::NAME => backend.to_string(),
            subject => format!("{backend} by {subject}"),
        };
        report::write(&on, &measured.unable, &cell, &differences, output)?;
        report::objections(&measured.findings, output)?;
        if !differences.is_empty() || !measured.findings.is_empty() {
            exit = ExitCode::Failed;
        }
    }
    report::legend(output)?;
    output.flush()?;
    Ok(exit)
}

/// The built-in matrix, which is written by hand.
pub fn stated() -> Result<ModeMatrix, Failure> {
    let text = Library::embedded().matrix().ok_or(Failure::NoMatrix)?;
    ModeMatrix::parse(&format!("scenarios/{MATRIX_FILE}"), text)
        .map_err(|error| Failure::Invalid(vec![error]))
}

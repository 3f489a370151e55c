use std::io::Write;

use imglock_engine::ProcessError;
use imglock_qemu::{HandoverError, HandoverOptions, QemuProgram, measure_handovers};

use super::practice::launcher_options;
use super::subject;
use crate::cli::HandoverArgs;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::Output;
use crate::report::handover as report;

/// `imglock handover`.
pub fn handover(args: HandoverArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let binaries = subject::found(&args.qemu.programs, &[])?;
    let binary = binaries.first(QemuProgram::System).cloned().ok_or_else(|| Failure::NoPlayer {
        why: format!("a handover needs {}, which was not found", QemuProgram::System.file_name()),
    })?;
    let stop = interrupt::stop_on_signals()?;
    let options = HandoverOptions {
        launcher: launcher_options(&args.qemu, &stop),
        step_timeout: args.qemu.timeout,
        rounds: usize::try_from(args.rounds).unwrap_or(usize::MAX),
        binary,
    };
    let measured = match measure_handovers(&options) {
        _ if stop.is_stopped() => return Err(Failure::Interrupted),
        Err(HandoverError::Process(ProcessError::Stopped)) => return Err(Failure::Interrupted),
        other => other?,
    };
    match args.json {
        true => report::json(&measured, output)?,
        false => report::write(&measured, output)?,
    }
    output.flush()?;
    Ok(if measured.holds() { ExitCode::AsExpected } else { ExitCode::Failed })
}

use std::io::Write;
use std::path::{Path, PathBuf};

use imglock_engine::{Probe, ProbeError, SessionOptions, probe as try_locks};

use crate::cli::ProbeArgs;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::Output;
use crate::report::probe as report;

/// `imglock probe`.
pub fn probe(args: ProbeArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let directories =
        args.paths.iter().map(|path| directory_of(path)).collect::<Result<Vec<_>, _>>()?;
    let stop = interrupt::stop_on_signals()?;
    let mut probes: Vec<Probe> = Vec::with_capacity(directories.len());
    for directory in directories {
        let options = SessionOptions {
            step_timeout: args.timeout,
            ..SessionOptions::new(directory, stop.clone())
        };
        let tried = try_locks(&options, args.rounds);
        if stop.is_stopped() {
            return Err(Failure::Interrupted);
        }
        let probe = tried?;
        if !args.json {
            if !probes.is_empty() {
                writeln!(output, "\n")?;
            }
            report::write(&probe, args.timeout, output)?;
            output.flush()?;
        }
        probes.push(probe);
    }
    if args.json {
        report::json(&probes, output)?;
        output.flush()?;
    }
    let exit =
        if probes.iter().all(Probe::holds) { ExitCode::AsExpected } else { ExitCode::Failed };
    Ok(exit)
}

/// `path` if it is a directory, otherwise the directory that contains it.
fn directory_of(path: &Path) -> Result<PathBuf, Failure> {
    let about = std::fs::metadata(path)
        .map_err(|error| ProbeError::Directory { directory: path.to_owned(), source: error })?;
    Ok(match path.parent() {
        _ if about.is_dir() => path.to_owned(),
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    })
}

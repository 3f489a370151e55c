use std::io::Write;
use std::os::unix::fs::FileTypeExt;
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
    let grounds = args.paths.iter().map(|path| Ground::of(path)).collect::<Result<Vec<_>, _>>()?;
    let stop = interrupt::stop_on_signals()?;
    let mut probes: Vec<Probe> = Vec::with_capacity(grounds.len());
    for Ground { directory, device } in grounds {
        let options = SessionOptions {
            step_timeout: args.timeout,
            ..SessionOptions::new(directory, stop.clone())
        };
        let tried = try_locks(&options, device.as_deref(), args.rounds);
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

/// What is tried.
struct Ground {
    /// Where files are made.
    directory: PathBuf,
    /// The block device that is locked instead of a new file.
    device: Option<PathBuf>,
}

impl Ground {
    /// `path` if it is a directory or a block device, otherwise the directory that contains it.
    fn of(path: &Path) -> Result<Ground, Failure> {
        let about = std::fs::metadata(path)
            .map_err(|source| ProbeError::Unreachable { path: path.to_owned(), source })?;
        let (directory, device) = match path.parent() {
            _ if about.file_type().is_block_device() => {
                let device = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
                (std::env::temp_dir(), Some(device))
            }
            _ if about.is_dir() => (path.to_owned(), None),
            Some(parent) if parent != Path::new("") => (parent.to_owned(), None),
            _ => (PathBuf::from("."), None),
        };
        Ok(Ground { directory, device })
    }
}

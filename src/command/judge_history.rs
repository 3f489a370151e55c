use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::time::Instant;

use imglock_scenario::{History, HistoryReadError, HistoryVerdict};

use crate::cli::JudgeHistoryArgs;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use crate::report::history::{json, text};
use crate::report::{Progress, Work};

/// The size of the read buffer: a history can be long.
const BUFFER: usize = 1 << 18;
/// The unit of the progress bar.
const KIB: u64 = 1024;

/// `imglock judge-history`.
pub fn judge_history(
    args: JudgeHistoryArgs,
    quiet: bool,
    output: &mut Output,
) -> Result<ExitCode, Failure> {
    let began = Instant::now();
    let history = read(&args.file, quiet)?;
    tracing::debug!(took = ?began.elapsed(), "read the history");
    let began = Instant::now();
    let judgement = history.judge();
    tracing::debug!(took = ?began.elapsed(), "judged the history");
    if args.json {
        json::document(&history, &judgement, output)?;
    } else {
        let width = output.width();
        text::write(&history, &judgement, width, output)?;
    }
    output.flush()?;
    Ok(match judgement.verdict {
        HistoryVerdict::Valid => ExitCode::AsExpected,
        HistoryVerdict::Unknown(_) | HistoryVerdict::Invalid(_) => ExitCode::Failed,
    })
}

fn read(path: &Path, quiet: bool) -> Result<History, Failure> {
    if path == Path::new("-") {
        let name = Path::new("standard input");
        return from(name, io::stdin(), Progress::new(Work::Units("KiB"), 0, false));
    }
    let unreadable = Failure::unreadable(path);
    let file = File::open(path).map_err(&unreadable)?;
    let size = file.metadata().map_err(&unreadable)?.len();
    from(path, file, Progress::new(Work::Units("KiB"), size / KIB, quiet && size > 0))
}

fn from(path: &Path, input: impl Read, progress: Progress) -> Result<History, Failure> {
    let input = BufReader::with_capacity(BUFFER, Watched { input, progress, read: 0 });
    History::read(&path.display().to_string(), input).map_err(|error| match error {
        HistoryReadError::Io(source) => Failure::unreadable(path)(source),
        HistoryReadError::Problem(problem) => Failure::History(problem),
    })
}

/// Reports how much of the input has been read.
struct Watched<R> {
    input: R,
    progress: Progress,
    read: u64,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.read += count as u64;
        self.progress.reach(self.read / KIB);
        Ok(count)
    }
}

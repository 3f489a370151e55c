use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use imglock_harness::history::{History, ReadError, Verdict};

use crate::cli::JudgeHistoryArgs;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use crate::report::history::{json, text};

/// How much is read at a time: a history may be long.
const BUFFER: usize = 1 << 16;

/// `imglock judge-history`.
pub fn judge_history(args: JudgeHistoryArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let history = read(&args.file)?;
    let judgement = history.judge();
    if args.json {
        json::document(&history, &judgement, output)?;
    } else {
        let width = output.width();
        text::write(&history, &judgement, width, output)?;
    }
    output.flush()?;
    Ok(match judgement.verdict {
        Verdict::Valid => ExitCode::AsExpected,
        Verdict::Unknown(_) | Verdict::Invalid(_) => ExitCode::Failed,
    })
}

fn read(path: &Path) -> Result<History, Failure> {
    if path == Path::new("-") {
        return from("standard input", Path::new("standard input"), std::io::stdin());
    }
    let unreadable = |source| Failure::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    from(&path.display().to_string(), path, file)
}

fn from(name: &str, path: &Path, input: impl Read) -> Result<History, Failure> {
    let input = BufReader::with_capacity(BUFFER, input);
    History::read(name, input).map_err(|error| match error {
        ReadError::Io(source) => Failure::Unreadable { path: path.to_owned(), source },
        ReadError::Problem(problem) => Failure::History(problem),
    })
}

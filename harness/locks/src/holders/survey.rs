use std::path::Path;

use super::surveyor::Surveyor;
use super::{Survey, SurveyError};

/// The maximum number of repetitions of a survey that did not settle.
const MOST_SURVEYS: usize = 10;

/// Finds every owner of a lock on the files at `paths`, in one pass over /proc, and asks the kernel
/// about the locks that /proc does not show (`F_OFD_GETLK`).
///
/// Symbolic links and hard links are followed. A deleted file is found by a link such as
/// /proc/PID/fd/N.
///
/// The survey acquires no lock. To ask, it opens the file for reading, in a thread with a descriptor
/// table of its own, so that no POSIX lock of this process is dropped. The tables and the kernel's
/// answers cannot be read at the same moment, so it repeats the pass, up to a limit, while they
/// disagree ([`Survey::settled`]).
///
/// # Errors
/// If a path does not lead to a regular file or a block device, or /proc cannot be read. A process
/// that cannot be inspected is not an error; it is counted in [`Survey::unseen`].
pub fn survey<P: AsRef<Path>>(paths: &[P]) -> Result<Survey, SurveyError> {
    Surveyor::new(paths)?.survey_with_users()
}

/// Like [`survey`], but repeats the survey, up to a limit, until it settles. Other processes on
/// the machine may change locks so often that one survey is not enough.
///
/// # Errors
/// As for [`survey`].
pub fn survey_settled<P: AsRef<Path>>(paths: &[P]) -> Result<Survey, SurveyError> {
    let mut seen = survey(paths)?;
    for _ in 0..MOST_SURVEYS {
        if seen.settled {
            break;
        }
        seen = survey(paths)?;
    }
    Ok(seen)
}

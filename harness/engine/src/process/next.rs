use nix::errno::Errno;

use super::wire::Reply;
use imglock_core::Outcome;

/// The worker loop's next action after a request.
pub(super) enum Next {
    Reply(Reply),
    Replied,
    Exit(i32),
}

impl From<Outcome> for Next {
    fn from(outcome: Outcome) -> Next {
        Next::Reply(outcome.into())
    }
}

/// The outcome of a call that failed.
pub(super) fn failed(errno: Errno) -> Outcome {
    Outcome::Failed(imglock_core::Errno::from_raw(errno as i32))
}

/// The outcome of a call that acquires nothing.
pub(super) fn done<T>(result: Result<T, Errno>) -> Outcome {
    result.map_or_else(failed, |_| Outcome::Done)
}

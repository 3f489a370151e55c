use procfs::ProcResult;
use procfs::process::Process;

/// Whether a program whose standard error is full
/// ([`StandardError::Full`](super::StandardError::Full)) stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slumber {
    /// It has not come to it.
    Awake,
    /// It sleeps in write(2) of a pipe.
    Asleep,
    /// It has ended.
    Ended,
    /// This kernel does not tell in which call a process sleeps.
    Unknown,
}

/// What /proc says of a process at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    /// Such as `S` for one that sleeps.
    state: char,
    /// How often it has gone to sleep.
    naps: Option<u64>,
}

impl Slumber {
    /// Looks at the first thread of a process: at its state, and at the kernel
    /// function that it sleeps in (`/proc/PID/wchan`).
    pub fn of(pid: i32) -> Slumber {
        let look = |process: &Process| -> ProcResult<Look> {
            let naps = process.status()?.voluntary_ctxt_switches;
            Ok(Look { state: process.stat()?.state, naps })
        };
        let all = || -> ProcResult<(Look, String, Look)> {
            let process = Process::new(pid)?;
            Ok((look(&process)?, process.wchan().unwrap_or_default(), look(&process)?))
        };
        match all() {
            Ok((before, place, after)) => Slumber::reading(before, &place, after),
            Err(_) => Slumber::Ended,
        }
    }

    /// `place` was read between the two looks.
    fn reading(before: Look, place: &str, after: Look) -> Slumber {
        match after.state {
            'Z' | 'X' => Slumber::Ended,
            // `pipe_write`, `anon_pipe_write` in newer kernels.
            'S' if place.contains("pipe_write") => Slumber::Asleep,
            // It has slept all the while, and the kernel does not say where.
            'S' if before == after && (place.is_empty() || place == "0") => Slumber::Unknown,
            _ => Slumber::Awake,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::super::full_pipe::full_pipe;
    use super::*;

    #[rstest::rstest]
    #[case(('S', 1), "anon_pipe_write", ('S', 1), Slumber::Asleep)]
    #[case(('R', 1), "pipe_write", ('S', 2), Slumber::Asleep)]
    #[case(('S', 1), "ep_poll", ('S', 1), Slumber::Awake)]
    #[case(('S', 1), "0", ('S', 1), Slumber::Unknown)]
    #[case(('S', 1), "0", ('S', 2), Slumber::Awake)]
    #[case(('S', 1), "0", ('R', 1), Slumber::Awake)]
    #[case(('R', 1), "0", ('Z', 1), Slumber::Ended)]
    fn sleep_is_told_from_its_place(
        #[case] before: (char, u64),
        #[case] place: &str,
        #[case] after: (char, u64),
        #[case] slumber: Slumber,
    ) {
        let look = |(state, naps)| Look { state, naps: Some(naps) };
        assert_eq!(Slumber::reading(look(before), place, look(after)), slumber);
    }

    #[test]
    fn a_message_into_a_full_pipe_is_slept_in_until_it_is_read() {
        let (reader, writer) = full_pipe().expect("a pipe");
        let mut child = Command::new("sh")
            .args(["-c", "echo hello >&2; exec sleep 60"])
            .stderr(writer)
            .spawn()
            .expect("a shell");
        let pid = i32::try_from(child.id()).expect("a pid");
        let is = |wanted: &[Slumber]| {
            let deadline = Instant::now() + Duration::from_secs(30);
            while !wanted.contains(&Slumber::of(pid)) {
                assert!(Instant::now() < deadline, "{:?}", Slumber::of(pid));
                std::thread::yield_now();
            }
        };
        is(&[Slumber::Asleep, Slumber::Unknown]);
        // It has a page at least, and the message is shorter.
        rustix::io::read(&reader, &mut [0; 4096]).expect("it is full");
        is(&[Slumber::Awake, Slumber::Unknown]);
        child.kill().expect("it runs");
        is(&[Slumber::Ended]);
        child.wait().expect("our child");
        assert_eq!(Slumber::of(pid), Slumber::Ended);
    }
}

use procfs::ProcResult;
use procfs::process::Process;

/// The state of a program whose standard error is full
/// ([`StandardError::Full`](super::StandardError::Full)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slumber {
    /// It has not reached its first message.
    Awake,
    /// It sleeps in write(2) of a pipe.
    Asleep,
    /// It has ended.
    Ended,
    /// It sleeps, and the kernel does not show where: it is about to wake up,
    /// or this kernel never shows it.
    Unknown,
}

impl Slumber {
    /// Reads the state of a process's first thread and the kernel function that
    /// it sleeps in (`/proc/PID/wchan`, see proc(5)).
    pub fn of(pid: i32) -> Slumber {
        let look = || -> ProcResult<(String, char)> {
            let process = Process::new(pid)?;
            Ok((process.wchan().unwrap_or_default(), process.stat()?.state))
        };
        look().map_or(Slumber::Ended, |(place, state)| Slumber::reading(state, &place))
    }

    fn reading(state: char, place: &str) -> Slumber {
        match state {
            'Z' | 'X' => Slumber::Ended,
            // `pipe_write`, `anon_pipe_write` in newer kernels.
            'S' if place.contains("pipe_write") => Slumber::Asleep,
            'S' if place.is_empty() || place == "0" => Slumber::Unknown,
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
    #[case('S', "anon_pipe_write", Slumber::Asleep)]
    #[case('S', "pipe_write", Slumber::Asleep)]
    #[case('S', "ep_poll", Slumber::Awake)]
    #[case('S', "0", Slumber::Unknown)]
    #[case('R', "0", Slumber::Awake)]
    #[case('Z', "0", Slumber::Ended)]
    fn sleep_is_told_from_its_place(
        #[case] state: char,
        #[case] place: &str,
        #[case] slumber: Slumber,
    ) {
        assert_eq!(Slumber::reading(state, place), slumber);
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
        let becomes = |wanted: Slumber| {
            let deadline = Instant::now() + Duration::from_secs(20);
            loop {
                let slumber = Slumber::of(pid);
                let is_late = Instant::now() >= deadline;
                // Some kernels never show it.
                if slumber == wanted || (is_late && slumber == Slumber::Unknown) {
                    return;
                }
                assert!(!is_late, "{slumber:?}, not {wanted:?}");
                std::thread::yield_now();
            }
        };
        becomes(Slumber::Asleep);
        // The pipe holds at least a page, and the message is shorter.
        rustix::io::read(&reader, &mut [0; 4096]).expect("it is full");
        becomes(Slumber::Awake);
        child.kill().expect("it runs");
        becomes(Slumber::Ended);
        child.wait().expect("our child");
        assert_eq!(Slumber::of(pid), Slumber::Ended);
    }
}

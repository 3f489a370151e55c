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

impl Slumber {
    /// Looks at a process: at its state, and at the kernel function that it
    /// sleeps in (`/proc/PID/wchan`).
    pub fn of(pid: i32) -> Slumber {
        let look = || -> ProcResult<(char, String)> {
            let process = Process::new(pid)?;
            Ok((process.stat()?.state, process.wchan()?))
        };
        match look() {
            Ok((state, place)) => Slumber::reading(state, &place),
            Err(_) if Process::new(pid).is_err() => Slumber::Ended,
            Err(_) => Slumber::Unknown,
        }
    }

    fn reading(state: char, place: &str) -> Slumber {
        match state {
            'Z' | 'X' => Slumber::Ended,
            // `pipe_write`, `anon_pipe_write` in newer kernels.
            'S' if place.contains("pipe_write") => Slumber::Asleep,
            // A process that sleeps sleeps somewhere.
            'S' if place.is_empty() || place == "0" => Slumber::Unknown,
            _ => Slumber::Awake,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
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
        let is = |wanted: &[Slumber]| {
            let deadline = Instant::now() + Duration::from_secs(30);
            while !wanted.contains(&Slumber::of(pid)) {
                assert!(Instant::now() < deadline, "{:?}", Slumber::of(pid));
                std::thread::yield_now();
            }
        };
        is(&[Slumber::Asleep, Slumber::Unknown]);
        let words = std::io::read_to_string(std::fs::File::from(reader).take(1 << 16));
        assert!(words.is_ok());
        is(&[Slumber::Awake, Slumber::Unknown]);
        child.kill().expect("it runs");
        is(&[Slumber::Ended]);
        child.wait().expect("our child");
        assert_eq!(Slumber::of(pid), Slumber::Ended);
    }
}

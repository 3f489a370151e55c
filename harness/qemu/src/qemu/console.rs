use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use imglock_engine::{Message, ReceiveError, StopToken, await_readable};

/// The prompt of `qemu-io` (qemu-io.c).
const PROMPT: &[u8] = b"qemu-io> ";

/// A dialogue with `qemu-io` at its prompt. Its error messages go to its log.
#[derive(Debug)]
pub struct Console {
    socket: UnixStream,
    stop: StopToken,
    messages: Vec<Message>,
}

impl Console {
    /// Waits for the first prompt.
    ///
    /// # Errors
    /// If no prompt comes before the deadline.
    pub fn greet(
        socket: OwnedFd,
        stop: StopToken,
        deadline: Instant,
    ) -> Result<Console, ReceiveError> {
        let mut console = Console { socket: socket.into(), stop, messages: Vec::new() };
        console.finish(deadline)?;
        console.messages.clear();
        Ok(console)
    }

    /// Sends a command. [`Console::finish`] waits for its answer.
    ///
    /// # Errors
    /// If the program has exited.
    pub fn begin(&mut self, line: &str) -> Result<(), ReceiveError> {
        self.messages.push(Message::Sent(line.to_owned()));
        match writeln!(self.socket, "{line}") {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                Err(ReceiveError::Closed)
            }
            other => other.map_err(ReceiveError::Broken),
        }
    }

    /// The output until the next prompt.
    ///
    /// # Errors
    /// If no prompt comes before the deadline.
    pub fn finish(&mut self, deadline: Instant) -> Result<String, ReceiveError> {
        let mut text = Vec::new();
        let mut part = [0; 4096];
        while !is_prompted(&text) {
            await_readable(self.socket.as_fd(), deadline, &self.stop)?;
            match self.socket.read(&mut part).map_err(ReceiveError::Broken)? {
                0 => return Err(ReceiveError::Closed),
                length => text.extend_from_slice(&part[..length]),
            }
        }
        text.truncate(text.len() - PROMPT.len());
        let text = String::from_utf8_lossy(&text).into_owned();
        self.messages.extend(text.lines().map(|line| Message::Answered(line.to_owned())));
        Ok(text)
    }

    /// Executes a command.
    ///
    /// # Errors
    /// As for [`Console::begin`] and [`Console::finish`].
    pub fn execute(&mut self, line: &str, deadline: Instant) -> Result<String, ReceiveError> {
        self.begin(line)?;
        self.finish(deadline)
    }

    /// The messages since the last call.
    pub fn take_messages(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.messages)
    }
}

/// Whether the text ends with the prompt on a line of its own. Data from an
/// image can look like the prompt.
fn is_prompted(text: &[u8]) -> bool {
    text.strip_suffix(PROMPT).is_some_and(|before| before.last().is_none_or(|byte| *byte == b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("qemu-io> ", true)]
    #[case("wrote 3/3 bytes\nqemu-io> ", true)]
    #[case("00000000:  71  qemu-io> ", false)]
    #[case("wrote 3/3 bytes\n", false)]
    fn a_prompt_has_a_line_of_its_own(#[case] text: &str, #[case] prompted: bool) {
        assert_eq!(is_prompted(text.as_bytes()), prompted);
    }
}

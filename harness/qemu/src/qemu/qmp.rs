use std::collections::VecDeque;
use std::io::{IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde_json::Value;

use super::command::Command;
use imglock_engine::{Message, ReceiveError, StopToken, await_readable};

/// The reasons why a command has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QmpError {
    /// QEMU refused the command, with this message.
    #[error("{0}")]
    Refused(String),
    /// No answer came.
    #[error(transparent)]
    Lost(#[from] ReceiveError),
}

/// A QMP connection.
#[derive(Debug)]
pub struct Qmp {
    socket: UnixStream,
    stop: StopToken,
    /// Received bytes that are not a complete line yet.
    incoming: Vec<u8>,
    /// Received events that no caller has waited for yet.
    events: VecDeque<Value>,
    messages: Vec<Message>,
}

impl Qmp {
    /// Reads the greeting and ends capabilities negotiation.
    ///
    /// # Errors
    /// If QEMU sends no greeting, or another text.
    pub fn negotiate(socket: OwnedFd, stop: StopToken, deadline: Instant) -> Result<Qmp, QmpError> {
        let (socket, incoming) = (UnixStream::from(socket), Vec::new());
        let mut qmp = Qmp { socket, stop, incoming, events: VecDeque::new(), messages: Vec::new() };
        let greeting = qmp.receive(deadline)?;
        if greeting.get("QMP").is_none() {
            return Err(QmpError::Refused(format!("`{greeting}` is not a QMP greeting")));
        }
        qmp.execute(&Command::bare("qmp_capabilities"), deadline)?;
        qmp.messages.clear();
        Ok(qmp)
    }

    /// Executes a command.
    ///
    /// # Errors
    /// [`QmpError::Refused`] if QEMU returns an error; [`QmpError::Lost`] if no
    /// answer comes before the deadline, or QEMU has exited.
    pub fn execute(&mut self, command: &Command, deadline: Instant) -> Result<Value, QmpError> {
        self.begin(command)?;
        self.finish(deadline)
    }

    /// Sends a command. [`Qmp::finish`] waits for its answer.
    ///
    /// # Errors
    /// If QEMU has exited.
    pub fn begin(&mut self, command: &Command) -> Result<(), QmpError> {
        let mut line = serde_json::to_string(command).map_err(std::io::Error::other)?;
        tracing::trace!(sent = line);
        self.messages.push(Message::Sent(line.clone()));
        line.push('\n');
        Ok(self.socket.write_all(line.as_bytes())?)
    }

    /// Sends a command with a copy of a descriptor (SCM_RIGHTS), as `add-fd`
    /// and `getfd` require.
    ///
    /// # Errors
    /// If QEMU has exited.
    pub fn begin_with(
        &mut self,
        command: &Command,
        descriptor: BorrowedFd<'_>,
    ) -> Result<(), QmpError> {
        let mut line = serde_json::to_string(command).map_err(std::io::Error::other)?;
        self.messages.push(Message::Sent(line.clone()));
        line.push('\n');
        let descriptors = [descriptor];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(&descriptors));
        // The kernel sends a line this short as a whole, or not at all.
        let (line, flags) = ([IoSlice::new(line.as_bytes())], SendFlags::NOSIGNAL);
        let sent = sendmsg(&self.socket, &line, &mut control, flags);
        sent.map_err(std::io::Error::from)?;
        Ok(())
    }

    /// Waits for the answer to the last command.
    ///
    /// # Errors
    /// As for [`Qmp::execute`].
    pub fn finish(&mut self, deadline: Instant) -> Result<Value, QmpError> {
        loop {
            let mut message = self.receive(deadline)?;
            if let Some(result) = message.get_mut("return") {
                return Ok(result.take());
            }
            if let Some(error) = message.get("error") {
                return Err(QmpError::Refused(text_of(&error["desc"])));
            }
            self.events.push_back(message);
        }
    }

    /// Whether the answer to the last command has arrived.
    ///
    /// # Errors
    /// [`QmpError::Refused`] if the answer is an error; [`QmpError::Lost`] if
    /// QEMU has exited.
    pub fn has_answered(&mut self) -> Result<bool, QmpError> {
        match self.finish(Instant::now()) {
            Ok(_) => Ok(true),
            Err(QmpError::Lost(ReceiveError::Timeout)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits for an event of this name for which `matches` holds. Events
    /// received earlier count; other events are kept.
    ///
    /// # Errors
    /// [`QmpError::Lost`] if the event does not come before the deadline.
    pub fn await_event(
        &mut self,
        name: &str,
        matches: impl Fn(&Value) -> bool,
        deadline: Instant,
    ) -> Result<Value, QmpError> {
        let wanted = |event: &Value| event["event"] == name && matches(&event["data"]);
        loop {
            if let Some(index) = self.events.iter().position(wanted) {
                return Ok(self.events.remove(index).unwrap_or_default()["data"].take());
            }
            let message = self.receive(deadline)?;
            self.events.push_back(message);
        }
    }

    /// Reads until the other end closes the connection.
    ///
    /// # Errors
    /// If the connection is still open at the deadline.
    pub fn drain(&mut self, deadline: Instant) -> Result<(), QmpError> {
        loop {
            match self.receive(deadline) {
                Ok(message) => self.events.push_back(message),
                Err(QmpError::Lost(ReceiveError::Closed)) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// The messages since the last call.
    pub fn take_messages(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.messages)
    }

    fn receive(&mut self, deadline: Instant) -> Result<Value, QmpError> {
        loop {
            if let Some(end) = self.incoming.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.incoming.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                tracing::trace!(received = line);
                let message: Value = serde_json::from_str(&line).map_err(std::io::Error::other)?;
                self.messages.push(match message.get("event") {
                    Some(_) => Message::Event(line),
                    None => Message::Answered(line),
                });
                return Ok(message);
            }
            await_readable(self.socket.as_fd(), deadline, &self.stop)?;
            let mut part = [0; 4096];
            match self.socket.read(&mut part)? {
                0 => return Err(ReceiveError::Closed.into()),
                length => self.incoming.extend_from_slice(&part[..length]),
            }
        }
    }
}

impl From<std::io::Error> for QmpError {
    fn from(error: std::io::Error) -> QmpError {
        let gone = matches!(
            error.kind(),
            std::io::ErrorKind::BrokenPipe | std::io::ErrorKind::ConnectionReset
        );
        QmpError::Lost(if gone { ReceiveError::Closed } else { ReceiveError::Broken(error) })
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

/// One message between the harness and a QEMU, verbatim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// Sent to QEMU: a QMP command, or a line to `qemu-io`.
    Sent(String),
    /// QEMU's answer.
    Answered(String),
    /// A QMP event, which QEMU sent unasked.
    Event(String),
}

impl Message {
    /// The message's text.
    pub fn text(&self) -> &str {
        match self {
            Message::Sent(text) | Message::Answered(text) | Message::Event(text) => text,
        }
    }
}

impl fmt::Display for Message {
    /// As QEMU's documentation prints a conversation: `->` and `<-`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Sent(text) => write!(f, "-> {text}"),
            Message::Answered(text) | Message::Event(text) => write!(f, "<- {text}"),
        }
    }
}

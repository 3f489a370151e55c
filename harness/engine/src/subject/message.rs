use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that was said between the harness and a QEMU, word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// What QEMU was told: a QMP command, or a line to `qemu-io`.
    Sent(String),
    /// What it answered.
    Answered(String),
    /// What it said unasked: a QMP event.
    Event(String),
}

impl Message {
    /// The words.
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

use std::io::{self, Write};

use flate2::write::ZlibEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};
use serde::{Deserialize, Serialize};

/// A message of a guest over the port that is not its console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// A message about the guest itself.
    Note(Note),
    /// A line of output of its run.
    Line(String),
}

/// A message of a guest about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Note {
    /// The first message: init runs.
    Hello {
        /// The kernel's release, from uname(2).
        release: String,
    },
    /// Init cannot execute its order, for this reason.
    Failed(String),
    /// The run has ended with this exit status, as a shell reports it.
    Ended(i32),
}

/// Prefixes of a line of the run and of a note.
const LINE: u8 = b'>';
const NOTE: u8 = b'!';

/// The guest's end. The messages are one compressed stream: an emulated serial
/// port needs microseconds for each byte, and a run of all scenarios prints
/// megabytes.
pub(super) struct Speaker<W: Write>(ZlibEncoder<W>);

impl<W: Write> Speaker<W> {
    pub(super) fn new(port: W) -> Speaker<W> {
        Speaker(ZlibEncoder::new(port, Compression::fast()))
    }

    /// Sends a message about the guest.
    pub(super) fn note(&mut self, note: &Note) -> io::Result<()> {
        self.say(NOTE, &serde_json::to_vec(note)?)
    }

    /// Forwards a line of the run.
    pub(super) fn line(&mut self, line: &[u8]) -> io::Result<()> {
        self.say(LINE, line)
    }

    /// Sends and flushes a message, so that it arrives at once.
    fn say(&mut self, kind: u8, text: &[u8]) -> io::Result<()> {
        self.0.write_all(&[kind])?;
        self.0.write_all(text)?;
        self.0.write_all(b"\n")?;
        self.0.flush()
    }
}

/// The host's end.
pub(super) struct Listener {
    stream: Decompress,
    text: Vec<u8>,
}

impl Listener {
    pub(super) fn new() -> Listener {
        Listener { stream: Decompress::new(true), text: Vec::new() }
    }

    /// The messages that are complete with these bytes.
    ///
    /// # Errors
    /// If the data is invalid.
    pub(super) fn hear(&mut self, mut bytes: &[u8]) -> Result<Vec<Word>, String> {
        loop {
            self.text.reserve(1 << 16);
            let (before, room) = (self.stream.total_in(), self.text.capacity() - self.text.len());
            let length = self.text.len();
            let status = self.stream.decompress_vec(bytes, &mut self.text, FlushDecompress::None);
            let taken = usize::try_from(self.stream.total_in() - before).unwrap_or(bytes.len());
            bytes = &bytes[taken..];
            match status {
                Err(_) => {
                    return Err("the data from its port is not valid compressed text".to_owned());
                }
                Ok(Status::StreamEnd) => break,
                // Unused room in the buffer means that all input is decoded.
                Ok(_) if bytes.is_empty() && self.text.len() - length < room => break,
                Ok(_) => {}
            }
        }
        let mut words = Vec::new();
        while let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
            let rest = self.text.split_off(end + 1);
            let mut line = std::mem::replace(&mut self.text, rest);
            line.truncate(end);
            words.push(understood(&line)?);
        }
        Ok(words)
    }
}

fn understood(line: &[u8]) -> Result<Word, String> {
    match line.split_first() {
        Some((&LINE, text)) => Ok(Word::Line(String::from_utf8_lossy(text).into_owned())),
        Some((&NOTE, note)) => serde_json::from_slice(note)
            .map(Word::Note)
            .map_err(|error| format!("a note from its port is invalid: {error}")),
        _ => Err("a line from its port is neither a note nor a line of a run".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> (Vec<u8>, Vec<Word>) {
        let mut port = Vec::new();
        let mut speaker = Speaker::new(&mut port);
        let hello = Note::Hello { release: "6.1.0".to_owned() };
        let long = "x".repeat(300_000);
        speaker.note(&hello).expect("memory");
        speaker.line(b"{\"a\": 1}").expect("memory");
        speaker.line(long.as_bytes()).expect("memory");
        speaker.line("nicht übel".as_bytes()).expect("memory");
        speaker.note(&Note::Ended(0)).expect("memory");
        drop(speaker);
        let lines = ["{\"a\": 1}".to_owned(), long, "nicht übel".to_owned()];
        let mut words = vec![Word::Note(hello)];
        words.extend(lines.map(Word::Line));
        words.push(Word::Note(Note::Ended(0)));
        (port, words)
    }

    #[rstest::rstest]
    fn what_is_said_is_heard_however_it_is_cut(#[values(1, 7, 4096, usize::MAX)] size: usize) {
        let (port, words) = said();
        let mut listener = Listener::new();
        let heard: Vec<Word> = port
            .chunks(size.min(port.len()))
            .flat_map(|part| listener.hear(part).expect("what was said"))
            .collect();
        assert_eq!(heard, words);
    }

    #[test]
    fn each_word_is_heard_when_it_was_said() {
        let mut speaker = Speaker::new(Vec::new());
        let mut listener = Listener::new();
        for number in 0..3 {
            speaker.note(&Note::Ended(number)).expect("memory");
            let port = std::mem::take(speaker.0.get_mut());
            assert_eq!(listener.hear(&port), Ok(vec![Word::Note(Note::Ended(number))]));
        }
    }

    #[test]
    fn noise_is_told_from_words() {
        assert!(Listener::new().hear(b"SeaBIOS (version 1.16)\n").is_err());
        let mut port = Vec::new();
        Speaker::new(&mut port).say(b'?', b"").expect("memory");
        assert!(Listener::new().hear(&port).is_err());
    }
}

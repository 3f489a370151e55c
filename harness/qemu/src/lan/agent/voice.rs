use std::fs::File;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use crate::lan::wire::Told;

/// The guest's end of the port, for many threads.
#[derive(Debug)]
pub(super) struct Voice(Mutex<File>);

impl Voice {
    pub(super) fn new(port: File) -> Voice {
        Voice(Mutex::new(port))
    }

    /// Sends a message as one line.
    ///
    /// # Errors
    /// If the port fails.
    pub(super) fn tell(&self, told: &Told) -> io::Result<()> {
        let mut line = serde_json::to_vec(told)?;
        line.push(b'\n');
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
    }
}

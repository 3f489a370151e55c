use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::json::pretty;
use super::replaced::ReplacedFile;
use crate::failure::Failure;

/// The shortest time between two writes: the state may change thousands of
/// times a second.
const PACE: Duration = Duration::from_secs(1);

/// The JSON file of long work. It exists from the beginning and shows the
/// progress.
#[derive(Debug)]
pub struct LiveJson {
    file: Option<ReplacedFile>,
    written: Instant,
}

#[derive(Serialize)]
struct Document<'a, T> {
    schema: u32,
    #[serde(flatten)]
    state: &'a T,
}

impl LiveJson {
    /// The version of the documents. It rises with a change that could break a
    /// reader.
    pub const SCHEMA: u32 = 1;

    /// Writes the file before the work begins, so that a path that cannot be
    /// written fails at once. Without a path no file is written.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create(path: Option<&Path>, state: &impl Serialize) -> Result<LiveJson, Failure> {
        let file = path.map(ReplacedFile::at).transpose()?;
        let mut live = LiveJson { file, written: Instant::now() };
        live.write(state)?;
        Ok(live)
    }

    /// Writes the file again unless the last write is recent.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn update(&mut self, state: &impl Serialize) -> Result<(), Failure> {
        if self.written.elapsed() < PACE { Ok(()) } else { self.write(state) }
    }

    /// Writes the file for the last time.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self, state: &impl Serialize) -> Result<(), Failure> {
        self.write(state)
    }

    fn write(&mut self, state: &impl Serialize) -> Result<(), Failure> {
        let document = Document { schema: LiveJson::SCHEMA, state };
        self.file.iter().try_for_each(|file| file.replace(|out| pretty(&document, out)))?;
        self.written = Instant::now();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_from_the_beginning_and_whole_at_the_end() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("state.json");
        let read = || std::fs::read_to_string(&path).expect("a file");
        let state = |done: u32| std::collections::BTreeMap::from([("done", done)]);
        let mut live = LiveJson::create(Some(&path), &state(0)).expect("a writable folder");
        assert_eq!(read(), "{\n  \"schema\": 1,\n  \"done\": 0\n}\n");
        live.update(&state(1)).expect("a writable folder");
        assert!(read().contains("\"done\": 0"), "it was written again too soon");
        live.written = Instant::now().checked_sub(2 * PACE).expect("a time");
        live.update(&state(2)).expect("a writable folder");
        assert!(read().contains("\"done\": 2"));
        live.finish(&state(3)).expect("a writable folder");
        assert!(read().contains("\"done\": 3"));
    }
}

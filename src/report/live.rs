use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::replaced::ReplacedFile;
use crate::failure::Failure;

/// How often the file is replaced at most: long work has a state worth reading
/// after each of its steps, and there may be thousands a second.
const PACE: Duration = Duration::from_secs(1);

/// The JSON file of long work, which is there from its beginning and shows how
/// far it has come.
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
    /// The version of the documents; it rises when a reader could be broken.
    pub const SCHEMA: u32 = 1;

    /// Writes the file with what there is before the work begins, so that a
    /// path that cannot be written is known at once; does nothing without a path.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(path: Option<&Path>, state: &impl Serialize) -> Result<LiveJson, Failure> {
        let file = path.map(ReplacedFile::at).transpose()?;
        let mut live = LiveJson { file, written: Instant::now() };
        live.write(state)?;
        Ok(live)
    }

    /// Writes it anew, unless that was done a moment ago.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn update(&mut self, state: &impl Serialize) -> Result<(), Failure> {
        if self.written.elapsed() < PACE { Ok(()) } else { self.write(state) }
    }

    /// Writes it for good.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self, state: &impl Serialize) -> Result<(), Failure> {
        self.write(state)
    }

    fn write(&mut self, state: &impl Serialize) -> Result<(), Failure> {
        if let Some(file) = &self.file {
            file.replace(|out| {
                serde_json::to_writer_pretty(
                    &mut *out,
                    &Document { schema: LiveJson::SCHEMA, state },
                )?;
                writeln!(out)
            })?;
        }
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

use std::path::Path;

use imglock_core::ScenarioName;
use include_dir::{Dir, include_dir};

use crate::phrase::nearest;

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// The name of a file that contains the mode matrix, in any folder.
pub const MATRIX_FILE: &str = "matrix.kdl";

/// The name of the file with the built-in expected failures.
pub const KNOWN_FILE: &str = "known.kdl";

/// The built-in scenarios.
#[derive(Debug, Clone, Default)]
pub struct Library {
    entries: Vec<Entry>,
    matrix: Option<&'static str>,
    known: &'static str,
}

/// A built-in scenario, not yet parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name: `theme/file-stem`.
    pub name: ScenarioName,
    /// Its KDL text.
    pub text: &'static str,
}

impl Entry {
    /// The path of its file in imglock's repository.
    pub fn source_name(&self) -> String {
        format!("scenarios/{}.kdl", self.name)
    }
}

impl Library {
    /// The scenarios embedded in the command at build time, sorted by name.
    pub fn embedded() -> Library {
        let mut library = Library::default();
        library.add(&EMBEDDED);
        library.entries.sort_by(|a, b| a.name.cmp(&b.name));
        library
    }

    fn add(&mut self, folder: &'static Dir<'static>) {
        for file in folder.files() {
            let Some(text) = file.contents_utf8() else { continue };
            if file.path() == Path::new(MATRIX_FILE) {
                self.matrix = Some(text);
            } else if file.path() == Path::new(KNOWN_FILE) {
                self.known = text;
            } else if file.path().extension().is_some_and(|extension| extension == "kdl") {
                let name = file.path().with_extension("");
                let name = ScenarioName::from(&*name.to_string_lossy());
                self.entries.push(Entry { name, text });
            }
        }
        folder.dirs().for_each(|inner| self.add(inner));
    }

    /// All scenarios, sorted by name.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The text of the mode matrix.
    pub fn matrix(&self) -> Option<&'static str> {
        self.matrix
    }

    /// The text of the built-in expected failures.
    pub fn known(&self) -> &'static str {
        self.known
    }

    /// The name, stem or theme most similar to `word`, if one is similar.
    pub fn nearest(&self, word: &str) -> Option<&str> {
        let names = self.entries.iter().map(|entry| &entry.name);
        nearest(word, names.flat_map(|name| [name.as_str(), name.stem(), name.theme()]))
    }

    #[cfg(test)]
    pub fn of(names: &[&str], text: &'static str) -> Library {
        let entries = names.iter().map(|name| Entry { name: (*name).into(), text }).collect();
        Library { entries, ..Library::default() }
    }
}

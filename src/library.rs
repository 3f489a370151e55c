use std::path::Path;

use include_dir::{Dir, include_dir};

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// The name of the file that holds the mode matrix, wherever it is met.
pub const MATRIX_FILE: &str = "matrix.kdl";

/// The name of the file that says what is known to fail.
pub const KNOWN_FILE: &str = "known.kdl";

/// The scenarios that the command carries.
#[derive(Debug, Clone, Default)]
pub struct Library {
    entries: Vec<Entry>,
    matrix: Option<&'static str>,
    known: &'static str,
}

/// One of them, not parsed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `theme/file-stem`.
    pub name: String,
    /// Its KDL text.
    pub text: &'static str,
}

impl Entry {
    /// The folder it is in; empty for one that is in none.
    pub fn theme(&self) -> &str {
        self.name.rsplit_once('/').map_or("", |(theme, _)| theme)
    }

    /// Its name without the theme.
    pub fn stem(&self) -> &str {
        self.name.rsplit_once('/').map_or(&self.name, |(_, stem)| stem)
    }

    /// The path of its file in imglock's own repository.
    pub fn source_name(&self) -> String {
        format!("scenarios/{}.kdl", self.name)
    }
}

impl Library {
    /// What was embedded when the command was built, by name.
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
                let name = file.path().with_extension("").to_string_lossy().into_owned();
                self.entries.push(Entry { name, text });
            }
        }
        folder.dirs().for_each(|inner| self.add(inner));
    }

    /// Every scenario, by name.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The text of the mode matrix.
    pub fn matrix(&self) -> Option<&'static str> {
        self.matrix
    }

    /// The text that says what is known to fail.
    pub fn known(&self) -> &'static str {
        self.known
    }

    /// The name that looks most like `word`, if one looks like it at all.
    pub fn nearest(&self, word: &str) -> Option<&str> {
        let names =
            self.entries.iter().flat_map(|entry| [&entry.name[..], entry.stem(), entry.theme()]);
        names
            .map(|name| (strsim::normalized_damerau_levenshtein(word, name), name))
            .filter(|(likeness, _)| *likeness > 0.5)
            .max_by(|(a, _), (b, _)| a.total_cmp(b))
            .map(|(_, name)| name)
    }

    #[cfg(test)]
    pub fn of(names: &[&str], text: &'static str) -> Library {
        let entries = names.iter().map(|name| Entry { name: (*name).to_owned(), text }).collect();
        Library { entries, ..Library::default() }
    }
}

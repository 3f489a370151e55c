use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use imglock_core::{FileSystem, ScenarioName};
use imglock_scenario::{KnownFailures, ModeMatrix, Pattern, Scenario, ScenarioError};

use crate::failure::Failure;
use crate::input;
use crate::library::{Entry, KNOWN_FILE, Library, MATRIX_FILE};

/// The scenarios that `patterns` select, once each, in the order given. Without
/// patterns, all of the library.
///
/// # Errors
/// A pattern that selects nothing, or invalid scenarios.
pub fn select(library: &Library, patterns: &[String]) -> Result<Vec<Arc<Scenario>>, Failure> {
    let mut sources = Sources::default();
    if patterns.is_empty() {
        library.entries().iter().for_each(|entry| sources.embedded(entry));
    }
    for pattern in patterns {
        let found = embedded(library, pattern);
        if found.is_empty() {
            sources.of_user(library, pattern)?;
        }
        found.into_iter().for_each(|entry| sources.embedded(entry));
    }
    match (sources.scenarios.is_empty(), sources.invalid.is_empty()) {
        (true, true) => Err(Failure::NoScenarios),
        (_, true) => Ok(sources.scenarios),
        (_, false) => Err(Failure::Invalid(sources.invalid)),
    }
}

/// The entries of the library that `pattern` selects.
fn embedded<'l>(library: &'l Library, pattern: &str) -> Vec<&'l Entry> {
    let meant: Option<Pattern> = pattern.parse().ok();
    let fits = |entry: &&Entry| meant.as_ref().is_some_and(|meant| meant.fits(&entry.name));
    library.entries().iter().filter(fits).collect()
}

/// The members of `scenarios` that support one of `file_systems`. Without file
/// systems, the members that support an existing directory.
///
/// # Errors
/// No scenario is left.
pub fn on_file_systems(
    mut scenarios: Vec<Arc<Scenario>>,
    file_systems: &[FileSystem],
) -> Result<Vec<Arc<Scenario>>, Failure> {
    let wanted = scenarios.iter().flat_map(|scenario| scenario.file_systems.clone()).collect();
    scenarios.retain(|scenario| match file_systems {
        [] => scenario.makes_sense_on(None),
        kinds => kinds.iter().any(|kind| scenario.makes_sense_on(Some(*kind))),
    });
    if scenarios.is_empty() { Err(Failure::NoFileSystem { wanted }) } else { Ok(scenarios) }
}

/// The user's files that `patterns` select: the files that [`select`] reads in
/// addition to the library.
///
/// # Errors
/// A folder cannot be read.
#[cfg(feature = "vm")]
pub fn files(library: &Library, patterns: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let is_of_user = |pattern: &&String| embedded(library, pattern).is_empty();
    let mut files = Vec::new();
    for pattern in patterns.iter().filter(is_of_user) {
        files.extend(kdl_files(Path::new(pattern))?);
    }
    Ok(files)
}

/// The *.kdl files in a folder and its subfolders, sorted. For a file, the file
/// itself.
///
/// # Errors
/// A folder cannot be read.
pub fn kdl_files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = Failure::unreadable(path);
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(path).map_err(&unreadable)? {
        entries.push(entry.map_err(&unreadable)?.path());
    }
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        // A symbolic link to a folder can form a loop.
        if entry.is_dir() && !entry.is_symlink() {
            files.extend(kdl_files(&entry)?);
        } else if entry.is_file() && entry.extension().is_some_and(|extension| extension == "kdl") {
            files.push(entry);
        }
    }
    Ok(files)
}

/// A parsed file.
pub enum Document {
    /// A scenario.
    Scenario(Box<Scenario>),
    /// The mode matrix, in a file named `matrix.kdl`.
    Matrix,
    /// Expected failures.
    Known(KnownFailures),
}

/// Reads and parses a file of the user.
///
/// # Errors
/// Outer: the file cannot be read. Inner: its text is invalid.
pub fn read_document(path: &Path) -> Result<Result<Document, ScenarioError>, Failure> {
    let name = path.display().to_string();
    let text = input::text(path)?;
    let is_called = |called: &str| path.file_name().is_some_and(|file| file == called);
    let scenario = Scenario::parse(&name, &name, &text);
    if KnownFailures::is_one(&text) || (is_called(KNOWN_FILE) && scenario.is_err()) {
        return Ok(KnownFailures::parse(&name, &text).map(Document::Known));
    }
    if is_called(MATRIX_FILE) && scenario.is_err() {
        return Ok(ModeMatrix::parse(&name, &text).map(|_| Document::Matrix));
    }
    Ok(scenario.map(|scenario| Document::Scenario(Box::new(scenario))))
}

#[derive(Default)]
struct Sources {
    met: BTreeSet<ScenarioName>,
    scenarios: Vec<Arc<Scenario>>,
    invalid: Vec<ScenarioError>,
}

impl Sources {
    fn embedded(&mut self, entry: &Entry) {
        if self.met.insert(entry.name.clone()) {
            match Scenario::parse(&entry.name, &entry.source_name(), entry.text) {
                Ok(scenario) => self.scenarios.push(Arc::new(scenario)),
                Err(error) => self.invalid.push(error),
            }
        }
    }

    fn of_user(&mut self, library: &Library, pattern: &str) -> Result<(), Failure> {
        let path = Path::new(pattern);
        if !path.exists() {
            let nearest = library.nearest(pattern).map(str::to_owned);
            return Err(Failure::NoMatch { pattern: pattern.to_owned(), nearest });
        }
        let mut empty = true;
        for file in kdl_files(path)? {
            match read_document(&file)? {
                Ok(Document::Matrix | Document::Known(_)) => continue,
                Ok(Document::Scenario(scenario)) if self.met.insert(scenario.name.clone()) => {
                    self.scenarios.push(Arc::new(*scenario));
                }
                Ok(Document::Scenario(_)) => {}
                Err(error) => self.invalid.push(error),
            }
            empty = false;
        }
        if empty { Err(Failure::EmptyFolder { path: path.to_owned() }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "summary \"s\"\nabout \"a\"\nvm1 open disk mode=rw\n";

    fn names(patterns: &[&str]) -> Result<Vec<ScenarioName>, Failure> {
        let library =
            Library::of(&["ofd/fork", "posix/any-close", "posix/fork", "story/hot-unplug"], TEXT);
        let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        let selected = select(&library, &patterns)?;
        Ok(selected.iter().map(|scenario| scenario.name.clone()).collect())
    }

    #[rstest::rstest]
    #[case(&[], &["ofd/fork", "posix/any-close", "posix/fork", "story/hot-unplug"])]
    #[case(&["posix/*"], &["posix/any-close", "posix/fork"])]
    #[case(&["posix"], &["posix/any-close", "posix/fork"])]
    #[case(&["posix/"], &["posix/any-close", "posix/fork"])]
    #[case(&["fork"], &["ofd/fork", "posix/fork"])]
    #[case(&["hot-*"], &["story/hot-unplug"])]
    #[case(&["**"], &["ofd/fork", "posix/any-close", "posix/fork", "story/hot-unplug"])]
    #[case(&["story/hot-unplug", "story/hot-unplug", "hot-unplug"], &["story/hot-unplug"])]
    #[case(&["posix/fork", "ofd"], &["posix/fork", "ofd/fork"])]
    fn a_pattern_selects(#[case] patterns: &[&str], #[case] expected: &[&str]) {
        assert_eq!(names(patterns).expect("a selection"), expected);
    }

    #[test]
    fn a_scenario_for_one_file_system_is_left_out_elsewhere() {
        let read = |name: &str, line: &str| {
            let scenario = Scenario::parse(name, name, &format!("{line}\n{TEXT}"));
            Arc::new(scenario.expect("a scenario"))
        };
        let all = || vec![read("any", ""), read("there", "file-system fuse-locks overlay")];
        let left = |scenarios, here| {
            let left = on_file_systems(scenarios, here).expect("some are left");
            left.iter().map(|scenario| scenario.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(left(all(), &[]), ["any"]);
        assert_eq!(left(all(), &[FileSystem::Fuse]), ["any"]);
        assert_eq!(left(all(), &[FileSystem::Overlay]), ["any", "there"]);
        let none = on_file_systems(all().split_off(1), &[]).expect_err("none is left");
        assert_eq!(none.to_string(), "the selected scenarios run only on overlay and fuse-locks");
    }

    #[rstest::rstest]
    #[case("hot", None)]
    #[case("posix/forc", Some("posix/fork"))]
    #[case("hot-unplgu", Some("hot-unplug"))]
    #[case("xyzzy/*", None)]
    fn a_pattern_that_selects_nothing_is_an_error(
        #[case] pattern: &str,
        #[case] meant: Option<&str>,
    ) {
        match names(&["ofd", pattern]) {
            Err(Failure::NoMatch { nearest, .. }) => assert_eq!(nearest.as_deref(), meant),
            other => panic!("{other:?}"),
        }
    }
}

//! Crates of a few lines, with and without a circle.

use std::path::Path;

use super::circle::circles;
use super::house::House;

/// The circles of a crate, a line for each.
fn circles_in(files: &[(&str, &str)]) -> Vec<String> {
    let read = |file: &Path| {
        let found = files.iter().find(|(name, _)| Path::new(name) == file);
        found.map(|(_, text)| (*text).to_owned())
    };
    let house = House::built(Path::new("lib.rs"), &read);
    let name = |file: &std::path::PathBuf| file.display().to_string();
    let found = circles(&house.edges());
    let lines = found.iter().map(|circle| circle.files.iter().map(name).collect::<Vec<_>>());
    lines.map(|files| files.join(" ")).collect()
}

#[test]
fn two_files_that_import_each_other_are_a_circle() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::{Other, other as another}; pub struct One;"),
        ("b.rs", "use super::a::One; pub struct Other; pub fn other(_: One) {}"),
    ];
    assert_eq!(circles_in(&files), ["a.rs b.rs"]);
}

#[test]
fn a_path_in_code_is_a_use_too() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "pub fn one() { super::b::two(); }"),
        ("b.rs", "use crate::c; pub fn two() { c::three(); }"),
        ("c.rs", "pub fn three() { crate::a::one(); }"),
    ];
    assert_eq!(circles_in(&files), ["a.rs b.rs c.rs"]);
}

#[test]
fn names_that_are_passed_on_lead_to_where_they_are_defined() {
    let files = [
        ("lib.rs", "mod room; mod other; pub use room::*;"),
        ("room/mod.rs", "mod a; mod b; pub use a::One; pub use b::*;"),
        ("room/a.rs", "use super::Two; pub struct One(Two);"),
        ("room/b.rs", "pub struct Two; use crate::One;"),
        ("other.rs", "use crate::room::{One, Two};"),
    ];
    assert_eq!(circles_in(&files), ["room/a.rs room/b.rs"]);
}

#[test]
fn a_parent_that_only_passes_names_on_is_in_no_circle() {
    let files = [
        ("lib.rs", "mod a; mod b; pub use a::One; pub(crate) use b::Two; pub const SIZE: u8 = 1;"),
        ("a.rs", "use super::{SIZE, Two}; pub struct One(Two);"),
        ("b.rs", "pub struct Two;"),
    ];
    assert!(circles_in(&files).is_empty());
}

#[test]
fn a_parent_that_uses_a_child_which_uses_it_is_in_one() {
    let files = [
        ("lib.rs", "mod a; pub use a::One; pub const SIZE: u8 = 1; fn make() -> One { One }"),
        ("a.rs", "use super::SIZE; pub struct One;"),
    ];
    assert_eq!(circles_in(&files), ["a.rs lib.rs"]);
}

#[test]
fn a_type_that_calls_methods_which_another_file_adds_is_in_one() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub struct One; impl One { fn all(&self) { self.part(); } }"),
        ("b.rs", "use super::a::One; impl One { pub fn part(&self) {} }"),
    ];
    assert_eq!(circles_in(&files), ["a.rs b.rs"]);
}

#[test]
fn a_module_and_a_function_of_one_name_are_told_apart() {
    let files = [
        ("lib.rs", "mod run; mod other; fn run() { other::all(); }"),
        ("other.rs", "use super::run; pub fn all() { run::part(); }"),
        ("run.rs", "pub fn part() {}"),
    ];
    assert!(circles_in(&files).is_empty());
}

#[test]
fn code_for_tests_and_comments_and_texts_do_not_count() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        (
            "a.rs",
            "// use crate::b::Two;
            pub struct One; const TEXT: &str = r#\"use crate::b::Two;\"#;
            #[cfg(test)] mod tests { use crate::b::Two; }
            #[cfg(test)] use crate::b::Two;
            #[cfg(test)] mod elsewhere;
            const QUOTE: char = '\"'; fn f<'a>(_: &'a str) {} // crate::b::Two",
        ),
        ("b.rs", "pub(in crate::a) struct Two(super::a::One);"),
    ];
    assert!(circles_in(&files).is_empty());
}

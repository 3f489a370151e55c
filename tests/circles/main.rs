//! No two files use each other in a circle, except for the circles listed here
//! with a reason.
//!
//! A parent may declare its children and pass their names on. If the parent
//! itself uses these names, the children must not use the parent's definitions.

mod circle;
mod house;
mod made_up;
mod source;
mod tokens;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use circle::{Circle, circles};
use house::House;

/// Circles that stay, each with the reason.
const ARGUED_FOR: &[(&[&str], &str)] = &[];

/// The root of each crate.
fn roots() -> Vec<PathBuf> {
    let crates = std::fs::read_dir("harness").expect("the engine's crates");
    let crates = crates.map(|entry| entry.expect("a folder").path().join("src/lib.rs"));
    let mut roots: Vec<PathBuf> = crates.filter(|root| root.exists()).collect();
    roots.push(PathBuf::from("src/main.rs"));
    roots.sort();
    roots
}

fn circles_of(root: &Path) -> Vec<Circle> {
    let read = |file: &Path| std::fs::read_to_string(file).ok();
    circles(&House::built(root, &read).edges())
}

#[test]
fn files_use_each_other_in_no_other_circles() {
    let found: Vec<Circle> = roots().iter().flat_map(|root| circles_of(root)).collect();
    let argued: Vec<BTreeSet<PathBuf>> =
        ARGUED_FOR.iter().map(|(files, _)| files.iter().map(PathBuf::from).collect()).collect();
    let unexpected = found.iter().filter(|circle| !argued.contains(&circle.files));
    let unexpected: Vec<&str> = unexpected.map(|circle| circle.why.as_str()).collect();
    assert!(unexpected.is_empty(), "{} circles:\n{}", unexpected.len(), unexpected.join("\n"));
    for files in argued {
        assert!(found.iter().any(|circle| circle.files == files), "untied by now: {files:?}");
    }
}

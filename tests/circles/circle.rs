//! Files that use each other, directly or through others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::house::Edges;

/// Files that use each other.
#[derive(Debug, PartialEq, Eq)]
pub struct Circle {
    pub files: BTreeSet<PathBuf>,
    /// The names that each file uses, and the files that define them.
    pub why: String,
}

/// Every circle: each pair of files in one can reach each other.
pub fn circles(edges: &Edges) -> Vec<Circle> {
    let reached: BTreeMap<&Path, BTreeSet<&Path>> =
        edges.keys().map(|file| (file.as_path(), reach(edges, file))).collect();
    let mut circles: Vec<Circle> = Vec::new();
    for (file, others) in &reached {
        let back = |other: &&&Path| reached.get(*other).is_some_and(|back| back.contains(file));
        let files: BTreeSet<PathBuf> =
            others.iter().filter(back).map(|other| other.to_path_buf()).collect();
        if files.len() > 1 && !circles.iter().any(|circle| circle.files == files) {
            let why = why(edges, &files);
            circles.push(Circle { files, why });
        }
    }
    circles
}

fn reach<'a>(edges: &'a Edges, from: &Path) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&Path> = edges.get(from).into_iter().flatten().map(|(to, _)| &**to).collect();
    while let Some(file) = next.pop() {
        if reached.insert(file) {
            next.extend(edges.get(file).into_iter().flatten().map(|(to, _)| &**to));
        }
    }
    reached
}

fn why(edges: &Edges, files: &BTreeSet<PathBuf>) -> String {
    let mut why = String::new();
    for file in files {
        for (other, names) in edges[file].iter().filter(|(other, _)| files.contains(*other)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let names = names.join(", ");
            let _ = writeln!(why, "  {} uses {names} of {}", file.display(), other.display());
        }
    }
    why
}

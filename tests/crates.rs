//! The layers of the crates, as Cargo sees them: the allowed dependencies, the crates that must
//! not be in a tree, and the number of crates that each documented use takes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Each crate of the workspace and those that it may depend on.
const EDGES: [(&str, &[&str]); 8] = [
    ("imglock-core", &[]),
    ("imglock-locks", &["imglock-core"]),
    ("imglock-scenario", &["imglock-core"]),
    ("imglock-engine", &["imglock-core", "imglock-locks", "imglock-scenario"]),
    ("imglock-qemu", &["imglock-core", "imglock-engine", "imglock-locks", "imglock-scenario"]),
    ("imglock-harness", &["imglock-core", "imglock-engine", "imglock-qemu", "imglock-scenario"]),
    ("imglock-shorthand", &["imglock-core"]),
    (
        "imglock",
        &["imglock-core", "imglock-engine", "imglock-locks", "imglock-qemu", "imglock-scenario"],
    ),
];

/// Crates that can make a system call, or that link one that can.
const KERNEL: [&str; 6] = ["imglock-locks", "libc", "nix", "procfs", "rustix", "linux-raw-sys"];

/// The documented uses: the line in another project's Cargo.toml, and the words of docs/library.md
/// before the number of crates.
const USES: [(&str, &str); 3] = [
    ("imglock-locks = { path = \"LOCKS\" }", "`imglock-locks`"),
    ("imglock-harness = { path = \"FACADE\" }", "`imglock-harness`"),
    (
        "imglock-locks = { path = \"LOCKS\", features = [\"holders\"] }",
        "`imglock-locks` with `holders`",
    ),
];

fn cargo(folder: &Path, arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(folder).args(arguments).arg("--offline");
    let output = command.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// The crates in the tree of another project that has this line among its dependencies.
fn tree(dependency: &str) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = tempfile::tempdir().expect("a directory");
    let folder = |name: &str| root.join("harness").join(name).display().to_string();
    let mut line = dependency.to_owned();
    for name in ["core", "locks", "scenario", "facade"] {
        line = line.replace(&name.to_uppercase(), &folder(name));
    }
    let manifest = format!(
        "[package]\nname = \"stranger\"\nedition = \"2024\"\n[dependencies]\n{line}\n[workspace]\n"
    );
    std::fs::write(project.path().join("Cargo.toml"), manifest).expect("a manifest");
    std::fs::create_dir(project.path().join("src")).expect("a folder");
    std::fs::write(project.path().join("src/lib.rs"), "").expect("a library");
    // The versions of this workspace: no registry is asked.
    std::fs::copy(root.join("Cargo.lock"), project.path().join("Cargo.lock")).expect("a lock file");
    let fixed = ["tree", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"];
    let text = cargo(project.path(), &fixed);
    // `name v1.2.3`, and a path or `(*)` after it.
    let line = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let all = text.lines().filter(|line| !line.is_empty()).map(line);
    all.filter(|package| !package.starts_with("stranger ")).collect()
}

#[test]
fn every_crate_depends_only_on_those_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let metadata = cargo(root, &["metadata", "--format-version", "1", "--no-deps"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let all: BTreeSet<String> = packages.iter().map(name).collect();
    let allowed: BTreeMap<&str, &[&str]> = EDGES.into_iter().collect();
    assert_eq!(all, allowed.keys().map(|name| (*name).to_owned()).collect(), "a crate is new");
    for package in packages {
        let own = name(package);
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let other = name(dependency);
            let is_for_tests = dependency["kind"] == "dev";
            let is_fine = !all.contains(&other)
                || is_for_tests
                || allowed[own.as_str()].contains(&other.as_str());
            assert!(is_fine, "{own} must not depend on {other}");
        }
    }
}

#[test]
fn words_and_scenarios_cannot_call_the_kernel() {
    let lines = [
        "imglock-core = { path = \"CORE\", features = [\"serde\"] }",
        "imglock-scenario = { path = \"SCENARIO\" }",
    ];
    for line in lines {
        for package in tree(line) {
            let name = package.split(' ').next().unwrap_or_default();
            assert!(!KERNEL.contains(&name), "{name} is in the tree of {line}");
        }
    }
}

#[test]
fn each_documented_use_takes_as_many_crates_as_the_page_says() {
    let page = include_str!("../docs/library.md");
    for (line, words) in USES {
        let count = tree(line).len();
        let row = page.lines().find(|line| line.contains(&format!("| {words} |")));
        let row = row.unwrap_or_else(|| panic!("docs/library.md has no row for {words}"));
        assert!(row.ends_with(&format!("| {count} |")), "{words} takes {count} crates: {row}");
    }
    assert!(tree(USES[0].0).len() <= 20, "a VMM links imglock-locks");
}

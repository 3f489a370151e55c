//! Requirements of tests that are not installed everywhere.

use std::path::Path;

/// Whether a test can go on. If something is `missing`, the reason is printed
/// and the test cannot go on. If `IMGLOCK_REQUIRE` names the requirement, the
/// test fails instead.
pub fn is_met(requirement: &str, missing: Option<String>) -> bool {
    let Some(why) = missing else { return true };
    let required = std::env::var("IMGLOCK_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|word| word == requirement),
        "{requirement} is required, and {why}"
    );
    eprintln!("skipped: {why}");
    false
}

/// A message if the program is not installed.
pub fn not_installed(program: &str) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([Path::new("/sbin").to_owned()]);
    let found = folders.map(|folder| folder.join(program)).any(|program| program.exists());
    (!found).then(|| format!("{program} is not installed"))
}

/// A message if the user is not root. `what` is the action that takes root.
pub fn not_root(what: &str) -> Option<String> {
    (!nix::unistd::geteuid().is_root()).then(|| format!("{what} takes root"))
}

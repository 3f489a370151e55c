//! What a test needs that is not installed everywhere.

use std::path::Path;

/// Whether a test can go on. When something is `missing` it cannot, and the
/// reason is printed; when `IMGLOCK_REQUIRE` names the requirement, the test
/// fails instead.
pub fn is_met(requirement: &str, missing: Option<String>) -> bool {
    let Some(why) = missing else { return true };
    let required = std::env::var("IMGLOCK_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|word| word == requirement), "required, and {why}");
    eprintln!("skipped: {why}");
    false
}

/// Says so when a program is not there.
pub fn not_installed(program: &str) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([Path::new("/sbin").to_owned()]);
    let found = folders.map(|folder| folder.join(program)).any(|program| program.exists());
    (!found).then(|| format!("{program} is not installed"))
}

/// Says so when this is not root; `what` takes root.
pub fn not_root(what: &str) -> Option<String> {
    (!nix::unistd::geteuid().is_root()).then(|| format!("{what} takes root"))
}

//! What a test needs that is not installed everywhere.

use std::path::{Path, PathBuf};

/// Whether a test has to be left out because of `missing`. Says so; but fails
/// where `IMGLOCK_REQUIRE` names `what`, one of several parted by commas.
pub fn is_skipped(what: &str, missing: Option<String>) -> bool {
    let Some(why) = missing else { return false };
    let required = std::env::var("IMGLOCK_REQUIRE");
    let required = required.is_ok_and(|all| all.split(',').any(|one| one == what));
    assert!(!required, "{what} is required, and {why}");
    eprintln!("skipped: {why}");
    true
}

/// Why a command cannot be run, if it is not installed.
pub fn no_command(command: &str) -> Option<String> {
    program(command).is_none().then(|| format!("{command} is not installed"))
}

/// Why only root can do something, if this user is not root.
pub fn no_root(what: &str) -> Option<String> {
    (!nix::unistd::geteuid().is_root()).then(|| format!("{what} takes root"))
}

fn program(command: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([Path::new("/sbin").to_owned()]);
    folders.map(|folder| folder.join(command)).find(|program| program.exists())
}

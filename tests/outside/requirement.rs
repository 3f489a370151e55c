//! What a test needs that is not installed everywhere. Without it the test is
//! skipped and says why, or fails where `IMGLOCK_REQUIRE` names it.

use std::path::Path;

/// Whether `IMGLOCK_REQUIRE`, a list with commas, names `what`.
pub fn is_required(what: &str) -> bool {
    std::env::var("IMGLOCK_REQUIRE").is_ok_and(|list| list.split(',').any(|word| word == what))
}

/// Whether a program of that name is installed.
pub fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain([Path::new("/sbin").to_owned()]);
    folders.any(|folder| folder.join(program).exists())
}

//! Every embedded scenario on each backend, a test of its own.
//!
//! Those that mount something take root. Without it they are skipped, as they
//! are by the command, unless `IMGLOCK_REQUIRE` names `file-systems`.

#[path = "outside/requirement.rs"]
#[expect(dead_code, reason = "this test uses its own part of it")]
mod requirement;

use std::path::PathBuf;
use std::process::Command;

use imglock_core::Backend;
use imglock_scenario::Scenario;
use requirement::{is_met, not_root};
use rstest::rstest;

#[rstest]
fn scenario(
    #[files("scenarios/*/**/*.kdl")] file: PathBuf,
    #[values(Backend::Ofd, Backend::Posix)] backend: Backend,
) {
    let text = std::fs::read_to_string(&file).expect("a readable file");
    let name = file.display().to_string();
    let scenario = Scenario::parse(&name, &name, &text).expect("a valid scenario");
    let takes_root = scenario.mounts().then(|| not_root("mounting")).flatten();
    if !is_met("file-systems", takes_root) {
        return;
    }
    let run = Command::new(env!("CARGO_BIN_EXE_imglock"))
        .args(["run", "--backend", backend.name(), "-j", "1"])
        .arg(&file)
        .output()
        .expect("imglock runs");
    // A scenario that is only for the other backend or for another file system
    // has nothing to run, and that is an error.
    let runs = scenario.backends.contains(&backend) && scenario.makes_sense_on(None);
    let expected = if runs { 0 } else { 3 };
    assert_eq!(
        run.status.code(),
        Some(expected),
        "\n{}{}",
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr)
    );
}

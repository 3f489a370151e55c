//! Every embedded scenario on each backend, a test of its own.

use std::path::PathBuf;
use std::process::Command;

use imglock_harness::lock::Backend;
use imglock_harness::scenario::Scenario;
use rstest::rstest;

#[rstest]
fn scenario(
    #[files("scenarios/*/**/*.kdl")] file: PathBuf,
    #[values(Backend::Ofd, Backend::Posix)] backend: Backend,
) {
    let text = std::fs::read_to_string(&file).expect("a readable file");
    let name = file.display().to_string();
    let scenario = Scenario::parse(&name, &name, &text).expect("a valid scenario");
    let run = Command::new(env!("CARGO_BIN_EXE_imglock"))
        .args(["run", "--backend", backend.name(), "-j", "1"])
        .arg(&file)
        .output()
        .expect("imglock runs");
    // What is for the other backend or another file system only is nothing to
    // run, and that is an error.
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

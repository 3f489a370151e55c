//! `imglock run FILE` with one scenario, from start to end, beside fork(2) and
//! exec(2) of true(1).

mod paired;

use std::process::{Command, Stdio};

/// Of each in a round.
const RUNS: u32 = 10;

const SCENARIO: &str = r#"summary "The second writer is refused"
about "Of several conflicting openers only the first succeeds."

vm1 open disk mode=rw
vm2 open disk mode=rw {
    expect "refused write"
}
"#;

fn main() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("one.kdl");
    std::fs::write(&file, SCENARIO).expect("a scenario");
    let run = |command: &mut Command| {
        let status = command.stdout(Stdio::null()).status();
        assert!(status.expect("it runs").success());
    };
    let paired = paired::measure(
        25,
        || {
            for _ in 0..RUNS {
                run(Command::new(env!("CARGO_BIN_EXE_imglock")).arg("run").arg(&file));
            }
        },
        || (0..RUNS).for_each(|_| run(&mut Command::new("true"))),
    );
    // With 1 ms for the floor, as on a quiet machine, these are 25 ms.
    paired::report("imglock run of one file", "fork and exec of true", &paired, RUNS, 25.0);
}

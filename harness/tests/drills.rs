//! Every drill, under every condition, with every QEMU that there is.

use std::path::PathBuf;
use std::time::Duration;

use imglock_harness::drill::{ALL, DrillOptions, Practice, Variant};
use imglock_harness::process::{LauncherOptions, StopToken};
use imglock_harness::qemu::{Binaries, Program};
use imglock_harness::run::{SessionOptions, Verdict};

fn main() {
    imglock_harness::init();
    let dirs = std::env::var_os("IMGLOCK_QEMU_DIRS").unwrap_or_default();
    let dirs: Vec<PathBuf> = std::env::split_paths(&dirs).collect();
    let binaries = Binaries::find(&dirs);
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let options = DrillOptions {
        launcher: LauncherOptions {
            program: SessionOptions::this_program(),
            directory: std::env::temp_dir(),
            keep: false,
            deny_ofd: false,
            stop,
        },
        step_timeout: Duration::from_secs(30),
    };
    let mut practice = Practice::start(&options).expect("a launcher");
    for drill in ALL {
        for program in Program::ALL {
            for binary in binaries.all(*program).filter(|one| drill.can_be_played_by(one)) {
                for variant in Variant::ALL {
                    let result = practice.run(drill, variant, binary, &binaries).expect("a result");
                    println!(
                        "{} {variant} {binary}: {} {}",
                        drill.name, result.verdict, result.reason
                    );
                    for cell in &result.account.cells {
                        println!(
                            "  {}: {:?} {} {}",
                            cell.place, cell.effect, cell.measured, cell.outcome
                        );
                    }
                    if result.verdict != Verdict::Passed && std::env::var_os("VERBOSE").is_some() {
                        for e in &result.account.entries {
                            println!("{e:#?}");
                        }
                    }
                }
            }
        }
    }
}

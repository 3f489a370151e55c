//! A thousand processes with an OFD lock each on one image, listed by `imglock
//! holders`, beside lslocks(8), which lists the locks without their owners.

mod paired;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use imglock_core::{Access, Backend, Mode};
use imglock_engine::{Launcher, LauncherOptions, Request, StopToken};
use imglock_locks::survey;

const LOCKERS: usize = 1_000;

fn main() {
    imglock_qemu::init();
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let directory = tempfile::tempdir().expect("a directory");
    let image = directory.path().join("disk.img");
    std::fs::write(&image, [0; 512]).expect("an image");
    let options = LauncherOptions::new(directory.path().to_owned(), stop.clone());
    let mut launcher = Launcher::start(&options).expect("a launcher");
    launcher.begin().expect("a directory");
    let names: Vec<String> = (0..LOCKERS).map(|number| format!("vm{number}")).collect();
    let mut workers = launcher.spawn(&names).expect("workers");
    for worker in &mut workers {
        // One lock byte: as many locks as lockers.
        let open = Request::Open {
            path: image.clone(),
            access: Access::ReadWrite,
            cloexec: true,
            locks: Some(Backend::Ofd),
            claim: Mode::ForceShare.claim(),
            pause_after: None,
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        let reply = worker.ask(&open, deadline, &stop).expect("a reply");
        assert!(reply.node.is_some(), "it has the image open");
    }
    let seen = survey(&[&image]).expect("a survey");
    assert_eq!(seen.images[0].holders.len(), LOCKERS);
    assert!(seen.images[0].holders.iter().all(|holder| !holder.guessed));

    for arguments in [&["holders"][..], &["holders", "--json"]] {
        let paired = paired::measure(
            9,
            || {
                let mut command = Command::new(env!("CARGO_BIN_EXE_imglock"));
                let status = command.args(arguments).arg(&image).stdout(Stdio::null()).status();
                assert_eq!(status.expect("imglock runs").code(), Some(1));
            },
            || {
                let status = Command::new("lslocks").stdout(Stdio::null()).status();
                assert!(status.expect("lslocks runs").success());
            },
        );
        let what = format!("{LOCKERS} lockers, imglock {}", arguments.join(" "));
        paired::report(&what, "lslocks", &paired, 1, 8.0);
    }
    launcher.end().expect("all gone");
}

//! All 65,536 ordered pairs of claims on OFD locks, beside two bare processes
//! that make the same system calls for them. The first process opens and locks.
//! For each claim, the second process opens, locks, tests, unlocks and closes.
#![expect(unsafe_code, reason = "the floor forks by itself")]

mod paired;

use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use imglock_core::Backend;
use imglock_engine::{
    Arrangement, ClaimPlan, OpenerProcesses, Openers, SessionOptions, StopToken, claim_sweep,
};
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::libc;
use nix::sys::stat::Mode;
use nix::unistd::{ForkResult, fork};

const FLOOR: &str = "IMGLOCK_BENCH_FLOOR";
const ROUNDS: usize = 7;

fn main() {
    imglock_qemu::init();
    if let Some(image) = std::env::var_os(FLOOR) {
        return floor(Path::new(&image));
    }
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let directory = tempfile::tempdir().expect("a directory");
    let image = directory.path().join("disk.img");
    std::fs::write(&image, [0; 512]).expect("an image");
    let plan = ClaimPlan {
        arrangements: vec![Arrangement {
            backend: Backend::Ofd,
            processes: OpenerProcesses::Several,
        }],
        ..ClaimPlan::new(Openers::Two)
    };
    for (lanes, at_most) in [(1, 1.3), (2, 0.8)] {
        let place = directory.path().to_owned();
        let options = SessionOptions { jobs: lanes, ..SessionOptions::new(place, stop.clone()) };
        let paired = paired::measure(
            ROUNDS,
            || {
                let sweep = claim_sweep(&plan, &options, &mut |_| ControlFlow::Continue(()));
                let sweep = sweep.expect("a sweep");
                let differences = &sweep.arrangements[0].first_differences;
                assert!(sweep.complete, "{differences:?}");
                assert_eq!((sweep.cases(), sweep.differences()), (65_536, 0), "{differences:?}");
            },
            || {
                let floor = Command::new("/proc/self/exe").env(FLOOR, &image).status();
                assert!(floor.expect("the floor runs").success());
            },
        );
        let what = format!("65,536 pairs, ofd, {lanes} lane(s)");
        paired::report(&what, "bare calls in two processes", &paired, 1, at_most);
    }
}

/// One process for each of the two openers. Each process signals the other when
/// its turn begins.
fn floor(image: &Path) {
    let (mut holder, mut opener) = UnixStream::pair().expect("a socket pair");
    // SAFETY: this program has one thread here.
    match unsafe { fork() }.expect("a child") {
        ForkResult::Parent { child } => {
            drop(opener);
            for claim in 0..=u8::MAX {
                let (file, granted) = acquire(image, claim);
                assert!(granted, "nobody else has it");
                take_turns(&mut holder);
                drop(file);
            }
            nix::sys::wait::waitpid(child, None).expect("the opener ends");
        }
        ForkResult::Child => {
            drop(holder);
            let mut granted = 0;
            for _ in 0..=u8::MAX {
                opener.read_exact(&mut [0]).expect("the holder's turn ends");
                for claim in 0..=u8::MAX {
                    granted += u32::from(acquire(image, claim).1);
                }
                opener.write_all(&[0]).expect("the holder waits");
            }
            assert_eq!(granted, 81 * 81);
        }
    }
}

fn take_turns(other: &mut UnixStream) {
    other.write_all(&[0]).expect("the other one waits");
    other.read_exact(&mut [0]).expect("its turn ends");
}

/// The lower four bits of a claim are the held permissions, the upper four bits
/// the shared ones.
fn acquire(image: &Path, claim: u8) -> (OwnedFd, bool) {
    let (held, unshared) = (claim & 15, !claim >> 4);
    let access = if held & 0b1110 == 0 { OFlag::O_RDONLY } else { OFlag::O_RDWR };
    let file = open(image, access | OFlag::O_CLOEXEC, Mode::empty()).expect("the image");
    let bytes = |bits: u8, base: i64| {
        (0..4).filter(move |bit| bits & 1 << bit != 0).map(move |bit| base + bit)
    };
    let locked = || bytes(held, 100).chain(bytes(unshared, 200));
    for byte in locked() {
        fcntl(&file, FcntlArg::F_OFD_SETLK(&flock(libc::F_RDLCK, byte))).expect("locked");
    }
    for byte in bytes(held, 200).chain(bytes(unshared, 100)) {
        let mut asked = flock(libc::F_WRLCK, byte);
        fcntl(&file, FcntlArg::F_OFD_GETLK(&mut asked)).expect("tested");
        if i32::from(asked.l_type) != libc::F_UNLCK {
            for byte in locked() {
                fcntl(&file, FcntlArg::F_OFD_SETLK(&flock(libc::F_UNLCK, byte))).expect("unlocked");
            }
            return (file, false);
        }
    }
    (file, true)
}

fn flock(kind: i32, byte: i64) -> libc::flock {
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: byte,
        l_len: 1,
        l_pid: 0,
    }
}

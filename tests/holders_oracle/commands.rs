//! `imglock holders --for MODE` beside `imglock hold --mode MODE`, which really tries, for holders of
//! each kind; also from within a pid namespace of its own.

use std::fs::{File, OpenOptions};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Output};

use imglock_core::{Backend, Mode};
use imglock_locks::{ByteClaims, KernelLocks};

const PROGRAM: &str = env!("CARGO_BIN_EXE_imglock");
const HELD: [Mode; 2] = [Mode::Rw, Mode::ShareRw];
const ASKED: [Mode; 3] = [Mode::Rw, Mode::Ro, Mode::ForceShare];

/// What holds the image in this process.
#[derive(Debug, Clone, Copy)]
enum Held {
    Claim(Backend, Mode),
    Flock,
}

/// What the two commands said differently, and how many pairs were compared.
pub fn compare_at(path: &Path, place: &str, nested: bool) -> (usize, Vec<String>) {
    let claims =
        Backend::ALL.into_iter().flat_map(|backend| HELD.map(|mode| Held::Claim(backend, mode)));
    let (mut pairs, mut wrong) = (0, Vec::new());
    for held in claims.chain([Held::Flock]) {
        let file = OpenOptions::new().read(true).write(true).open(path).expect("the image");
        let mut claim = hold(&file, held);
        for asked in ASKED {
            for inside in [false, true].into_iter().filter(|inside| nested || !inside) {
                let told = run(inside, &["holders", "--for", asked.name()], path);
                let tried = run(inside, &["hold", "--mode", asked.name()], path);
                pairs += 1;
                if told.status.code() != tried.status.code() {
                    let text = String::from_utf8_lossy(&told.stdout).into_owned();
                    let errors = String::from_utf8_lossy(&tried.stderr).into_owned();
                    wrong.push(format!(
                        "{place}, {held:?}, {asked}, in a pid namespace {inside}: holders says\n{text}\
                         hold says {:?}: {errors}",
                        tried.status.code()
                    ));
                }
            }
        }
        // A file server may not notice that the file is closed.
        if let Some((claims, backend)) = &mut claim {
            claims.commit(
                &mut KernelLocks::new(file.as_fd(), *backend),
                imglock_core::Claim::NOTHING,
            );
        }
    }
    (pairs, wrong)
}

fn hold(file: &File, held: Held) -> Option<(ByteClaims, Backend)> {
    match held {
        Held::Claim(backend, mode) => {
            let mut claims = ByteClaims::default();
            claims
                .change(&mut KernelLocks::new(file.as_fd(), backend), mode.claim())
                .expect("nothing conflicts");
            Some((claims, backend))
        }
        Held::Flock => {
            file.lock().expect("nothing conflicts");
            None
        }
    }
}

fn run(nested: bool, arguments: &[&str], path: &Path) -> Output {
    let mut command = match nested {
        true => {
            let mut command = Command::new("unshare");
            command.args(["--pid", "--fork", "--mount-proc", PROGRAM]);
            command
        }
        false => Command::new(PROGRAM),
    };
    command.args(arguments).arg(path);
    if arguments[0] == "hold" {
        command.args(["--", "true"]);
    }
    command.output().expect("it runs")
}

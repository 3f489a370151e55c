//! Asks which processes hold an image, and whether a writer would be refused.
//!
//! ```console
//! $ cargo run --example who_holds --features holders -- disk.img
//! ```
//!
//! It takes no lock. Without an argument it holds a temporary file itself, as a guest would.

use std::error::Error;
use std::path::{Path, PathBuf};

use imglock_locks::{Hold, Locking, Mode, survey, would_grant};

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args_os().nth(1) {
        Some(image) => run(&PathBuf::from(image)),
        None => {
            let image = tempfile::NamedTempFile::new()?;
            let mut guest = Hold::open(image.path(), Mode::Rw.claim(), Locking::Auto)?;
            guest.acquire()?;
            run(image.path())
        }
    }
}

fn run(image: &Path) -> Result<(), Box<dyn Error>> {
    let survey = survey(&[image])?;
    for seen in &survey.images {
        for holder in &seen.holders {
            let modes: Vec<&str> = holder.modes().into_iter().map(Mode::name).collect();
            for process in &holder.processes {
                println!("pid {} {} holds it as {}", process.pid, process.comm, modes.join(" or "));
            }
        }
        let answer = would_grant(seen, Mode::Rw.claim());
        println!("a writer would be {}", if answer.is_granted() { "granted" } else { "refused" });
    }
    Ok(())
}
